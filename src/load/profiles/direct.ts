// The engine's own client straight to all members, without front-end and balancer: what a failover costs at the least.
// Each operation goes to one endpoint, in turn among those that are not failing. An endpoint fails from an operation
// without a good answer until it answers again: an operation, or a read that tries it in the background.
import { decodeValue, encodeValue, journalKey, probeKey, registerKey } from "../../api/ledger-keys.ts";
import type { Outcome } from "../../domain/outcome.ts";
import type { Answer, EngineClient } from "../../engines/contract.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { ClientProfile, Request, Result } from "../client.ts";

const RETRY_MS = 100;
const RETRY_TIMEOUT_MS = 500;

export interface Endpoint {
  readonly site: string;
  readonly client: EngineClient;
}

interface State extends Endpoint {
  failing: boolean;
  /** When the latest operation with a good answer was sent: one sent earlier that ends badly later says nothing new. */
  goodSentMs: number;
}

function note(state: State, good: boolean, sentMs: number): void {
  if (good) state.goodSentMs = Math.max(state.goodSentMs, sentMs);
  if (good || sentMs >= state.goodSentMs) state.failing = !good;
}

type Told = Outcome<Answer<unknown>>;

function call(client: EngineClient, request: Request, signal: AbortSignal): Promise<Told> {
  switch (request.op) {
    case "append":
      return client.compareAndSet([{ key: journalKey(request.id), from: null, to: "direct" }], signal);
    case "write":
      return client.write(registerKey(request.key), encodeValue(request.value), signal);
    case "read":
      return client.read(registerKey(request.key), "linearizable", signal);
    case "cas": {
      const from = request.from === null ? null : encodeValue(request.from);
      return client.compareAndSet(
        [{ key: registerKey(request.key), from, to: encodeValue(request.to) }],
        signal,
      );
    }
    default:
      return request satisfies never;
  }
}

export function resultOf(op: Request["op"], told: Told, late: boolean, site: string): Result {
  if (told.kind !== "done") {
    // A read changes nothing, but a client that gave up did not learn anything either.
    const unknown = told.kind === "unknown" || (op === "read" && late);
    return { outcome: unknown ? "unknown" : "fail", error: late ? "DEADLINE" : told.failure.code, site };
  }
  const { value, term: epoch } = told.value;
  switch (op) {
    case "append":
      return value === true
        ? { outcome: "ok", epoch, site }
        : { outcome: "fail", error: "JOURNAL_ENTRY_EXISTS", epoch, site };
    case "write":
      return { outcome: "ok", epoch, site };
    case "read":
      return { outcome: "ok", output: decodeValue(value as string | null), epoch, site };
    case "cas":
      return { outcome: "ok", output: value, epoch, site };
    default:
      return op satisfies never;
  }
}

export function startDirectProfile(endpoints: readonly Endpoint[], clock: Clock): ClientProfile {
  const states: State[] = endpoints.map((endpoint) => ({ ...endpoint, failing: false, goodSentMs: 0 }));
  const stopping = new AbortController();
  let turn = 0;

  const choose = (): State => {
    const good = states.filter((state) => !state.failing);
    const among = good.length > 0 ? good : states;
    turn += 1;
    const chosen = among[turn % among.length];
    if (chosen === undefined) throw new RangeError("the direct profile needs an endpoint");
    return chosen;
  };

  /** One operation at a time tries a failing endpoint again. */
  const retry = async (state: State) => {
    while (!stopping.signal.aborted) {
      await clock.sleep(RETRY_MS, stopping.signal);
      if (!state.failing) continue;
      const sentMs = clock.nowMs();
      const wait = new AbortController();
      const timer = setTimeout(() => wait.abort(), RETRY_TIMEOUT_MS);
      const signal = AbortSignal.any([wait.signal, stopping.signal]);
      const told = await state.client.read(probeKey(state.site), "linearizable", signal);
      clearTimeout(timer);
      if (told.kind === "done") note(state, true, sentMs);
    }
  };
  const retries = Promise.all(states.map(retry));

  return {
    async send(request, deadlineAtMs) {
      const state = choose();
      const sentMs = clock.nowMs();
      const wait = new AbortController();
      const timer = setTimeout(() => wait.abort(), Math.max(0, deadlineAtMs - clock.nowMs()));
      const told = await call(state.client, request, wait.signal);
      clearTimeout(timer);
      note(state, told.kind === "done", sentMs);
      return resultOf(request.op, told, wait.signal.aborted, state.site);
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await retries;
    },
  };
}
