// Session guarantees (Terry et al. 1994) of registers whose written values are all different, per key: is there an order
// of the writes that gives each session what it was promised?
//   read-your-writes      what a session reads is its own earlier writes or something later
//   monotonic-reads       what a session reads never goes back
//   monotonic-writes      writes of a session are in its order
//   writes-follow-reads   a write comes after what its session had read before
// The last two say nothing by themselves, because nobody sees an order of writes but through reads that do not go back:
// they are judged together with monotonic-reads. Each demand is an edge between two writes; a circle through two of them can't be ordered.
import type { Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { components, type Graph, pathFinder } from "./cycles.ts";
import { INITIAL } from "./register-operations.ts";
import { type SessionOperation, type Sessions, sessionsOf } from "./session-order.ts";
import { inOrder, operationWords } from "./words.ts";

export const SESSION_MODELS = [
  "read-your-writes",
  "monotonic-reads",
  "monotonic-writes",
  "writes-follow-reads",
] as const;
export type SessionModel = (typeof SESSION_MODELS)[number];
/** All four at once. */
export const SESSIONS = "sessions";

/** What each model demands. */
export const DEMANDS: Readonly<Record<SessionModel | typeof SESSIONS, readonly SessionModel[]>> = {
  "read-your-writes": ["read-your-writes"],
  "monotonic-reads": ["monotonic-reads"],
  "monotonic-writes": ["monotonic-writes", "monotonic-reads"],
  "writes-follow-reads": ["writes-follow-reads", "monotonic-reads"],
  sessions: SESSION_MODELS,
};

interface Building {
  readonly nodes: { count: number };
  readonly from: number[];
  readonly to: number[];
  /** What shows an edge. */
  readonly because: (readonly SessionOperation[])[];
}

function demand(graph: Building, from: number, to: number, ...because: readonly SessionOperation[]): void {
  if (from === to) return;
  graph.from.push(from);
  graph.to.push(to);
  graph.because.push(because);
}

/** A node that stands for "all of these so far": each joins it, and what must follow them all follows it. */
function gather(graph: Building, before: number, joining: number, by: SessionOperation): number {
  const node = graph.nodes.count;
  graph.nodes.count += 1;
  if (before >= 0) demand(graph, before, node);
  demand(graph, joining, node, by);
  return node;
}

/** Demands of one session on one key; its operations in order. Nodes below `values` are the values themselves. */
function sessionDemands(
  graph: Building,
  models: ReadonlySet<SessionModel>,
  operations: readonly SessionOperation[],
): void {
  let written = -1;
  let read = -1;
  let lastWrite: SessionOperation | null = null;
  let lastRead: SessionOperation | null = null;
  for (const operation of operations) {
    if (operation.from >= 0 && operation.certain) {
      if (models.has("read-your-writes") && written >= 0) demand(graph, written, operation.from, operation);
      if (models.has("monotonic-reads") && lastRead !== null)
        demand(graph, lastRead.from, operation.from, lastRead, operation);
      lastRead = operation;
      if (models.has("writes-follow-reads")) read = gather(graph, read, operation.from, operation);
    }
    if (operation.to < 0) continue;
    if (models.has("monotonic-writes") && lastWrite !== null)
      demand(graph, lastWrite.to, operation.to, lastWrite, operation);
    if (models.has("writes-follow-reads") && read >= 0) demand(graph, read, operation.to, operation);
    if (!operation.certain) continue; // it may come at any later time: nothing has to follow it
    lastWrite = operation;
    if (models.has("read-your-writes")) written = gather(graph, written, operation.to, operation);
  }
}

/** A read, before its own session's write, of what that write wrote: no order of writes shows it, so it is looked for. */
function readOfLater(operations: readonly SessionOperation[]): readonly SessionOperation[] | null {
  const readers = new Map<number, SessionOperation>();
  for (const operation of operations) {
    if (operation.to >= 0) {
      const early = readers.get(operation.to);
      if (early !== undefined) return [early, operation];
    }
    if (operation.from >= 0 && operation.certain) readers.set(operation.from, operation);
  }
  return null;
}

interface Circle {
  readonly witness: readonly Operation[];
  readonly reason: string;
}

function circleOf(graph: Building, values: number, byKey: readonly SessionOperation[][]): Circle | null {
  const plain: Graph = { nodes: graph.nodes.count, from: graph.from, to: graph.to };
  const component = components(plain);
  const first = new Map<number, number>();
  for (let value = 0; value < values; value += 1) {
    const number = component[value] as number;
    const other = first.get(number);
    if (other === undefined) {
      first.set(number, value);
      continue;
    }
    const within = (edge: number) =>
      component[plain.from[edge] as number] === number && component[plain.to[edge] as number] === number;
    const paths = pathFinder(plain);
    const edges = [...(paths.find(other, value, within) ?? []), ...(paths.find(value, other, within) ?? [])];
    const shown = new Set(edges.flatMap((edge) => graph.because[edge] ?? []));
    const writers = new Set(
      [...shown].flatMap(({ from, to }) => [from, to]).filter((each) => each > INITIAL),
    );
    const sources = byKey.flat().filter(({ to }) => writers.has(to));
    const told = inOrder([...shown].map(({ source }) => source));
    return {
      witness: inOrder([...sources, ...shown].map(({ source }) => source)),
      reason: `no order of the writes fits: ${told.map(operationWords).join("; ")}`,
    };
  }
  return null;
}

function judgeKey(
  models: ReadonlySet<SessionModel>,
  sessions: readonly SessionOperation[][],
  values: number,
): Circle | null {
  if (models.has("writes-follow-reads"))
    for (const operations of sessions) {
      const early = readOfLater(operations);
      if (early !== null)
        return {
          witness: early.map(({ source }) => source),
          reason: early.map(({ source }) => operationWords(source)).join(" came before "),
        };
    }
  const graph: Building = { nodes: { count: values }, from: [], to: [], because: [] };
  for (let value = INITIAL + 1; value < values; value += 1) demand(graph, INITIAL, value);
  for (const operations of sessions) {
    // A swap replaces what it saw, in every order.
    for (const operation of operations)
      if (operation.from >= 0 && operation.to >= 0) demand(graph, operation.from, operation.to, operation);
    sessionDemands(graph, models, operations);
  }
  return circleOf(graph, values, sessions);
}

export function judgeSessions(
  model: SessionModel | typeof SESSIONS,
  operations: readonly Operation[],
): Verdict {
  const found = sessionsOf(operations);
  const count = found.kind === "sessions" ? found.value : null;
  const statistics = {
    sessions: count?.sessions.length ?? 0,
    keys: count?.keys.length ?? 0,
    operations: count?.operations ?? 0,
  };
  const give = (
    verdict: Verdict["verdict"],
    reason: string,
    witness: readonly Operation[] = [],
  ): Verdict => ({
    model,
    verdict,
    reason,
    witness,
    statistics,
  });
  if (found.kind === "unknown") return give("unknown", found.reason);
  if (found.kind === "invalid") return give("invalid", found.reason, found.witness);
  const { sessions, keys, writers }: Sessions = found.value;
  if (found.value.operations === 0) return give("unknown", "the history holds no operation of a register");
  const models = new Set(DEMANDS[model]);
  const byKey: SessionOperation[][][] = keys.map(() => []);
  for (const session of sessions)
    for (const [key, list] of Map.groupBy(session, (operation) => operation.key))
      (byKey[key] as SessionOperation[][]).push(list);
  for (const [key, lists] of byKey.entries()) {
    const circle = judgeKey(models, lists, writers[key]?.length ?? 1);
    if (circle !== null)
      return give("invalid", `key ${JSON.stringify(keys[key])}: ${circle.reason}`, circle.witness);
  }
  return give("valid", `${[...models].join(", ")} held in ${sessions.length} sessions, per key`);
}
