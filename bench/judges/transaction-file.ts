// List-append transactions for bench/judges, strictly serializable, written straight to a file as Elle's generator makes
// them: a few keys at a time, each retired after so many appends; 1 to 4 steps, half of them reads. Seeded; planted: one read
// near the end gives its list without the last element that was there long before.
import { closeSync, openSync, writeSync } from "node:fs";
import { seededRandom } from "../../src/runtime/random.ts";

export interface TransactionSpec {
  readonly transactions: number;
  readonly clients: number;
  readonly keys: number;
  readonly appendsEach: number;
  readonly seed: number;
  readonly planted: boolean;
}

export function writeTransactionFile(path: string, spec: TransactionSpec): void {
  const random = seededRandom(spec.seed);
  let nextKey = spec.keys;
  const active = Array.from({ length: spec.keys }, (_, key) => ({ key, list: [] as number[] }));
  const clocks = Array.from({ length: spec.clients }, () => random.below(1000));
  const file = openSync(path, "w");
  let text = `{"history":"outlast/v1","origin":"2026-01-01T00:00:00Z","uncertaintyNs":0}\n`;
  let value = 0;
  let lies = spec.planted ? 1 : 0;
  // Transactions take effect in the order of this loop, each in its own time: 100 apart, up to `clients` at once.
  for (let index = 0; index < spec.transactions; index += 1) {
    const process = index % spec.clients;
    const effect = 100 * (index + 2 * spec.clients);
    const invoked = Math.max((clocks[process] as number) + 1, effect - random.below(50 * spec.clients));
    const completed = effect + 1 + random.below(40 * spec.clients);
    clocks[process] = completed;
    const input: unknown[] = [];
    const output: unknown[] = [];
    for (let step = 1 + random.below(4); step > 0; step -= 1) {
      const place = random.below(spec.keys);
      const { key, list } = active[place] as (typeof active)[number];
      if (random.next() < 0.5) {
        const lie = lies > 0 && index > spec.transactions * 0.9 && list.length > 10;
        if (lie) lies -= 1;
        input.push(["r", `k${key}`, null]);
        output.push(["r", `k${key}`, lie ? list.slice(0, 3) : [...list]]);
        continue;
      }
      value += 1;
      list.push(value);
      input.push(["append", `k${key}`, value]);
      output.push(["append", `k${key}`, value]);
      if (list.length < spec.appendsEach) continue;
      active[place] = { key: nextKey, list: [] };
      nextKey += 1;
    }
    text += `${JSON.stringify({ process, op: "txn", input, invoked, outcome: "ok", output, completed })}\n`;
    if (text.length > 1 << 20) {
      writeSync(file, text);
      text = "";
    }
  }
  writeSync(file, text);
  closeSync(file);
}
