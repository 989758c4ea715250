import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { canonical } from "../domain/canonical.ts";
import type { Operation } from "../domain/history.ts";
import { OutlastError } from "../domain/outcome.ts";
import { columnsOf, FAILED, READ, REFUSED, SWAP, WRITE } from "../domain/register-columns.ts";
import { loadHistory } from "./read.ts";
import { readRegisters } from "./read-registers.ts";
import { readOperationsAt } from "./scan-history.ts";

const folder = mkdtempSync(join(tmpdir(), "outlast-registers-"));
after(() => rmSync(folder, { recursive: true }));
const HEADER = `{"history":"outlast/v1","origin":"","uncertaintyNs":0}`;
let files = 0;
function fileOf(text: string): string {
  files += 1;
  const path = join(folder, `${files}.jsonl`);
  writeFileSync(path, text);
  return path;
}

/** What the rows should be, from the operations: key → rows with values by their place of first use. */
function expectedRows(operations: readonly Operation[]): Record<string, unknown[]> {
  const foreign = new Set(["journal"]);
  for (const { op, key = "" } of operations) if (!["read", "write", "cas"].includes(op)) foreign.add(key);
  const rows: Record<string, unknown[]> = {};
  for (const { op, key = "", from, outcome, input, output, invoked, completed = Infinity } of operations) {
    if (foreign.has(key) || from !== undefined) continue;
    const list = (rows[key] ??= []);
    const of = (value: unknown) => canonical(value);
    const [a, b] = Array.isArray(input) ? (input as unknown[]) : [];
    if (op === "read" && outcome === "ok") list.push([READ, of(output), -1, invoked, completed]);
    if (op === "write") list.push([outcome === "fail" ? FAILED : WRITE, -1, of(input), invoked, completed]);
    if (op === "cas" && outcome === "fail") list.push([FAILED, -1, of(b), invoked, completed]);
    else if (op === "cas" && outcome === "ok" && output === false)
      list.push([REFUSED, of(a), -1, invoked, completed]);
    else if (op === "cas") list.push([SWAP, of(a), of(b), invoked, completed]);
  }
  return rows;
}

/** The rows read, numbers of values replaced by the values of the expected ones: the same number for the same value. */
async function sameRows(path: string): Promise<void> {
  const { operations } = await loadHistory(path);
  const registers = await readRegisters(path);
  const expected = expectedRows(operations);
  assert.deepEqual(registers.keys.map(({ name }) => name).sort(), Object.keys(expected).sort());
  assert.equal(registers.operations + registers.leftOut, operations.length);
  for (const key of registers.keys) {
    const { kind, from, to, invoked, completed } = columnsOf(registers, key);
    const rows = expected[key.name] ?? [];
    assert.equal(kind.length, rows.length);
    const values = new Map<number, unknown>([[0, null]]);
    const numbers = new Map<unknown, number>([[null, 0]]);
    const meaning = (number: number, value: unknown): unknown => {
      if (number === -1) return -1;
      if (!values.has(number) && !numbers.has(value)) {
        values.set(number, value);
        numbers.set(value, number);
      }
      assert.equal(numbers.get(value), number, "another number for the same value");
      assert.ok(number < key.values);
      return values.get(number);
    };
    for (const [at, row] of rows.entries()) {
      const [, seen, written] = row as unknown[];
      assert.deepEqual(
        [
          kind[at],
          meaning(from[at] as number, seen),
          meaning(to[at] as number, written),
          invoked[at],
          completed[at],
        ],
        row,
      );
    }
    const lines = [...registers.lines.subarray(key.start, key.end)];
    const again = await readOperationsAt(path, lines);
    assert.deepEqual(
      again.map((operation) => operation.invoked),
      [...invoked],
    );
  }
}

const value = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: 2 ** 52, max: 2 ** 53 - 1 }),
  fc.constantFrom(null, true, false, 1.5, -0, 1e21, "", "a", 'q"\\', "é", "\ud800", "a\nb", "7"),
  fc.constantFrom<unknown>({ a: 1, b: 2 }, { b: 2, a: 1 }, [1, [2]]),
);
const operation = fc
  .record({
    op: fc.constantFrom("read", "write", "cas"),
    key: fc.constantFrom(undefined, "k1", "k2", "ключ", 'a"b', "journal"),
    outcome: fc.constantFrom("ok", "fail", "unknown"),
    a: value,
    b: value,
    swapped: fc.boolean(),
    from: fc.constantFrom(undefined, undefined, undefined, "paris"),
    more: fc.constantFrom<object>(
      {},
      { session: 3, epoch: 4, site: "x" },
      { epoch: null },
      { future: [1] },
      { epoch: 1.5 },
    ),
    tidy: fc.constantFrom(0, 1),
    order: fc.boolean(),
  })
  .map(({ op, key, outcome, a, b, swapped, from, more, tidy, order }) => (index: number) => {
    const fields: [string, unknown][] = [
      ["process", index],
      ["op", op],
      ["key", key],
      ["input", op === "write" ? a : op === "cas" ? [a, b] : undefined],
      ["invoked", 10 * index],
      ["outcome", outcome],
      ["output", outcome !== "ok" ? undefined : op === "read" ? a : op === "cas" ? swapped : undefined],
      ["completed", outcome === "unknown" ? undefined : 10 * index + 25],
      ["from", from],
      ...Object.entries(more),
    ];
    const text = JSON.stringify(Object.fromEntries(order ? fields : fields.toReversed()));
    return tidy === 0 ? text : text.replaceAll('":', '": ').replaceAll(',"', ', "');
  });

test("columns hold what the operations of the file say, whatever the shape of its lines", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 1, maxLength: 30 }),
      fc.boolean(),
      async (lines, ended) => {
        const text = [HEADER, ...lines.map((line, index) => line(index + 1))].join("\n");
        await sameRows(fileOf(text + (ended ? "\n" : "")));
      },
    ),
    { numRuns: 150 },
  );
});

test("keys of other kinds of operation and reads of a replica are left out and counted", async () => {
  const line = (process: number, rest: object) =>
    JSON.stringify({ process, invoked: 1, completed: 2, outcome: "ok", ...rest });
  const path = fileOf(
    [
      HEADER,
      line(1, { op: "append", key: "list", input: 1 }),
      line(2, { op: "read", key: "list", output: [1] }),
      line(3, { op: "read", key: "k", output: null, from: "paris" }),
      line(4, { op: "write", key: "k", input: 1 }),
      `{"mark":"fault","at":5,"name":"cut"}`,
      line(5, { op: "read", key: "journal", output: [] }),
    ].join("\n"),
  );
  const { keys, operations, leftOut } = await readRegisters(path);
  assert.deepEqual(
    keys.map(({ name }) => name),
    ["k"],
  );
  assert.deepEqual([operations, leftOut], [1, 4]);
});

test("a wrong line is the same error from columns as from operations", async () => {
  const good = `{"process":1,"op":"write","key":"k","input":1,"invoked":1,"outcome":"ok","completed":2}`;
  const bad = [
    good.replace(`"write"`, `"wrote"`),
    good.replace(`"completed":2`, `"completed":0`),
    good.replace(`,"completed":2`, ""),
    good.replace(`"ok"`, `"unknown"`),
    good.replace(`"input":1,`, ""),
    good.replace(`"process":1`, `"process":1.5`),
    good.replace(`"process":1`, `"process":01`),
    good.replace(`"op":"write"`, `"op":7`),
    good.replace(`"key":"k"`, `"key":null`),
    good.replace(`"write"`, `"cas"`),
    good.replace(`"write"`, `"read"`),
    good.slice(0, 40),
    `${good}x`,
    good.replace("}", ",}"),
    "nonsense",
    good.replace(`"invoked":1`, `"invoked":1,"epoch":"e"`),
  ];
  for (const line of bad)
    for (const text of [
      `${HEADER}\n${good}\n${line}`,
      `${HEADER}\n${good}\n${line}\n${" ".repeat(40)}\n`,
      line,
      "",
    ]) {
      const path = fileOf(text);
      const told = (error: unknown) => {
        assert.ok(error instanceof OutlastError);
        return JSON.stringify({ ...error.failure, cause: null });
      };
      const one = await loadHistory(path).then(() => "no error", told);
      const other = await readRegisters(path).then(() => "no error", told);
      assert.notEqual(one, "no error", text);
      assert.equal(other, one, text);
    }
});

test("two operations open in one process are refused, also of large process ids", async () => {
  for (const process of [0, 70, 5_000_000, -4]) {
    const line = (invoked: number, rest: string) =>
      `{"process":${process},"op":"read","key":"k","invoked":${invoked},${rest}}`;
    const open = [
      HEADER,
      line(1, `"outcome":"ok","output":null,"completed":9`),
      line(5, `"outcome":"unknown"`),
    ];
    await assert.rejects(readRegisters(fileOf(open.join("\n"))), /already has the operation of line 2 open/);
    const retired = [HEADER, line(1, `"outcome":"unknown"`), line(5, `"outcome":"unknown"`)];
    await assert.rejects(
      readRegisters(fileOf(retired.join("\n"))),
      /goes on after the unknown outcome of line 2/,
    );
  }
});
