// Cycles of dependencies: which there are, by shape (Adya 1999), and one short one of each.
import { OK, type TransactionColumns } from "../domain/transaction-columns.ts";
import { components, type Graph, pathFinder } from "./cycles.ts";
import { EDGES, type EdgeKind, type Edges, edgeColumns } from "./transaction-edges.ts";
import type { Anomaly, Dependencies } from "./transaction-graph.ts";
import { connectDirectly, connectMoments } from "./transaction-times.ts";

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
/** Edges of the kind that gives a shape its name from which a way back is looked for, and how many edges that may pass. */
const TRIES_MAX = 2_000;
const PASSED_MAX = 100_000_000;
/** A longer cycle of data alone is no explanation: then one over sessions or real time is told, too, where that is shorter. */
const LEGIBLE = 4;
/** Steps of a cycle in which shorter ways are looked for. */
const SHORTENED_MAX = 5_000;

const kindOf = ({ kind }: Edges, edge: number): EdgeKind => EDGES[kind[edge] as number] as EdgeKind;

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
  const paths = pathFinder(graph);
  let best: number[] | null = null;
  let tries = 0;
  for (let at = 0; at < edges.length && tries < TRIES_MAX && paths.passed < PASSED_MAX; at += 1) {
    const edge = edges[at] as number;
    const [source, target] = [graph.from[at] as number, graph.to[at] as number];
    if (kindOf(all, edge) !== needed || component[source] !== component[target]) continue;
    tries += 1;
    const within = (other: number) =>
      component[graph.to[other] as number] === component[source] &&
      back.has(kindOf(all, edges[other] as number));
    const way = paths.find(target, source, within);
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
  const back = pathFinder(graph).find(graph.to[first] as number, graph.from[first] as number, within) ?? [];
  const cycle = [first, ...back].map((edge) => edges[edge] as number);
  const kinds = cycle.map((edge) => kindOf(all, edge));
  const against = kinds.filter((kind) => kind === "rw").length;
  const shape = against > 1 ? "G2-item" : against === 1 ? "G-single" : kinds.includes("wr") ? "G1c" : "G0";
  const times = kinds.includes("realtime") ? "-realtime" : kinds.includes("process") ? "-process" : "";
  return { name: `${shape}${times}`, cycle };
}

/** One edge of a cycle that is told: from a transaction to a transaction; -1: what stands for many edges. */
interface CycleStep {
  readonly from: number;
  readonly to: number;
  readonly kind: EdgeKind;
  readonly key: string;
}

function stepsOf(cycle: readonly number[], all: Entangled, { keys }: TransactionColumns): CycleStep[] {
  const rowOf = (node: number | undefined): number => all.rows[node as number] as number;
  return cycle.map((edge) => ({
    from: rowOf(all.from[edge]),
    to: rowOf(all.to[edge]),
    kind: kindOf(all, edge),
    key: keys[all.key[edge] as number]?.name ?? "",
  }));
}

/**
 * The same cycle, with one step wherever session or real time alone leads from one of its transactions to a later one: the
 * graph has only the edges from which these follow. The first step, which gives the cycle its name, stays.
 */
function shortened(
  cycle: readonly CycleStep[],
  { session, outcome, invoked, completed }: TransactionColumns,
  times: Times,
  uncertaintyNs: number,
): readonly CycleStep[] {
  const [first, ...way] = cycle;
  if (times === "" || first === undefined || way.length > SHORTENED_MAX) return cycle;
  const timeBetween = (a: number, b: number): EdgeKind | null => {
    if (a < 0 || b < 0) return null;
    const begin = invoked[b] as number;
    if (session[a] === session[b] && outcome[a] === OK && (invoked[a] as number) < begin) return "process";
    return times === "-realtime" && (completed[a] as number) + uncertaintyNs < begin ? "realtime" : null;
  };
  const stops = [first.to, ...way.map(({ to }) => to)];
  /** By stop: the fewest steps from the first one, and the last of them. */
  const fewest = [0];
  const by: { readonly before: number; readonly step: CycleStep }[] = [];
  for (let stop = 1; stop < stops.length; stop += 1) {
    const to = stops[stop] as number;
    fewest[stop] = (fewest[stop - 1] as number) + 1;
    by[stop] = { before: stop - 1, step: way[stop - 1] as CycleStep };
    for (let before = 0; before < stop - 1; before += 1) {
      if ((fewest[before] as number) + 1 >= (fewest[stop] as number)) continue;
      const from = stops[before] as number;
      const kind = timeBetween(from, to);
      if (kind === null) continue;
      fewest[stop] = (fewest[before] as number) + 1;
      by[stop] = { before, step: { from, to, kind, key: "" } };
    }
  }
  const steps: CycleStep[] = [];
  for (let stop = stops.length - 1; stop > 0; ) {
    const { before, step } = by[stop] as (typeof by)[number];
    steps.push(step);
    stop = before;
  }
  return [first, ...steps.reverse()];
}

function stepWords({ from, to, kind, key }: CycleStep, nameOf: (row: number) => string): string[] {
  if (from < 0) return []; // the second half of an edge over a node that stands for many
  if (to < 0) return [`${nameOf(from)} read ${key} before anyone had written it`];
  switch (kind) {
    case "ww":
      return [`${nameOf(from)} wrote ${key} before ${nameOf(to)} did`];
    case "wr":
      return [`${nameOf(to)} read ${key} as ${nameOf(from)} wrote it`];
    case "rw":
      return [`${nameOf(from)} read ${key} as it was before ${nameOf(to)} wrote it`];
    case "process":
      return [`${nameOf(from)} came before ${nameOf(to)} in its session`];
    case "realtime":
      return [`${nameOf(from)} was over before ${nameOf(to)} began`];
    default:
      return kind satisfies never;
  }
}

const cycleAnomaly = (name: string, cycle: readonly CycleStep[]): Anomaly => ({
  name,
  words: (nameOf) => cycle.flatMap((step) => stepWords(step, nameOf)).join("; "),
  transactions: cycle.map(({ from }) => from).filter((row) => row >= 0),
});

/** What lies on some cycle, numbered anew. */
interface Entangled extends Dependencies {
  /** The transaction of each node; -1: one that stands for many edges. */
  readonly rows: Int32Array;
}

/** What lies on some cycle of data, sessions and real time; null: there is none. */
function entangled(data: Dependencies, columns: TransactionColumns, uncertaintyNs: number): Entangled | null {
  const { from, to, kind, key } = data;
  const timed = edgeColumns();
  for (let edge = 0; edge < kind.length; edge += 1)
    timed.connect(from[edge] as number, to[edge] as number, kind[edge] as number, key[edge] as number);
  const moments = connectMoments(columns, uncertaintyNs, data.nodes, timed.connect);
  const component = components({ nodes: data.nodes + moments, ...timed.finish() });
  const sizes = new Int32Array(data.nodes + moments);
  for (let node = 0; node < component.length; node += 1) {
    const number = component[node] as number;
    sizes[number] = (sizes[number] as number) + 1;
  }
  const numbers = new Int32Array(data.nodes).fill(-1);
  const inner: number[] = [];
  for (let node = 0; node < data.nodes; node += 1)
    if ((sizes[component[node] as number] as number) > 1) numbers[node] = inner.push(node) - 1;
  if (inner.length === 0) return null;
  const kept = edgeColumns();
  const keep = (a: number, b: number, edgeKind: number, edgeKey: number): void => {
    if (component[a] === component[b] && (numbers[a] as number) >= 0)
      kept.connect(numbers[a] as number, numbers[b] as number, edgeKind, edgeKey);
  };
  for (let edge = 0; edge < kind.length; edge += 1)
    keep(from[edge] as number, to[edge] as number, kind[edge] as number, key[edge] as number);
  const rows = Int32Array.from(inner, (node) => (node < columns.rows ? node : -1));
  connectDirectly(
    columns,
    rows.filter((row) => row >= 0),
    uncertaintyNs,
    keep,
  );
  return { nodes: inner.length, rows, ...kept.finish() };
}

/** One short cycle of each shape that the dependencies have; with session and real time only where it needs them. */
export function cycleAnomalies(
  data: Dependencies,
  columns: TransactionColumns,
  uncertaintyNs: number,
): Anomaly[] {
  const kept = entangled(data, columns, uncertaintyNs);
  if (kept === null) return [];
  const found: Anomaly[] = [];
  for (const shape of ["G0", "G1c", "G-single", "G2-item"] as const) {
    let shortest = Number.POSITIVE_INFINITY;
    for (const times of ["", "-process", "-realtime"] as const) {
      const edges = cycleOf(kept, shape, times);
      if (edges === null) continue;
      const whole = stepsOf(edges, kept, columns);
      const short = shortened(whole, columns, times, uncertaintyNs);
      const cycle = shape === "G2-item" && readWrites(short) < 2 ? whole : short;
      if (cycle.length >= shortest) continue;
      shortest = cycle.length;
      found.push(cycleAnomaly(`${shape}${times}`, cycle));
      if (shortest <= LEGIBLE) break; // a cycle that needs no time is the stronger finding
    }
  }
  if (found.length === 0) {
    const { name, cycle } = anyCycle(kept);
    found.push(cycleAnomaly(name, stepsOf(cycle, kept, columns)));
  }
  return found;
}

const readWrites = (cycle: readonly CycleStep[]): number => cycle.filter(({ kind }) => kind === "rw").length;
