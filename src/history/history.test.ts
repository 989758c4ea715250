import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import type { History, HistoryHeader, Operation } from "../domain/history.ts";
import { OutlastError } from "../domain/outcome.ts";
import { mergeHistories } from "./merge.ts";
import { loadHistory, readHistory } from "./read.ts";
import { openHistoryWriter } from "./write.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "outlast-history-"));
});
after(() => rm(folder, { recursive: true }));

const header: HistoryHeader = { history: "outlast/v1", origin: "2026-11-22T10:00:00Z", uncertaintyNs: 0 };
const head = JSON.stringify(header);
const operation = (index: number): Operation => ({
  process: index % 10,
  session: index % 10,
  site: "paris",
  op: "write",
  key: `k${index % 3}`,
  input: `väl-${index}`,
  scheduled: index * 100,
  invoked: index * 100 + 1,
  outcome: "ok",
  output: null,
  completed: index * 100 + 50,
  epoch: 2,
});

async function failureOf(work: Promise<unknown>) {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof OutlastError, String(error));
    return error.failure;
  }
  return assert.fail("nothing was refused");
}

test("what is written is read back, plain, gzip and zstd", async () => {
  const operations = Array.from({ length: 8_000 }, (_, index) => operation(index));
  for (const end of ["jsonl", "jsonl.gz", "jsonl.zst"]) {
    const path = join(folder, `round.${end}`);
    const writer = await openHistoryWriter(path, header);
    for (const each of operations) writer.append(each);
    writer.mark({ mark: "fault", at: 17, name: "lose-site", site: "paris", detail: { n: 1 } });
    await writer.close();
    const history = await loadHistory(path);
    assert.deepEqual(history.header, header);
    assert.deepEqual(history.operations, operations);
    assert.deepEqual(history.marks, [
      { mark: "fault", at: 17, name: "lose-site", site: "paris", detail: { n: 1 } },
    ]);
  }
  assert.match(gunzipSync(await readFile(join(folder, "round.jsonl.gz"))).toString(), /^\{"history"/);
  assert.match(
    zstdDecompressSync(await readFile(join(folder, "round.jsonl.zst"))).toString(),
    /^\{"history"/,
  );
});

test("a history is never overwritten", async () => {
  const path = join(folder, "twice.jsonl");
  await (await openHistoryWriter(path, header)).close();
  assert.equal((await failureOf(openHistoryWriter(path, header))).code, "HISTORY_EXISTS");
});

test("each wrong line is refused with file and line", async () => {
  const good = JSON.stringify(operation(1));
  const line = (fields: object) => JSON.stringify({ ...operation(2), process: 99, ...fields });
  const cases: [string[], RegExp, number][] = [
    [[], /empty/, 1],
    [[good], /expected the header/, 1],
    [[head, good, "{"], /no JSON/, 3],
    [[head, "[1]"], /JSON object/, 2],
    [[head, line({ process: "a" })], /process/, 2],
    [[head, line({ op: "drop" })], /unknown operation "drop"/, 2],
    [[head, line({ invoked: 1.5 })], /invoked/, 2],
    [[head, line({ invoked: 1e300 })], /invoked/, 2],
    [[head, line({ completed: 3 })], /completed \(3\) before invoked/, 2],
    [[head, line({ completed: undefined })], /completed: expected/, 2],
    [[head, line({ outcome: "unknown" })], /an unknown outcome has none/, 2],
    [[head, line({ outcome: "maybe" })], /outcome/, 2],
    [[head, line({ op: "cas", input: 3, output: true })], /\[from, to\]/, 2],
    [[head, line({ op: "cas", input: [1, 2], output: 3 })], /true or false/, 2],
    [[head, line({ op: "read", output: undefined })], /needs an output/, 2],
    [[head, good, good], /process 1 already has the operation of line 2 open/, 3],
    [
      [
        head,
        line({ outcome: "unknown", completed: undefined }),
        line({ invoked: 10_000, completed: 10_001 }),
      ],
      /needs a new id/,
      3,
    ],
    [[head, JSON.stringify({ mark: "fault", at: "x", name: "y" })], /at: expected/, 2],
  ];
  for (const [index, [lines, pattern, at]] of cases.entries()) {
    const path = join(folder, `wrong-${index}.jsonl`);
    await writeFile(path, lines.map((each) => `${each}\n`).join(""));
    const failure = await failureOf(loadHistory(path));
    assert.equal(failure.code, "HISTORY_INVALID", lines.join("\n"));
    assert.match(failure.what, pattern);
    assert.equal(failure.where, `${path}:${at}`);
  }
});

test("a file cut off anywhere is an error or whole up to there, never a crash", async () => {
  const text = [head, ...Array.from({ length: 20 }, (_, index) => JSON.stringify(operation(index)))].join(
    "\n",
  );
  for (let length = 0; length < text.length; length += 29) {
    const path = join(folder, "cut.jsonl");
    await writeFile(path, text.slice(0, length));
    try {
      const { operations } = await loadHistory(path);
      assert.deepEqual(
        operations,
        Array.from({ length: operations.length }, (_, index) => operation(index)),
      );
    } catch (error) {
      assert.ok(error instanceof OutlastError && error.failure.code === "HISTORY_INVALID", String(error));
    }
  }
  for (const end of ["gz", "zst"]) {
    const path = join(folder, `cut.jsonl.${end}`);
    const writer = await openHistoryWriter(path, header);
    for (let index = 0; index < 5_000; index += 1) writer.append(operation(index));
    await writer.close();
    await truncate(path, 2_000);
    assert.equal((await failureOf(loadHistory(path))).code, "HISTORY_INVALID");
  }
});

test("a line beyond the limit is refused before it is whole in memory", async () => {
  const path = join(folder, "long.jsonl");
  await writeFile(path, `${head}\n{"x":"${"y".repeat(5_000_000)}"}\n`);
  const failure = await failureOf(loadHistory(path, { operationsMax: 10, lineBytesMax: 1_000_000 }));
  assert.match(failure.what, /more than 1000000 bytes/);
  assert.equal(failure.where, `${path}:2`);
});

test("a missing file is exit 2 and names itself", async () => {
  assert.equal((await failureOf(loadHistory(join(folder, "none.jsonl")))).code, "HISTORY_NOT_FOUND");
});

test("reading streams in batches that keep the order of the file", async () => {
  const path = join(folder, "batches.jsonl");
  const writer = await openHistoryWriter(path, header);
  for (let index = 0; index < 16_000; index += 1) writer.append(operation(index));
  await writer.close();
  let batches = 0;
  let seen = 0;
  for await (const batch of readHistory(path)) {
    batches += 1;
    for (const each of batch.operations) {
      assert.equal(each.invoked, seen * 100 + 1);
      seen += 1;
    }
  }
  assert.equal(seen, 16_000);
  assert.ok(batches > 1);
});

const part = (origin: string, monotonicOriginNs: string | null, operations: Operation[]): History => ({
  header: { ...header, origin, ...(monotonicOriginNs === null ? {} : { meta: { monotonicOriginNs } }) },
  operations,
  marks: [{ mark: "event", at: 5, name: origin }],
});

test("parts are merged on their common clock, with ids that do not meet", () => {
  const merged = mergeHistories([
    part("b", "1000", [{ process: 0, op: "read", invoked: 10, outcome: "unknown" }]),
    part("a", "400", [
      { process: 0, session: 4, op: "read", invoked: 50, outcome: "unknown", scheduled: 49 },
    ]),
  ]);
  assert.equal(merged.header.origin, "a");
  assert.deepEqual(merged.operations, [
    { process: 1, session: 0, op: "read", invoked: 50, outcome: "unknown", scheduled: 49 },
    { process: 0, op: "read", invoked: 610, outcome: "unknown" },
  ]);
  assert.deepEqual(
    merged.marks.map(({ name, at }) => [name, at]),
    [
      ["a", 5],
      ["b", 605],
    ],
  );
  assert.throws(() => mergeHistories([part("a", null, []), part("b", null, [])]), /different origins/);
});

test("merging keeps every operation and never lets two share a process by accident", () => {
  const some = fc.array(
    fc.record({
      process: fc.nat(3),
      op: fc.constant("read" as const),
      invoked: fc.nat(100),
      outcome: fc.constant("unknown" as const),
    }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(fc.array(some, { minLength: 1, maxLength: 4 }), (lists) => {
      const merged = mergeHistories(lists.map((list) => part("o", "7", list)));
      assert.equal(merged.operations.length, lists.flat().length);
      const before = lists.flatMap((list, index) => list.map((each) => `${index}/${each.process}`));
      assert.equal(new Set(merged.operations.map((each) => each.process)).size, new Set(before).size);
      for (const [index, each] of merged.operations.entries())
        assert.ok(index === 0 || (merged.operations[index - 1]?.invoked ?? 0) <= each.invoked);
    }),
  );
});
