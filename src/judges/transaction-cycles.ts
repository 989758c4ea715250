// Cycles of dependencies: which there are, by shape (Adya 1999), and one short one of each.
import type { TransactionColumns } from "../domain/transaction-columns.ts";
import { components, type Graph, pathFinder } from "./cycles.ts";
import { EDGES, type EdgeKind, type Edges, edgeColumns } from "./transaction-edges.ts";
import type { Anomaly, Dependencies } from "./transaction-graph.ts";
import { connectDirectly, connectMoments } from "./transaction-times.ts";
import { milliseconds } from "./words.ts";

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

function cycleAnomaly(
  name: string,
  cycle: readonly number[],
  all: Entangled,
  { process, invoked, keys }: TransactionColumns,
): Anomaly {
  const sourceOf = (node: number): number => all.rows[node] as number;
  const nameOf = (row: number): string =>
    `T(process ${process[row]}, ${milliseconds(invoked[row] as number)})`;
  const parts = cycle.flatMap((edge): string[] => {
    const a = sourceOf(all.from[edge] as number);
    const b = sourceOf(all.to[edge] as number);
    const kind = kindOf(all, edge);
    const key = keys[all.key[edge] as number]?.name ?? "";
    if (a < 0) return []; // the second half of an edge over a node that stands for many
    if (b < 0) return [`${nameOf(a)} read ${key} before anyone had written it`];
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
  const transactions = cycle.map((edge) => sourceOf(all.from[edge] as number)).filter((row) => row >= 0);
  return { name, reason: parts.join("; "), transactions };
}

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
  for (const shape of ["G0", "G1c", "G-single", "G2-item"] as const)
    for (const times of ["", "-process", "-realtime"] as const) {
      const cycle = cycleOf(kept, shape, times);
      if (cycle === null) continue;
      found.push(cycleAnomaly(`${shape}${times}`, cycle, kept, columns));
      break; // a cycle that needs no time is the stronger finding
    }
  if (found.length === 0) {
    const { name, cycle } = anyCycle(kept);
    found.push(cycleAnomaly(name, cycle, kept, columns));
  }
  return found;
}
