// Transactions read from the bytes of a file are those that its operations say, and what is wrong is told the same way.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import type { Operation } from "../../src/domain/history.ts";
import { OutlastError } from "../../src/domain/outcome.ts";
import { PUT, READ, type TransactionColumns } from "../../src/domain/transaction-columns.ts";
import { loadHistory } from "../../src/history/read.ts";
import { readTransactionColumns } from "../../src/history/read-transactions.ts";
import { readTransactions } from "../../src/judges/transaction-log.ts";

const folder = mkdtempSync(join(tmpdir(), "outlast-transactions-"));
after(() => rmSync(folder, { recursive: true }));
const HEADER = `{"history":"outlast/v1","origin":"","uncertaintyNs":0}`;
let files = 0;
function fileOf(text: string): string {
  files += 1;
  const path = join(folder, `${files}.jsonl`);
  writeFileSync(path, text);
  return path;
}

/** The rows in words: what columns mean, whatever the numbers in them. */
function meaning(columns: TransactionColumns): unknown[] {
  const text = (value: number) => columns.textOf(value);
  return Array.from({ length: columns.rows }, (_, row) => {
    const steps: unknown[] = [];
    for (
      let step = columns.firstStep[row] as number;
      step < (columns.firstStep[row + 1] as number);
      step += 1
    ) {
      const kind = columns.stepKind[step];
      const key = columns.keys[columns.stepKey[step] as number];
      const value = columns.stepValue[step] as number;
      const list = columns.items.subarray(value, value + (columns.stepLength[step] as number));
      const said = kind === PUT ? text(value) : kind === READ ? [...list].map(text) : null;
      steps.push([kind, key?.name, key?.list, said]);
    }
    const { process, session, outcome, invoked, completed } = columns;
    return [process[row], session[row], outcome[row], invoked[row], completed[row], steps];
  });
}

async function sameColumns(path: string): Promise<"same" | "mixed"> {
  const { operations } = await loadHistory(path);
  const { columns, sources } = readTransactions(operations);
  const { columns: scanned, lines } = await readTransactionColumns(path);
  assert.equal(lines.length, sources.length);
  if (scanned === null) return "mixed";
  assert.deepEqual(meaning(scanned), meaning(columns));
  assert.equal(scanned.unreadable, columns.unreadable);
  return "same";
}

const scalar = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 40 }) },
  fc.constantFrom<unknown>(
    -7,
    2 ** 53 - 1,
    1.5,
    -0,
    1e21,
    "",
    "a",
    "a,b]",
    'q"\\',
    "é",
    "\ud800",
    true,
    false,
  ),
);
const key = fc.constantFrom("x", "y", "long key", "ключ", 'a"b', "]");
/** Reads mostly give a beginning of one list, as reads do; some differ from it in the midst of an element. */
const LIST = [...Array.from({ length: 12 }, (_, at) => at), "a,b", "]", 170, true, 17, "é", -3];
const beginning = fc.integer({ min: 0, max: LIST.length }).map((length) => LIST.slice(0, length));
const list = fc.oneof(
  { weight: 5, arbitrary: beginning },
  fc.tuple(beginning, fc.constantFrom(1, 17, "a]b", "a")).map(([items, last]) => [...items, last]),
  fc.array(scalar, { maxLength: 4 }),
  fc.constantFrom<unknown[]>([[1], 2], [{ a: 1 }], [null]),
);
const listStep = fc.oneof(
  fc.tuple(fc.constant("append"), key, scalar),
  { weight: 2, arbitrary: fc.tuple(fc.constant("r"), key, list) },
  fc.tuple(fc.constant("r"), key, fc.constant(null)),
);
const registerStep = fc.oneof(
  fc.tuple(fc.constant("w"), key, scalar),
  fc.tuple(fc.constant("r"), key, fc.option(scalar)),
);
const oddStep = fc.constantFrom<unknown>(["x", "y"], ["r", 5, 6], ["r", "x"], ["w", "x", {}], 7, [
  "w",
  5,
  1,
  2,
]);
const transaction = (steps: fc.Arbitrary<unknown>) =>
  fc
    .record({
      steps: fc.array(steps, { maxLength: 5 }),
      op: fc.constantFrom("txn", "txn", "txn", "txn", "read"),
      outcome: fc.constantFrom("ok", "ok", "ok", "fail", "unknown"),
      more: fc.constantFrom<object>({}, { session: 3, site: "x" }, { epoch: null }, { future: [1] }),
      spaces: fc.boolean(),
      order: fc.boolean(),
    })
    .map(({ steps: all, op, outcome, more, spaces, order }) => (index: number) => {
      const fields: [string, unknown][] = [
        ["process", index],
        ["op", op],
        ["input", all],
        ["invoked", 10 * index],
        ["outcome", outcome],
        ["output", outcome === "ok" ? all : undefined],
        ["completed", outcome === "unknown" ? undefined : 10 * index + 25],
        ...Object.entries(more),
      ];
      const text = JSON.stringify(Object.fromEntries(order ? fields : fields.toReversed()));
      return spaces ? text.replaceAll('":', '": ').replaceAll(',"', ', "').replaceAll(",[", ", [") : text;
    });
const history = (steps: fc.Arbitrary<unknown>) =>
  fc.array(transaction(steps), { minLength: 1, maxLength: 25 });

test("columns hold what the transactions of the file say, whatever the shape of its lines", async () => {
  const seen = { same: 0, mixed: 0 };
  const each = fc.oneof(
    { weight: 4, arbitrary: history(listStep) },
    { weight: 2, arbitrary: history(registerStep) },
    history(fc.oneof(listStep, registerStep)),
    history(fc.oneof({ weight: 9, arbitrary: listStep }, oddStep)),
  );
  await fc.assert(
    fc.asyncProperty(each, fc.boolean(), async (lines, ended) => {
      const text = [HEADER, ...lines.map((line, index) => line(index + 1))].join("\n");
      seen[await sameColumns(fileOf(text + (ended ? "\n" : "")))] += 1;
    }),
    { numRuns: 400 },
  );
  assert.ok(seen.same > 150 && seen.mixed > 20, JSON.stringify(seen));
});

test("a wrong line is the same error from columns as from operations", async () => {
  const good = `{"process":1,"op":"txn","input":[["append","k",1],["r","k",null]],"invoked":1,"outcome":"ok","output":[["append","k",1],["r","k",[1]]],"completed":2}`;
  const told = (error: unknown) => {
    assert.ok(error instanceof OutlastError);
    return JSON.stringify({ ...error.failure, cause: null });
  };
  const same = async (text: string): Promise<string> => {
    const path = fileOf(text);
    const one = await loadHistory(path).then(() => "no error", told);
    const other = await readTransactionColumns(path).then(() => "no error", told);
    assert.equal(other, one, text);
    if (one === "no error") await sameColumns(path);
    return one;
  };
  const last = good.replace(`"process":1`, `"process":3`);
  const wrong = [
    good.replace(`"txn"`, `"txm"`),
    good.replace(`"completed":2`, `"completed":0`),
    good.replace(`,"completed":2`, ""),
    good.replace(`"ok"`, `"unknown"`),
    good.replace(/"input":.*?"invoked"/, `"invoked"`),
    good.replace(/"output":.*?"completed"/, `"completed"`),
    good.replace(`[["append","k",1],["r","k",null]]`, `"text"`),
    good.replace(`[1]]]`, `[1]]`),
    good.replace(`[1]]]`, `[1]]]]`),
    good.replace(`[1]]]`, `[1,]]]`),
    good.replace(`[1]]]`, `[01]]]`),
    good.replace(`[1]]]`, `[1 2]]]`),
    good.slice(0, 90),
    `${good}x`,
  ];
  for (const line of wrong)
    for (const text of [`${HEADER}\n${good}\n${line}`, `${HEADER}\n${good}\n${line}\n${last}\n`])
      assert.notEqual(await same(text), "no error", text);
  // A byte of a good line changed, taken out or doubled: whatever that makes of it.
  const random = fc.record({
    at: fc.integer({ min: 0, max: good.length - 1 }),
    by: fc.constantFrom("", '"', ",", "[", "]", "1", " ", "\\", "r", "{"),
    double: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(random, async ({ at, by, double }) => {
      const line = good.slice(0, at) + by + good.slice(double ? at : at + 1);
      await same(`${HEADER}\n${good.replace(`"process":1`, `"process":2`)}\n${line}\n${last}\n`);
    }),
    { numRuns: 400 },
  );
});

test("values that look alike are one number only where they are equal, also across lines that are read the long way", async () => {
  const operation = (process: number, more: object): string =>
    JSON.stringify({
      process,
      op: "txn",
      input: [],
      invoked: process,
      outcome: "ok",
      completed: 99,
      ...more,
    });
  const path = fileOf(
    [
      HEADER,
      operation(1, { output: [["append", "k", 1]] }),
      operation(2, { output: [["append", "k", "1"]] }),
      operation(3, { output: [["append", "k", 1]], future: [] }), // an unknown field: the long way
      operation(4, { output: [["append", "k", 2]], future: [] }),
      operation(5, { output: [["append", "k", 2]] }),
      operation(6, { output: [] }),
    ].join("\n"),
  );
  const { columns } = await readTransactionColumns(path);
  assert.deepEqual([...(columns?.stepValue ?? [])], [0, 1, 0, 2, 2]);
  const operations: Operation[] = [...(await loadHistory(path)).operations];
  assert.deepEqual([...readTransactions(operations).columns.stepValue], [0, 1, 0, 2, 2]);
});

test("a read that leaves the longest list in the midst of an element is not its beginning", async () => {
  const lists = [
    [0, 10, 7],
    [0, 1],
    [0, 1, 7],
    ["a,b", "c"],
    ["a", "c"],
    [0, 10],
    [0],
    [0, 10, 7, 5],
    [0, 10, 75],
  ];
  const lines = lists.map((seen, process) => {
    const steps = [["r", typeof seen[0] === "string" ? "texts" : "numbers", seen]];
    return JSON.stringify({
      process,
      op: "txn",
      input: [],
      invoked: 1,
      outcome: "ok",
      output: steps,
      completed: 2,
    });
  });
  assert.equal(
    await sameColumns(
      fileOf([HEADER, ...lines, lines[0]?.replace(`"process":0`, `"process":99`)].join("\n")),
    ),
    "same",
  );
});
