// Register histories of any size for bench/judges, written straight to a file: clients with one operation open at a time on
// real registers, every written value new. Half are reads. Seeded. `mixed`: a fifth are compare-and-sets of what the client
// saw last, which mostly fail, and one answer of twenty is lost, after which the client goes on under a new process id.
import { closeSync, openSync, writeSync } from "node:fs";
import { seededRandom } from "../../src/runtime/random.ts";

export interface FileSpec {
  readonly keys: number;
  readonly clients: number;
  readonly operations: number;
  readonly seed: number;
  readonly mixed: boolean;
  /** One read near the end gives a value that was overwritten long ago. */
  readonly planted: boolean;
}

interface Client {
  process: number;
  key: number;
  op: "read" | "write" | "cas";
  invoked: number;
  effect: number;
  completed: number;
  took: boolean;
  lost: boolean;
  input: number;
  /** What it saw last, and of which key. */
  seen: number;
  seenKey: number;
  output: number | boolean | null;
}

/** Gives what was written: how many compare-and-sets failed and answers were lost. */
export function writeRegisterFile(path: string, spec: FileSpec): { refused: number; unknown: number } {
  const random = seededRandom(spec.seed);
  const values = new Float64Array(spec.keys);
  const early = new Float64Array(spec.keys);
  let fresh = 0;
  let processes = spec.clients;
  let lies = spec.planted ? 1 : 0;
  const count = { refused: 0, unknown: 0 };
  const begin = (client: Client, after: number): void => {
    const again = spec.mixed && client.seenKey >= 0 && random.next() < 0.8;
    client.key = again ? client.seenKey : random.below(spec.keys);
    const roll = random.next();
    client.op =
      roll < 0.5 ? "read" : spec.mixed && client.key === client.seenKey && roll < 0.95 ? "cas" : "write";
    client.invoked = after + 100 + random.below(300);
    client.effect = client.invoked + random.below(4000);
    client.completed = Math.max(client.effect, client.invoked + 2000 + random.below(6000));
    client.took = false;
    client.lost = spec.mixed && random.next() < 0.05;
    if (client.lost && random.next() < 0.4) client.took = true; // never happens
  };
  const clients = Array.from({ length: spec.clients }, (_, process): Client => {
    const client: Client = {
      process,
      key: 0,
      op: "read",
      invoked: 0,
      effect: 0,
      completed: 0,
      took: false,
      lost: false,
      input: 0,
      seen: 0,
      seenKey: -1,
      output: null,
    };
    begin(client, random.below(5000));
    return client;
  });
  const takeEffect = (client: Client, done: number): void => {
    client.took = true;
    const { key, op } = client;
    const current = values[key] as number;
    if (op === "read") {
      const lie =
        lies > 0 && !client.lost && done > spec.operations * 0.9 && current > (early[key] as number) + 1000;
      if (lie) lies -= 1;
      client.output = lie ? (early[key] as number) : current === 0 ? null : current;
      return;
    }
    if (op === "cas" && current !== client.seen) {
      client.output = false;
      return;
    }
    client.output = op === "cas" ? true : null;
    values[key] = client.input;
    if (early[key] === 0) early[key] = client.input;
  };
  const lineOf = (client: Client): string => {
    const { process, key, op, invoked, completed, lost, input, output, seen } = client;
    const head = `{"process":${process},"op":"${op}","key":"k${key}"`;
    const given =
      op === "read"
        ? ""
        : op === "write"
          ? `,"input":${input}`
          : `,"input":[${seen === 0 ? null : seen},${input}]`;
    if (lost) return `${head}${given},"invoked":${invoked},"outcome":"unknown"}\n`;
    return `${head}${given},"invoked":${invoked},"outcome":"ok"${op === "write" ? "" : `,"output":${output}`},"completed":${completed}}\n`;
  };
  // Clients by their next event: a heap of their numbers.
  const nextAt = (client: Client) => (client.took ? client.completed : client.effect);
  const heap: Client[] = [];
  const sink = (from: number): void => {
    const client = heap[from] as Client;
    const at = nextAt(client);
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && nextAt(heap[child + 1] as Client) < nextAt(heap[child] as Client))
        child += 1;
      if (nextAt(heap[child] as Client) >= at) break;
      heap[place] = heap[child] as Client;
      place = child;
    }
    heap[place] = client;
  };
  heap.push(...clients.sort((a, b) => nextAt(a) - nextAt(b)));
  for (const client of clients) if (client.op !== "read") client.input = fresh += 1;
  const file = openSync(path, "w");
  let text = `{"history":"outlast/v1","origin":"2026-01-01T00:00:00Z","uncertaintyNs":0}\n`;
  let begun = clients.length;
  for (let done = 0; done < spec.operations; ) {
    const client = heap[0] as Client;
    if (!client.took) takeEffect(client, done);
    else {
      text += lineOf(client);
      if (text.length > 1 << 20) {
        writeSync(file, text);
        text = "";
      }
      done += 1;
      if (client.op === "cas" && client.output === false && !client.lost) count.refused += 1;
      if (client.lost) {
        count.unknown += 1;
        client.process = processes;
        processes += 1;
      } else if (client.op !== "cas" || client.output === true) {
        client.seen = client.op === "read" ? Number(client.output ?? 0) : client.input;
        client.seenKey = client.key;
      } else client.seenKey = -1;
      begun += 1;
      begin(client, begun > spec.operations ? Number.POSITIVE_INFINITY : client.completed);
      if (client.op !== "read") {
        fresh += 1;
        client.input = fresh;
      }
    }
    sink(0);
  }
  writeSync(file, text);
  closeSync(file);
  return count;
}
