// Causal consistency (the variant CC of Bouajjani et al., POPL 2017, "On verifying causal consistency") of registers
// whose written values are all different, over all keys. Causality is session order and who-read-what, transitively; a
// history is CC if and only if it has none of four patterns: a circle in causality; a read of a value that nobody wrote;
// a read of the initial value after a write of its key in its causal past; a read of a value that another write of the
// key, later in its causal past, has overwritten. CCv (causal convergence: one order of all operations for everybody) has
// a fifth: a circle of causality and conflicts, where a write conflicts with the one that a reader saw instead of it.
import type { Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { components, type Graph, pathFinder } from "./cycles.ts";
import { INITIAL } from "./register-operations.ts";
import { type SessionOperation, sessionsOf } from "./session-order.ts";
import { inOrder, operationWords } from "./words.ts";

export const CAUSAL = "causal";
export const CAUSAL_CONVERGENCE = "causal-convergence";

/** Entries of all clocks together: 4 bytes each. */
const CLOCKS_MAX = 100_000_000;

interface Placed {
  readonly operation: SessionOperation;
  /** A chain is a session, or one unknown write: nothing has to come after that in its session. */
  readonly chain: number;
  readonly place: number;
  /** Node of the operation of the session that comes directly before; -1: none. */
  readonly before: number;
}

function place(sessions: readonly (readonly SessionOperation[])[]): { placed: Placed[]; chains: number } {
  const placed: Placed[] = [];
  let chains = 0;
  for (const session of sessions) {
    const own = chains;
    chains += 1;
    let count = 0;
    let before = -1;
    for (const operation of session) {
      if (operation.certain) {
        placed.push({ operation, chain: own, place: count, before });
        before = placed.length - 1;
        count += 1;
      } else {
        placed.push({ operation, chain: chains, place: 0, before });
        chains += 1;
      }
    }
  }
  return { placed, chains };
}

const words = (node: Placed) => operationWords(node.operation.source);

/** Nodes in an order in which each comes after its causes; those on a circle are left out. */
function topological(graph: Graph): number[] {
  const waits = new Int32Array(graph.nodes);
  const out: number[][] = Array.from({ length: graph.nodes }, () => []);
  for (let edge = 0; edge < graph.from.length; edge += 1) {
    const to = graph.to[edge] as number;
    waits[to] = (waits[to] as number) + 1;
    (out[graph.from[edge] as number] as number[]).push(to);
  }
  const order: number[] = [];
  for (let node = 0; node < graph.nodes; node += 1) if (waits[node] === 0) order.push(node);
  for (const node of order)
    for (const to of out[node] as number[]) {
      waits[to] = (waits[to] as number) - 1;
      if (waits[to] === 0) order.push(to);
    }
  return order;
}

interface Found {
  readonly reason: string;
  readonly witness: readonly Placed[];
}

function circle(graph: Graph, placed: readonly Placed[]): Found {
  const component = components(graph);
  let edge = 0;
  while (component[graph.from[edge] as number] !== component[graph.to[edge] as number]) edge += 1;
  const back = pathFinder(graph).find(graph.to[edge] as number, graph.from[edge] as number) ?? [];
  const nodes = [edge, ...back].map((each) => placed[graph.from[each] as number] as Placed);
  return { reason: `these are each other's cause: ${nodes.map(words).join(" → ")}`, witness: nodes };
}

export const judgeCausal = (operations: readonly Operation[]): Verdict => judge(CAUSAL, operations);
export const judgeCausalConvergence = (operations: readonly Operation[]): Verdict =>
  judge(CAUSAL_CONVERGENCE, operations);

function judge(model: typeof CAUSAL | typeof CAUSAL_CONVERGENCE, operations: readonly Operation[]): Verdict {
  const sessions = sessionsOf(operations);
  const give = (
    verdict: Verdict["verdict"],
    reason: string,
    witness: readonly Operation[] = [],
    statistics = {},
  ): Verdict => ({
    model,
    verdict,
    reason,
    witness: inOrder(witness),
    statistics,
  });
  if (sessions.kind === "unknown") return give("unknown", sessions.reason);
  if (sessions.kind === "invalid") return give("invalid", sessions.reason, sessions.witness);
  const { placed, chains } = place(sessions.value.sessions);
  const statistics = {
    operations: placed.length,
    sessions: sessions.value.sessions.length,
    keys: sessions.value.keys.length,
  };
  if (placed.length === 0) return give("unknown", "the history holds no operation of a register");
  const found = judgePlaced(placed, chains, model === CAUSAL_CONVERGENCE);
  if (found === "too-large")
    return give(
      "unknown",
      `${placed.length} operations in ${chains} chains are beyond the limit of ${CLOCKS_MAX} clock entries`,
      [],
      statistics,
    );
  if (found !== null)
    return give(
      "invalid",
      found.reason,
      found.witness.map(({ operation }) => operation.source),
      statistics,
    );
  return give(
    "valid",
    `causally consistent (${model === CAUSAL ? "CC" : "CCv"}): ${placed.length} operations in ${statistics.sessions} sessions`,
    [],
    statistics,
  );
}

const readsFrom = (writer: Placed, reader: Placed): boolean =>
  writer.operation.to >= 0 &&
  writer.operation.key === reader.operation.key &&
  writer.operation.to === reader.operation.from;

/** Of these edges of causality the ends of those that are no session order: a session needs only its first and last. */
const told = (graph: Graph, edges: readonly number[], placed: readonly Placed[]): Placed[] =>
  edges
    .map((edge) =>
      [graph.from[edge] as number, graph.to[edge] as number].map((node) => placed[node] as Placed),
    )
    .filter(([writer, reader]) => readsFrom(writer as Placed, reader as Placed))
    .flat();

function judgePlaced(
  placed: readonly Placed[],
  chains: number,
  convergence: boolean,
): Found | "too-large" | null {
  const writerOf = new Map<string, number>();
  placed.forEach(({ operation: { key, to } }, node) => {
    if (to >= 0) writerOf.set(`${key} ${to}`, node);
  });
  const from: number[] = [];
  const to: number[] = [];
  placed.forEach((each, node) => {
    const source =
      each.operation.from < 0 ? undefined : writerOf.get(`${each.operation.key} ${each.operation.from}`);
    for (const cause of [each.before, source ?? -1]) {
      if (cause < 0) continue;
      from.push(cause);
      to.push(node);
    }
  });
  const graph: Graph = { nodes: placed.length, from, to };
  const order = topological(graph);
  if (order.length < placed.length) return circle(graph, placed);
  if (placed.length * chains > CLOCKS_MAX) return "too-large";
  const clocks = clocksOf(placed, chains, order, writerOf);
  const writes = writesByKey(placed);
  const paths = pathFinder(graph);
  const causes = (a: number, b: number) => told(graph, paths.find(a, b) ?? [], placed);
  const conflicts = { from: [...from], to: [...to], reader: from.map(() => -1) };
  for (const node of order) {
    const reader = placed[node] as Placed;
    if (reader.operation.from < 0) continue;
    const source = writerOf.get(`${reader.operation.key} ${reader.operation.from}`);
    for (const { chain, nodes } of writes.get(reader.operation.key) ?? []) {
      const known = clocks[node * chains + chain] as number;
      const latest = latestBefore(nodes, placed, chain === reader.chain ? reader.place : known);
      if (latest === null || latest === source) continue;
      const between = placed[latest] as Placed;
      if (reader.operation.from === INITIAL)
        return {
          reason: `${words(reader)} still saw the initial value, though ${words(between)} is in its causal past`,
          witness: [between, ...causes(latest, node), reader],
        };
      const writer = placed[source as number] as Placed;
      if ((clocks[latest * chains + writer.chain] as number) > writer.place)
        return {
          reason: `${words(reader)} saw what ${words(writer)} wrote, but ${words(between)} came causally after that and before the read`,
          witness: [writer, ...causes(source as number, latest), between, ...causes(latest, node), reader],
        };
      conflicts.from.push(latest);
      conflicts.to.push(source as number);
      conflicts.reader.push(node);
    }
  }
  return convergence ? conflictCircle(conflicts, placed, causes) : null;
}

/** A circle of causality and conflicts: who saw one write instead of another, and who the other instead of the one. */
function conflictCircle(
  { from, to, reader }: { from: readonly number[]; to: readonly number[]; reader: readonly number[] },
  placed: readonly Placed[],
  causes: (a: number, b: number) => readonly Placed[],
): Found | null {
  const graph: Graph = { nodes: placed.length, from, to };
  const component = components(graph);
  const edge = reader.findIndex(
    (by, each) => by >= 0 && component[from[each] as number] === component[to[each] as number],
  );
  if (edge < 0) return null;
  const back = pathFinder(graph).find(to[edge] as number, from[edge] as number) ?? [];
  const at = (node: number) => placed[node] as Placed;
  const circle = [edge, ...back];
  const seen = circle.flatMap((each) => {
    const by = reader[each] as number;
    return by < 0 ? [] : [{ by, instead: from[each] as number, source: to[each] as number }];
  });
  return {
    reason: `no one order of the writes fits all: ${seen
      .map(
        ({ by, instead, source }) =>
          `${words(at(by))} shows ${words(at(instead))} before ${words(at(source))}`,
      )
      .join("; ")}`,
    witness: [
      ...told(
        graph,
        circle.filter((each) => (reader[each] as number) < 0),
        placed,
      ),
      ...seen.flatMap(({ by, instead, source }) => [at(instead), ...causes(instead, by), at(by), at(source)]),
    ],
  };
}

/** clocks[n × chains + c]: how many operations of chain c are n or in its causal past. */
function clocksOf(
  placed: readonly Placed[],
  chains: number,
  order: readonly number[],
  writerOf: ReadonlyMap<string, number>,
): Int32Array {
  const clocks = new Int32Array(placed.length * chains);
  for (const node of order) {
    const { operation, chain, place: at, before } = placed[node] as Placed;
    const source = operation.from < 0 ? undefined : writerOf.get(`${operation.key} ${operation.from}`);
    for (const cause of [before, source ?? -1]) {
      if (cause < 0) continue;
      for (let each = 0; each < chains; each += 1) {
        const known = clocks[cause * chains + each] as number;
        if (known > (clocks[node * chains + each] as number)) clocks[node * chains + each] = known;
      }
    }
    clocks[node * chains + chain] = Math.max(clocks[node * chains + chain] as number, at + 1);
  }
  return clocks;
}

interface ChainWrites {
  readonly chain: number;
  /** Of one key, in the chain's order. */
  readonly nodes: readonly number[];
}

function writesByKey(placed: readonly Placed[]): Map<number, ChainWrites[]> {
  const byKey = new Map<number, Map<number, number[]>>();
  placed.forEach(({ operation, chain }, node) => {
    if (operation.to < 0) return;
    const chainsOf = byKey.get(operation.key) ?? new Map<number, number[]>();
    byKey.set(operation.key, chainsOf);
    const nodes = chainsOf.get(chain) ?? [];
    chainsOf.set(chain, nodes);
    nodes.push(node);
  });
  return new Map(
    [...byKey].map(([key, chainsOf]) => [key, [...chainsOf].map(([chain, nodes]) => ({ chain, nodes }))]),
  );
}

/** The last of these writes whose place in its chain is below `limit`. */
function latestBefore(nodes: readonly number[], placed: readonly Placed[], limit: number): number | null {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((placed[nodes[middle] as number]?.place ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return nodes[low - 1] ?? null;
}
