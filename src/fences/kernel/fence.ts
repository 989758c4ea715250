// The kernel's fence: nftables rules, policy routing, and datagrams that the rules turn into a lease. Changes are carried out
// one after the other; each is one transaction. Once it is installed it needs nobody: without tickets and confirms it closes.
import { done, OutlastError, type Outcome, type Reading } from "../../domain/outcome.ts";
import type { NetworkTools } from "../../linux/network-tools.ts";
import { applyScript, listTable, type NftSession, startNftSession } from "../../linux/nftables.ts";
import { setSysctl } from "../../linux/sysctl.ts";
import type { Clock } from "../../runtime/clock.ts";
import { inTurn } from "../../runtime/in-turn.ts";
import { run, runOk } from "../../runtime/process.ts";
import type { Fence, FenceEvidence, FenceTimings } from "../contract.ts";
import { failed, startDatagrams } from "./datagrams.ts";
import { leavesOpen } from "./leaves-open.ts";
import { epochMark, readsMark } from "./marks.ts";
import { parseEvidence } from "./parse-evidence.ts";
import { FENCE_SYSCTLS, fenceRouting, LOCAL_FIRST } from "./routing.ts";
import { changeRules, fenceRules, fenceTable, letReadsPass, removeRules } from "./rules.ts";
import type { FenceSpec, FenceState } from "./spec.ts";

export interface KernelFenceOptions {
  readonly spec: FenceSpec;
  readonly tools: NetworkTools;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Positive control of drills only: every command for nft passes through it. A planted mistake has to be noticed. */
  readonly sabotage?: (commands: string) => string;
}

const IP_TIMEOUT_MS = 10_000;

/** Installs it, closed. Throws PROGRAM_FAILED, SYSCTL_FAILED or FENCE_ROUTING_TAKEN; then there is no way to the engine. */
export async function startKernelFence(options: KernelFenceOptions): Promise<Fence> {
  const { spec, tools, clock, sabotage = (commands) => commands } = options;
  const table = fenceTable(spec);
  let state: FenceState = { epoch: null, reads: null, timings: spec.timings };
  await applyScript(tools, sabotage(fenceRules(spec, state)), options.signal);
  for (const [name, value] of Object.entries(FENCE_SYSCTLS)) await setSysctl(name, value);
  await installRouting(tools, spec, options.signal);

  const stack = new AsyncDisposableStack();
  const datagrams = stack.use(startDatagrams());
  const session: NftSession = stack.use(await startNftSession(tools));
  /** As nft prints it; compared by audits. Elements and counters, which live, are not part of it. */
  const printed = () => listTable(tools, table, undefined, { family: "inet", elements: false });
  let expected = await printed();

  const queue = inTurn();
  const oneAtATime = <T>(act: () => Promise<Outcome<T>>) => queue(() => attempt(act, table));
  const transact = (commands: readonly string[], signal?: AbortSignal) =>
    session.transact(
      commands.map((command) => sabotage(command)).filter((command) => command !== ""),
      signal,
    );
  const change = (wanted: Partial<FenceState>, signal?: AbortSignal) =>
    oneAtATime(async () => {
      const next = { ...state, ...wanted };
      await transact(changeRules(spec, state, next), signal);
      state = next;
      expected = await printed();
      return done(undefined);
    });

  const missing = (): Outcome =>
    failed({
      code: "FENCE_MISSING",
      what: "the rules of the fence are gone; the engine can't be reached any more",
      where: `nftables table inet ${table}`,
      next: "stop the engine, find out who flushed the rules, then start the agent again",
    });

  return {
    kind: "kernel",
    leavesOpen: leavesOpen(spec),
    beginEpoch: async (epoch, signal) => {
      epochMark(epoch);
      return epoch === state.epoch ? done(undefined) : change({ epoch }, signal);
    },
    ticket: async (nonce) => {
      const sent = await datagrams.send(spec.ports.ticket, checkedNonce(nonce), state.epoch ?? 0);
      return told(
        sent,
        "FENCE_TICKET_REFUSED",
        "the ticket was refused: no epoch has begun, or not by this user",
        table,
      );
    },
    confirm: async (nonce, epoch) => {
      const sent = await datagrams.send(spec.ports.confirm, checkedNonce(nonce), epochMark(epoch));
      return told(
        sent,
        "FENCE_CONFIRM_REFUSED",
        `the confirm came too late, or epoch ${epoch} is not the one that has begun`,
        table,
      );
    },
    close: (signal) => change({ epoch: null }, signal),
    setTimings: (timings: FenceTimings, signal) => change({ timings }, signal),
    allowReads: (generation, lifeMs, signal) => {
      readsMark(generation);
      return oneAtATime(async () => {
        const next = { ...state, reads: generation };
        const newcomer = state.reads === generation ? [] : changeRules(spec, state, next);
        await transact([...newcomer, ...letReadsPass(spec, generation, lifeMs)], signal);
        state = next;
        if (newcomer.length > 0) expected = await printed();
        return done(undefined);
      });
    },
    endReads: (signal) => change({ reads: null }, signal),
    check: async () => {
      const sent = await datagrams.send(spec.ports.confirm, 0, state.epoch ?? 0);
      return sent === "passed" ? missing() : told(sent === "refused" ? "passed" : sent, "", "", table);
    },
    audit: (signal) =>
      oneAtATime(async () => {
        const now = await listTable(tools, table, signal, { family: "inet", elements: false });
        if (now === null) return missing();
        if (now === expected) return done(undefined);
        return failed({
          code: "FENCE_CHANGED",
          what: "somebody else changed the rules of the fence",
          where: `nftables table inet ${table}`,
          next: "stop the engine, look at 'nft list ruleset', then start the agent again",
        });
      }),
    observe: async (signal): Promise<Reading<FenceEvidence>> => {
      const atMs = clock.nowMs();
      const text = await attempt(
        async () => done(await listTable(tools, table, signal, { family: "inet", elements: true })),
        table,
      );
      if (text.kind !== "done") return { kind: "unknown", reason: text.failure.what, sinceMs: atMs };
      if (text.value === null)
        return { kind: "unknown", reason: `there is no table ${table}`, sinceMs: atMs };
      return { kind: "known", value: parseEvidence(text.value), atMs };
    },
    remove: (signal) =>
      oneAtATime(async () => {
        await removeRouting(tools, spec, signal);
        await applyScript(tools, removeRules(spec), signal);
        state = { ...state, epoch: null, reads: null };
        return done(undefined);
      }),
    [Symbol.asyncDispose]: async () => {
      await queue(async () => undefined); // what was asked before
      await stack.disposeAsync();
    },
  };
}

function checkedNonce(nonce: number): number {
  if (!Number.isInteger(nonce) || nonce < 1 || nonce > 0xffffffff)
    throw new RangeError(`not a nonce: ${nonce}`);
  return nonce;
}

function told(
  sent: "passed" | "refused" | { readonly error: Error },
  code: string,
  what: string,
  table: string,
): Outcome {
  if (sent === "passed") return done(undefined);
  const where = `nftables table inet ${table}`;
  if (sent === "refused") return failed({ code, what, where, next: "renew the lease with a fresh ticket" });
  return {
    kind: "unknown",
    failure: {
      code: "FENCE_DATAGRAM_NOT_SENT",
      definite: false,
      what: sent.error.message,
      where,
      next: "see that the loopback device of this network namespace is up",
      cause: sent.error,
    },
  };
}

async function attempt<T>(act: () => Promise<Outcome<T>>, table: string): Promise<Outcome<T>> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof OutlastError)
      return { kind: error.failure.definite ? "failed" : "unknown", failure: error.failure };
    throw error instanceof Error ? error : new Error(`fence ${table}: ${String(error)}`);
  }
}

async function installRouting(tools: NetworkTools, spec: FenceSpec, signal?: AbortSignal): Promise<void> {
  const { addresses, rules } = fenceRouting(spec);
  for (const family of new Set(rules.map((rule) => rule.family))) {
    const printed = (await ip(tools, [family, "rule", "show"], "", signal)).split("\n");
    const at = (priority: number) => printed.find((line) => line.startsWith(`${priority}:`)) ?? "";
    const commands: string[] = [];
    for (const rule of rules.filter((each) => each.family === family)) {
      const there = at(rule.priority);
      if (there === "") commands.push(`rule add priority ${rule.priority} ${rule.which.join(" ")}`);
      else if (!isRule(there, rule.which))
        throw new OutlastError({
          code: "FENCE_ROUTING_TAKEN",
          definite: true,
          what: `routing rule ${rule.priority} belongs to somebody else: ${there}`,
          where: `ip ${family} rule`,
          next: "give the fence another routing priority",
        });
    }
    if (at(0) !== "") commands.push("rule del priority 0 lookup local");
    for (const each of addresses) if (each.family === family) commands.push(each.words.join(" "));
    await ip(tools, [family, "-batch", "-"], commands.join("\n"), signal);
  }
}

/** By what it does: ip prints the conditions in an order of its own. */
const isRule = (printed: string, which: readonly string[]): boolean =>
  ["blackhole", "lookup"].every((word) => printed.includes(word) === which.includes(word)) &&
  (which[0] !== "to" || `${printed} `.includes(` ${which[1]} `));

/** The address first: then there is no way to it that a missing rule could open. What is gone already is no error. */
async function removeRouting(tools: NetworkTools, spec: FenceSpec, signal?: AbortSignal): Promise<void> {
  const { addresses, rules } = fenceRouting(spec);
  for (const family of new Set(rules.map((rule) => rule.family))) {
    const commands = [
      ...addresses
        .filter((each) => each.family === family)
        .map(({ words }) => `address del ${words[2]} dev lo`),
      `rule add priority 0 ${LOCAL_FIRST.join(" ")}`,
      ...rules
        .filter((each) => each.family === family)
        .map(({ priority }) => `rule del priority ${priority}`),
    ];
    const waiting = { timeoutMs: IP_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
    await run([tools.ip, family, "-force", "-batch", "-"], { ...waiting, input: commands.join("\n") });
  }
}

async function ip(
  tools: NetworkTools,
  words: readonly string[],
  input: string,
  signal?: AbortSignal,
): Promise<string> {
  const waiting = { timeoutMs: IP_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
  return (await runOk([tools.ip, ...words], { ...waiting, input })).stdout;
}
