// What the near-linear judge says of each key, keys spread over threads: the columns are shared memory, the judge is a
// pure function, and so its answers are those of one thread.
import { columnsOf, type RegisterKey, type Registers } from "../domain/register-columns.ts";
import { type ColumnsVerdict, judgeColumns } from "../judges/judge-columns.ts";
import { startThread, threadsAtOnce } from "../runtime/threads.ts";
import type { KeysQuestion } from "./judge-keys-thread.ts";

export interface Threads {
  /** The one that asks included. */
  readonly most: number;
  /** Fewer rows are judged sooner than a thread has started. */
  readonly rowsMin: number;
}

/** More would each hold what the judge needs for a key. */
const THREADS_MAX = 4;

export const threadsHere = (): Threads => ({
  most: Math.min(THREADS_MAX, threadsAtOnce()),
  rowsMin: 4_000_000,
});

/** Numbers of the keys, the rows of each part about the same: the largest keys first, each to the smallest part. */
function partsOf(keys: readonly RegisterKey[], most: number): number[][] {
  const sizeOf = (key: number) => {
    const { start, end } = keys[key] as RegisterKey;
    return end - start;
  };
  const parts = Array.from({ length: Math.min(most, keys.length) }, () => ({
    keys: [] as number[],
    rows: 0,
  }));
  const order = [...keys.keys()].sort((a, b) => sizeOf(b) - sizeOf(a));
  for (const key of order) {
    const part = parts.reduce((least, each) => (each.rows < least.rows ? each : least));
    part.keys.push(key);
    part.rows += sizeOf(key);
  }
  return parts.map((part) => part.keys);
}

/** By key; null: one thread does it, key by key as it is asked. */
export async function judgeKeysOnThreads(
  { rows, keys }: Registers,
  { most, rowsMin }: Threads,
): Promise<ColumnsVerdict[] | null> {
  if (most < 2 || keys.length < 2 || rows.kind.length < rowsMin) return null;
  const [own = [], ...others] = partsOf(keys, most);
  await using stack = new AsyncDisposableStack();
  const asked = others.map(async (part) => {
    const thread = stack.use(startThread("./judge-keys-thread", import.meta.url));
    const question: KeysQuestion = { rows, keys: part.map((key) => keys[key] as RegisterKey) };
    return { part, answers: (await thread.ask(question)) as ColumnsVerdict[] };
  });
  const all = Promise.all(asked);
  all.catch(() => {}); // told below; without this line a thread that fails first would end the process
  const found = keys.map((): ColumnsVerdict => ({ verdict: "doubt" }));
  for (const key of own) found[key] = judgeColumns(columnsOf({ rows }, keys[key] as RegisterKey));
  for (const { part, answers } of await all)
    for (const [index, key] of part.entries()) found[key] = answers[index] as ColumnsVerdict;
  return found;
}
