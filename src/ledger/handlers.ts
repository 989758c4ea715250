// The ledger's operations: registers, journal, accounts. Stateless; all state is the engine's.
import { ACCOUNTS_MAX, type LEDGER_ROUTES, type LedgerRouteName } from "../api/ledger.ts";
import {
  ACCOUNT_PREFIX,
  accountKey,
  decodeValue,
  encodeValue,
  JOURNAL_PREFIX,
  journalKey,
  registerKey,
} from "../api/ledger-keys.ts";
import type { EngineClient, ReadMode } from "../engines/contract.ts";
import { type EngineCall, callWrite } from "./engine-calls.ts";
import type { Clock } from "../runtime/clock.ts";
import type { ReadinessWatch } from "./readiness-watch.ts";
import { failureReply, refusal, type Reply, replyTo } from "./reply.ts";

type Parsed<R, K extends string> = R extends { readonly [key in K]: { readonly _output: infer T } }
  ? T
  : unknown;
export type Handlers = {
  readonly [Name in LedgerRouteName]: (
    input: {
      readonly params: Parsed<(typeof LEDGER_ROUTES)[Name], "params">;
      readonly query: Parsed<(typeof LEDGER_ROUTES)[Name], "query">;
      readonly body: Parsed<(typeof LEDGER_ROUTES)[Name], "body">;
    },
    signal: AbortSignal,
  ) => Promise<Reply>;
};

export interface HandlerOptions {
  readonly site: string;
  readonly own: EngineClient;
  /** The member of a site by name; null: no such site. */
  readonly replica: (site: string) => EngineClient | null;
  /** "replica" only as a positive control of drills: then reads may be stale, which the judge must notice. */
  readonly readMode: ReadMode;
  readonly watch: ReadinessWatch;
  readonly clock: Clock;
  readonly openApi: unknown;
}

/** A transfer is tried again only after the engine said that nothing was written (see below). */
const TRANSFER_ATTEMPTS_MAX = 3;

export function handlers(options: HandlerOptions): Handlers {
  const { site, own, replica, readMode, watch, clock, openApi } = options;
  const write = <T>(call: EngineCall<T>, wrote: (value: T) => boolean, signal: AbortSignal) =>
    callWrite(call, wrote, signal, watch, clock);
  const always = () => true;

  const reader = (from: string | undefined): { client: EngineClient; mode: ReadMode } | null => {
    if (from === undefined) return { client: own, mode: readMode };
    const client = replica(from);
    return client === null ? null : { client, mode: "replica" };
  };
  const unknownSite = (name: string | undefined) =>
    refusal(400, "UNKNOWN_SITE", `no site ${name} in the plan`, "ask ?from= one of the plan's sites");

  /** Balances of both accounts, or the reply that ends the transfer. */
  const bothBalances = async (from: string, to: string, signal: AbortSignal) => {
    const found: string[] = [];
    for (const name of [from, to]) {
      const read = await own.read(accountKey(name), "linearizable", signal);
      if (read.kind !== "done") return failureReply(definiteRead(read));
      if (read.value.value === null)
        return refusal(404, "ACCOUNT_NOT_FOUND", `no account ${name}`, "PUT /v1/accounts/:name first");
      found.push(read.value.value);
    }
    return found as [string, string];
  };

  const transfer: Handlers["transfer"] = async ({ body: { from, to, amount } }, signal) => {
    if (from === to)
      return refusal(400, "SAME_ACCOUNT", "from and to are the same account", "name two accounts");
    // Both balances are compared and written in one transaction. When the comparison fails the engine has *answered*
    // that it wrote nothing, so reading again and trying again sends a new transaction, not an unknown one a second
    // time. A transaction without an answer ends the request as unknown.
    for (let attempt = 1; attempt <= TRANSFER_ATTEMPTS_MAX; attempt += 1) {
      const stored = await bothBalances(from, to, signal);
      if (!Array.isArray(stored)) return stored;
      const [source, target] = stored.map(Number) as [number, number];
      if (source < amount)
        return refusal(409, "INSUFFICIENT_FUNDS", `${from} holds ${source}`, "transfer less");
      if (!Number.isSafeInteger(target + amount))
        return refusal(409, "BALANCE_TOO_LARGE", `${to} holds ${target}`, "transfer less");
      const changes = [
        { key: accountKey(from), from: stored[0], to: String(source - amount) },
        { key: accountKey(to), from: stored[1], to: String(target + amount) },
      ];
      const moved = await write((wait) => own.compareAndSet(changes, wait), Boolean, signal);
      if (moved.kind !== "done") return failureReply(moved);
      const { term } = moved.value;
      if (moved.value.value) return { status: 200, body: { term }, term };
    }
    return refusal(
      409,
      "TRANSFER_CONFLICT",
      `other transfers changed the accounts ${TRANSFER_ATTEMPTS_MAX} times`,
      "try again later",
    );
  };

  return {
    readRegister: async ({ params, query }, signal) => {
      const by = reader(query.from);
      if (by === null) return unknownSite(query.from);
      return replyTo(await by.client.read(registerKey(params.key), by.mode, signal), (got) => ({
        status: 200,
        body: { value: decodeValue(got.value), term: got.term, position: got.position },
      }));
    },
    writeRegister: async ({ params, body }, signal) =>
      replyTo(
        await write(
          (wait) => own.write(registerKey(params.key), encodeValue(body.value), wait),
          always,
          signal,
        ),
        ({ term }) => ({ status: 200, body: { term } }),
      ),
    compareAndSet: async ({ params, body }, signal) => {
      const from = body.from === null ? null : encodeValue(body.from);
      const change = { key: registerKey(params.key), from, to: encodeValue(body.to) };
      return replyTo(
        await write((wait) => own.compareAndSet([change], wait), Boolean, signal),
        ({ value, term }) => ({ status: 200, body: { swapped: value, term } }),
      );
    },
    appendJournal: async ({ body }, signal) => {
      const change = { key: journalKey(body.id), from: null, to: site };
      return replyTo(
        await write((wait) => own.compareAndSet([change], wait), Boolean, signal),
        ({ value, term }) =>
          value
            ? { status: 201, body: { term } }
            : refusal(409, "JOURNAL_ENTRY_EXISTS", `the journal has ${body.id}`, "append under a new id"),
      );
    },
    listJournal: async ({ query }, signal) => {
      const by = reader(query.from);
      if (by === null) return unknownSite(query.from);
      const page = { mode: by.mode, limit: query.limit, after: query.after ?? null };
      return replyTo(await by.client.list(JOURNAL_PREFIX, page, signal), ({ value, term, position }) => ({
        status: 200,
        body: {
          ids: value.entries.map((entry) => entry.key.slice(JOURNAL_PREFIX.length)),
          next: value.next,
          term,
          position,
        },
      }));
    },
    openAccount: async ({ params, body }, signal) =>
      replyTo(
        await write((wait) => own.write(accountKey(params.name), String(body.balance), wait), always, signal),
        ({ term }) => ({ status: 200, body: { term } }),
      ),
    transfer,
    listAccounts: async ({ query }, signal) => {
      const by = reader(query.from);
      if (by === null) return unknownSite(query.from);
      const page = { mode: by.mode, limit: ACCOUNTS_MAX, after: null };
      return replyTo(await by.client.list(ACCOUNT_PREFIX, page, signal), ({ value, term, position }) => {
        if (value.next !== null)
          // Two pages would not be of one moment.
          return refusal(
            409,
            "TOO_MANY_ACCOUNTS",
            `more than ${ACCOUNTS_MAX} accounts`,
            "use fewer accounts",
          );
        const balances = Object.fromEntries(
          value.entries.map((entry) => [entry.key.slice(ACCOUNT_PREFIX.length), Number(entry.value)]),
        );
        return { status: 200, body: { balances, term, position } };
      });
    },
    live: async () => ({ status: 200, body: { site } }),
    ready: async () => {
      const { able, because, term, evidenceAgeMs } = watch.ability();
      const body = { site, ableToCommit: able, because, epoch: term, evidenceAgeMs };
      return { status: able ? 200 : 503, body, ...(term === null ? {} : { term }) };
    },
    openapi: async () => ({ status: 200, body: openApi }),
  };
}

/** A transfer that only got as far as reading has certainly moved nothing. */
const definiteRead = (read: Parameters<typeof failureReply>[0]): Parameters<typeof failureReply>[0] => ({
  kind: "failed",
  failure: { ...read.failure, definite: true },
});
