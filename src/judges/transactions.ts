// Isolation of transactions, after Elle: named anomalies, each with one short cycle, and the levels they rule out. `valid`
// means that no anomaly is among the dependencies that could be inferred; the statistics say how many that were.
import type { Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { components, type Graph, pathFinder } from "./cycles.ts";
import {
  type Anomaly,
  type Dependencies,
  EDGES,
  type EdgeKind,
  inferDependencies,
} from "./transaction-graph.ts";
import { readTransactions, type TransactionLog } from "./transaction-log.ts";
import { inOrder, milliseconds } from "./words.ts";

export const TRANSACTIONS = "transactions";

export const ISOLATION_LEVELS = [
  "read-uncommitted",
  "read-committed",
  "snapshot-isolation",
  "repeatable-read",
  "serializable",
  "strong-session-serializable",
  "strict-serializable",
] as const;
export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];

const FROM_SERIALIZABLE: readonly IsolationLevel[] = [
  "serializable",
  "strong-session-serializable",
  "strict-serializable",
];
const FROM_SNAPSHOT: readonly IsolationLevel[] = [
  "snapshot-isolation",
  "repeatable-read",
  ...FROM_SERIALIZABLE,
];

/** The levels that an anomaly rules out (Adya 1999; time variants only the levels that speak of time). */
function ruledOutBy(name: string): readonly IsolationLevel[] {
  if (name.endsWith("-realtime")) return ["strict-serializable"];
  if (name.endsWith("-process")) return ["strong-session-serializable", "strict-serializable"];
  switch (name) {
    case "G1a":
    case "G1b":
    case "G1c":
      return ["read-committed", ...FROM_SNAPSHOT];
    case "lost-update":
    case "G-single":
      return FROM_SNAPSHOT;
    case "G2-item":
      return ["repeatable-read", ...FROM_SERIALIZABLE];
    default:
      return ISOLATION_LEVELS; // G0, and what no order of anything explains
  }
}

type Times = "" | "-process" | "-realtime";
/** How many read-write edges the cycle has. */
type Shape = "G0" | "G1c" | "G-single" | "G2-item";

const DATA: Readonly<Record<Shape, readonly EdgeKind[]>> = {
  G0: ["ww"],
  G1c: ["ww", "wr"],
  "G-single": ["ww", "wr"],
  "G2-item": ["ww", "wr", "rw"],
};
const TIME: Readonly<Record<Times, readonly EdgeKind[]>> = {
  "": [],
  "-process": ["process"],
  "-realtime": ["process", "realtime"],
};
/** Edges of the kind that gives a shape its name from which a way back is looked for. */
const TRIES_MAX = 2_000;

const kindOf = ({ kind }: Dependencies, edge: number): EdgeKind => EDGES[kind[edge] as number] as EdgeKind;

function subgraph(all: Dependencies, may: (kind: EdgeKind) => boolean): { graph: Graph; edges: number[] } {
  const { nodes, from, to, kind } = all;
  const edges: number[] = [];
  for (let edge = 0; edge < kind.length; edge += 1) if (may(kindOf(all, edge))) edges.push(edge);
  return {
    edges,
    graph: {
      nodes,
      from: Int32Array.from(edges, (edge) => from[edge] as number),
      to: Int32Array.from(edges, (edge) => to[edge] as number),
    },
  };
}

/** Edges of a short cycle of this shape; null when none is found. */
function cycleOf(all: Dependencies, shape: Shape, times: Times): number[] | null {
  const needed: EdgeKind = shape === "G0" ? "ww" : shape === "G1c" ? "wr" : "rw";
  const back = new Set<EdgeKind>([...DATA[shape], ...TIME[times]]);
  const { graph, edges } = subgraph(all, (kind) => back.has(kind) || kind === needed);
  const component = components(graph);
  const path = pathFinder(graph);
  let best: number[] | null = null;
  let tries = 0;
  for (let at = 0; at < edges.length && tries < TRIES_MAX; at += 1) {
    const edge = edges[at] as number;
    const [source, target] = [graph.from[at] as number, graph.to[at] as number];
    if (kindOf(all, edge) !== needed || component[source] !== component[target]) continue;
    tries += 1;
    const within = (other: number) =>
      component[graph.to[other] as number] === component[source] &&
      back.has(kindOf(all, edges[other] as number));
    const way = path(target, source, within);
    if (way === null || (best !== null && way.length + 1 >= best.length)) continue;
    const cycle = [edge, ...way.map((other) => edges[other] as number)];
    if (shape === "G2-item" && cycle.filter((each) => kindOf(all, each) === "rw").length < 2) continue;
    best = cycle;
    if (best.length === 2) break;
  }
  return best;
}

/** Any cycle of this graph, which has one: for what the bounded search for short ones of each shape has missed. */
function anyCycle(all: Dependencies): { name: string; cycle: number[] } {
  const { graph, edges } = subgraph(all, () => true);
  const component = components(graph);
  const within = (edge: number) =>
    component[graph.from[edge] as number] === component[graph.to[edge] as number];
  const first = edges.findIndex((_, edge) => within(edge));
  const back = pathFinder(graph)(graph.to[first] as number, graph.from[first] as number, within) ?? [];
  const cycle = [first, ...back].map((edge) => edges[edge] as number);
  const kinds = cycle.map((edge) => kindOf(all, edge));
  const against = kinds.filter((kind) => kind === "rw").length;
  const shape = against > 1 ? "G2-item" : against === 1 ? "G-single" : kinds.includes("wr") ? "G1c" : "G0";
  const times = kinds.includes("realtime") ? "-realtime" : kinds.includes("process") ? "-process" : "";
  return { name: `${shape}${times}`, cycle };
}

const nameOf = (operation: Operation): string =>
  `T(process ${operation.process}, ${milliseconds(operation.invoked)})`;

function cycleAnomaly(
  name: string,
  cycle: readonly number[],
  all: Dependencies,
  log: TransactionLog,
): Anomaly {
  const sourceOf = (node: number) => log.transactions[node];
  const parts = cycle.flatMap((edge): string[] => {
    const a = sourceOf(all.from[edge] as number);
    const b = sourceOf(all.to[edge] as number);
    const kind = kindOf(all, edge);
    const key = log.keys[all.key[edge] as number]?.name ?? "";
    if (a === undefined) return []; // the second half of an edge over a node that stands for many
    if (b === undefined) return [`${nameOf(a)} read ${key} before anyone had written it`];
    switch (kind) {
      case "ww":
        return [`${nameOf(a)} wrote ${key} before ${nameOf(b)} did`];
      case "wr":
        return [`${nameOf(b)} read ${key} as ${nameOf(a)} wrote it`];
      case "rw":
        return [`${nameOf(a)} read ${key} as it was before ${nameOf(b)} wrote it`];
      case "process":
        return [`${nameOf(a)} came before ${nameOf(b)} in its session`];
      case "realtime":
        return [`${nameOf(a)} was over before ${nameOf(b)} began`];
      default:
        return kind satisfies never;
    }
  });
  const nodes = cycle
    .map((edge) => sourceOf(all.from[edge] as number))
    .filter((source) => source !== undefined);
  return { name, reason: parts.join("; "), transactions: nodes };
}

function cycleAnomalies(all: Dependencies, log: TransactionLog): Anomaly[] {
  const component = components(all);
  const sizes = new Int32Array(all.nodes);
  for (const number of component) sizes[number] = (sizes[number] as number) + 1;
  if (sizes.every((size) => size <= 1)) return [];
  // Only what lies on some cycle is of interest from here on.
  const inner: number[] = [];
  for (let edge = 0; edge < all.kind.length; edge += 1)
    if (component[all.from[edge] as number] === component[all.to[edge] as number]) inner.push(edge);
  const kept: Dependencies = {
    nodes: all.nodes,
    from: Int32Array.from(inner, (edge) => all.from[edge] as number),
    to: Int32Array.from(inner, (edge) => all.to[edge] as number),
    kind: Uint8Array.from(inner, (edge) => all.kind[edge] as number),
    key: Int32Array.from(inner, (edge) => all.key[edge] as number),
  };
  const found: Anomaly[] = [];
  for (const shape of ["G0", "G1c", "G-single", "G2-item"] as const)
    for (const times of ["", "-process", "-realtime"] as const) {
      const cycle = cycleOf(kept, shape, times);
      if (cycle === null) continue;
      found.push(cycleAnomaly(`${shape}${times}`, cycle, kept, log));
      break; // a cycle that needs no time is the stronger finding
    }
  if (found.length === 0) {
    const { name, cycle } = anyCycle(kept);
    found.push(cycleAnomaly(name, cycle, kept, log));
  }
  return found;
}

const WITNESS_MAX = 20;

export const judgeTransactions = (
  operations: readonly Operation[],
  expected: IsolationLevel,
  uncertaintyNs = 0,
): Verdict => judgeTransactionLog(readTransactions(operations), expected, uncertaintyNs);

export function judgeTransactionLog(
  log: TransactionLog,
  expected: IsolationLevel,
  uncertaintyNs: number,
): Verdict {
  const give = (
    verdict: Verdict["verdict"],
    reason: string,
    witness: readonly Operation[],
    statistics: Record<string, number>,
  ): Verdict => ({
    model: TRANSACTIONS,
    verdict,
    reason,
    witness: inOrder(witness),
    statistics,
  });
  if (log.unreadable !== null)
    return give("unknown", "a transaction's steps are not [append|w|r, key, value]", [log.unreadable], {});
  if (log.transactions.length === 0) return give("unknown", "the history holds no transaction", [], {});
  const { dependencies, anomalies, coverage } = inferDependencies(log, uncertaintyNs);
  const all = [...anomalies, ...cycleAnomalies(dependencies, log)];
  const names = [...new Set(all.map(({ name }) => name))];
  const statistics: Record<string, number> = {
    transactions: log.transactions.length,
    edges: dependencies.kind.length,
    ...coverage,
  };
  for (const name of names) statistics[name] = all.filter((anomaly) => anomaly.name === name).length;
  // A cycle of anti-dependencies on items is one of anti-dependencies at all: G2 is the wider name (Adya 1999).
  for (const name of names)
    if (name.startsWith("G2-item")) statistics[name.replace("-item", "")] = statistics[name] ?? 0;
  const ruledOut = new Set(all.flatMap(({ name }) => ruledOutBy(name)));
  const covered = `inferred from ${coverage.readsUsed} of ${coverage.reads} reads and ${coverage.writesOrdered} of ${coverage.writes} writes`;
  const remain = ISOLATION_LEVELS.filter((level) => !ruledOut.has(level));
  const strongest = remain.at(-1) ?? "none";
  if (names.length === 0)
    return give(
      coverage.readsUsed === 0 ? "unknown" : "valid",
      coverage.readsUsed === 0
        ? "no dependency could be inferred: nothing was read"
        : `no anomaly; ${covered}; strongest level not refuted: ${strongest}`,
      [],
      statistics,
    );
  const told = names
    .map((name) => `${name} (${all.find((anomaly) => anomaly.name === name)?.reason ?? ""})`)
    .join("; ");
  const verdict = ruledOut.has(expected) ? "invalid" : "valid";
  const relevant = all.find(({ name }) => ruledOutBy(name).includes(expected)) ?? all[0];
  return give(
    verdict,
    `${told}; ruled out: ${ISOLATION_LEVELS.filter((level) => ruledOut.has(level)).join(", ") || "none"}; strongest level not refuted: ${strongest}; ${covered}`,
    (relevant?.transactions ?? []).slice(0, WITNESS_MAX),
    statistics,
  );
}
