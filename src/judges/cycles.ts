// Directed graphs in flat arrays: strongly connected components (Tarjan 1972, without recursion) and a short cycle.

export interface Graph {
  readonly nodes: number;
  /** Edge e goes from `from[e]` to `to[e]`. */
  readonly from: ArrayLike<number>;
  readonly to: ArrayLike<number>;
}

interface Adjacency {
  /** Edges of node n: list[start[n]] … list[start[n + 1] − 1]. */
  readonly start: Int32Array;
  readonly list: Int32Array;
}

function adjacencyOf({ nodes, from }: Graph): Adjacency {
  const start = new Int32Array(nodes + 1);
  for (let edge = 0; edge < from.length; edge += 1) {
    const next = (from[edge] as number) + 1;
    start[next] = (start[next] as number) + 1;
  }
  for (let node = 0; node < nodes; node += 1)
    start[node + 1] = (start[node + 1] as number) + (start[node] as number);
  const place = start.slice();
  const list = new Int32Array(from.length);
  for (let edge = 0; edge < from.length; edge += 1) {
    const node = from[edge] as number;
    const at = place[node] as number;
    list[at] = edge;
    place[node] = at + 1;
  }
  return { start, list };
}

/** Component number of each node; nodes of one cycle share theirs. */
export function components(graph: Graph): Int32Array {
  const { nodes, to } = graph;
  const { start, list } = adjacencyOf(graph);
  const component = new Int32Array(nodes).fill(-1);
  const index = new Int32Array(nodes).fill(-1);
  const low = new Int32Array(nodes);
  const cursor = start.slice(0, nodes);
  const stack: number[] = [];
  const path: number[] = [];
  let counter = 0;
  let found = 0;
  for (let root = 0; root < nodes; root += 1) {
    if (index[root] !== -1) continue;
    path.push(root);
    index[root] = low[root] = counter;
    counter += 1;
    stack.push(root);
    while (path.length > 0) {
      const node = path.at(-1) as number;
      const at = cursor[node] as number;
      if (at < (start[node + 1] as number)) {
        cursor[node] = at + 1;
        const target = to[list[at] as number] as number;
        if (index[target] === -1) {
          index[target] = low[target] = counter;
          counter += 1;
          stack.push(target);
          path.push(target);
        } else if (component[target] === -1)
          low[node] = Math.min(low[node] as number, index[target] as number);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number);
      if (low[node] !== index[node]) continue;
      for (;;) {
        const member = stack.pop() as number;
        component[member] = found;
        if (member === node) break;
      }
      found += 1;
    }
  }
  return component;
}

export interface PathFinder {
  /** Edges of a shortest path from one node to another over edges that `may` be used; null: there is none. */
  find(source: number, target: number, may?: (edge: number) => boolean): number[] | null;
  /** Edges looked at so far, in all searches. */
  readonly passed: number;
}

/** Made once for many paths in one graph. */
export function pathFinder(graph: Graph): PathFinder {
  const { start, list } = adjacencyOf(graph);
  /** The edge by which a node was reached, and in which search. */
  const by = new Int32Array(graph.nodes);
  const reachedIn = new Int32Array(graph.nodes);
  let searches = 0;
  let passed = 0;
  const walkBack = (source: number, target: number): number[] => {
    const edges: number[] = [];
    let node = target;
    do {
      const edge = by[node] as number;
      edges.push(edge);
      node = graph.from[edge] as number;
    } while (node !== source);
    return edges.reverse();
  };
  return {
    get passed() {
      return passed;
    },
    find(source, target, may = () => true) {
      searches += 1;
      const queue = [source];
      for (let next = 0; next < queue.length; next += 1) {
        const node = queue[next] as number;
        const end = start[node + 1] as number;
        passed += end - (start[node] as number);
        for (let at = start[node] as number; at < end; at += 1) {
          const edge = list[at] as number;
          const reached = graph.to[edge] as number;
          if (reachedIn[reached] === searches || !may(edge)) continue;
          reachedIn[reached] = searches;
          by[reached] = edge;
          if (reached === target) return walkBack(source, target);
          queue.push(reached);
        }
      }
      return null;
    },
  };
}
