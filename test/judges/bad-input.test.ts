// What is wrong with a history is told with file and line, or the verdict is unknown with the reason: never a wrong valid, never a
// crash, never a memory that grows with the fault.
import assert from "node:assert/strict";
import { mkdtemp, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { judgeStreamed } from "../../src/cli/judge-streamed.ts";
import type { Operation } from "../../src/domain/history.ts";
import { OutlastError } from "../../src/domain/outcome.ts";
import { importHistory } from "../../src/history/import.ts";
import { judgeOf, LIMITS } from "../../src/judges/judge.ts";
import { outlastCommand, run } from "../../src/runtime/process.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "outlast-bad-input-"));
});
after(() => rm(folder, { recursive: true }));

const cli = (...args: string[]) => run(outlastCommand("judge", ...args));

interface Judged {
  /** As the command's exit code. */
  readonly code: number;
  readonly reason: string;
  readonly where: string;
}

/** What the command does, but in this process: each model by the way it reads a file. */
async function judge(path: string, model = "linearizable-register"): Promise<Judged> {
  try {
    const verdict =
      (await judgeStreamed(path, model, LIMITS)) ?? judgeOf(model)?.judge(await importHistory(path), LIMITS);
    assert.ok(verdict !== undefined);
    return { code: { valid: 0, invalid: 1, unknown: 5 }[verdict.verdict], reason: verdict.reason, where: "" };
  } catch (error) {
    assert.ok(error instanceof OutlastError, String(error));
    const { code, what, where } = error.failure;
    return { code: error.exitCode, reason: `${code} ${what}`, where };
  }
}

const HEAD = '{"history":"outlast/v1","origin":"2026-11-22T10:00:00Z","uncertaintyNs":0}';
const operation = (index: number, fields: Partial<Operation> = {}): string =>
  JSON.stringify({
    process: index,
    op: "write",
    key: "k",
    input: index,
    invoked: index * 10,
    outcome: "ok",
    completed: index * 10 + 5,
    ...fields,
  });

async function file(name: string, lines: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}

function refused({ code, reason, where }: Judged, what: RegExp, expected: string): void {
  assert.equal(code, 2, reason);
  assert.match(reason, what);
  assert.equal(where, expected);
}

const MODELS = ["linearizable-register", "journal", "transactions"];

test("truncated files, plain, gzip and zstd", async () => {
  const lines = Array.from({ length: 3_000 }, (_, index) => operation(index));
  const text = `${[HEAD, ...lines].join("\n")}\n`;
  const plain = join(folder, "cut.jsonl");
  await writeFile(plain, text.slice(0, -30));
  for (const model of MODELS) refused(await judge(plain, model), /the last line is cut off/, `${plain}:3001`);
  for (const [end, bytes] of [
    ["gz", gzipSync(text)],
    ["zst", zstdCompressSync(text)],
  ] as const)
    for (const share of [0.5, 0.999]) {
      const path = join(folder, `cut-${share}.jsonl.${end}`);
      await writeFile(path, bytes);
      await truncate(path, Math.floor(bytes.length * share));
      const { code, reason } = await judge(path);
      assert.equal(code, 2, `${path} ${reason}`);
      assert.match(reason, /HISTORY_INVALID (its compression is broken or cut off|the last line is cut off)/);
    }
});

test("an empty file, a header alone, a file of something else", async () => {
  const empty = join(folder, "empty.jsonl");
  await writeFile(empty, "");
  refused(await judge(empty), /the file is empty/, `${empty}:1`);
  for (const model of MODELS) assert.equal((await judge(await file("head.jsonl", [HEAD]), model)).code, 5);
  const other = join(folder, "other.jsonl");
  await writeFile(other, await readFile(process.execPath).then((bytes) => bytes.subarray(0, 100_000)));
  refused(await judge(other), /header|JSON/, `${other}:1`);
});

test("a completion before its invocation, two operations open in one process, an unknown operation: file and line", async () => {
  const cases: [string, string, RegExp][] = [
    ["before", operation(7, { completed: 1 }), /completed \(1\) before invoked \(70\)/],
    [
      "open",
      operation(7, { process: 2, invoked: 21, completed: 22 }),
      /process 2 already has the operation of line 4 open/,
    ],
    ["unknown", operation(7, { op: "drop" as "read" }), /unknown operation "drop"/],
    ["outcome", operation(7, { outcome: "maybe" as "ok" }), /outcome/],
  ];
  for (const [name, line, what] of cases) {
    const lines = [HEAD, ...[0, 1, 2].map((each) => operation(each)), line];
    const path = await file(`${name}.jsonl`, lines);
    for (const model of MODELS) refused(await judge(path, model), what, `${path}:5`);
  }
});

test("a process that goes on after an unknown outcome", async () => {
  const path = await file("goes-on.jsonl", [
    HEAD,
    JSON.stringify({ process: 1, op: "write", key: "k", input: 1, invoked: 1, outcome: "unknown" }),
    operation(2, { process: 1 }),
  ]);
  refused(await judge(path), /goes on after the unknown outcome of line 2: it needs a new id/, `${path}:3`);
});

test("duplicated values that should be unique: the search decides and says so, or the model says unknown", async () => {
  const lines = [
    operation(0, { input: 1 }),
    operation(1, { input: 1 }),
    operation(2, { op: "read", output: 1 }),
  ];
  const path = await file("twice.jsonl", [HEAD, ...lines]);
  const valid = await judge(path);
  assert.equal(valid.code, 0);
  assert.match(valid.reason, /by search \(.*(written|more than once|twice)/);
  const stale = await judge(
    await file("stale.jsonl", [HEAD, ...lines, operation(3), operation(4, { op: "read", output: 1 })]),
  );
  assert.equal(stale.code, 1, stale.reason);
  const causal = await judge(path, "causal");
  assert.equal(causal.code, 5);
  assert.match(causal.reason, /is written more than once/);
});

test("a line of 1 GB: an error with file and line, and bounded memory", async () => {
  const path = await file("giant.jsonl", [HEAD, operation(0)]);
  const handle = await open(path, "r+");
  try {
    await handle.truncate(1024 ** 3); // one line of zeros, which takes no room on the disk
  } finally {
    await handle.close();
  }
  for (const model of MODELS)
    refused(await judge(path, model), /the line has more than \d+ bytes/, `${path}:3`);
  const { code, stderr } = await cli(path, "--model", "linearizable-register", "--memory-limit", "600MB");
  assert.equal(code, 2, stderr);
  assert.match(stderr, /the line has more than \d+ bytes\nat: .*giant\.jsonl:3\ndo: /);
});

test("mixed clocks: parts without a common one are refused; a gap that the clocks could hide proves nothing", async () => {
  const parts = await Promise.all(
    ["a", "b"].map((origin) =>
      file(`${origin}.jsonl`, [HEAD.replace("2026-11-22T10:00:00Z", origin), operation(1)]),
    ),
  );
  const mixed = await cli(...parts, "--model", "linearizable-register");
  assert.equal(mixed.code, 2);
  assert.match(mixed.stderr, /HISTORY_MIXED_CLOCKS/);
  const lines = [operation(0), operation(1), operation(2, { op: "read", output: 0 })];
  const uncertain = HEAD.replace('"uncertaintyNs":0', '"uncertaintyNs":5');
  const apart = await cli(
    await file("apart.jsonl", [uncertain, ...lines]),
    "--model",
    "linearizable-register",
  );
  assert.equal(apart.code, 5, apart.stdout);
  assert.match(apart.stdout, /clocks may be 0\.000005 ms apart/);
  assert.equal((await judge(await file("close.jsonl", [HEAD, ...lines]))).code, 1);
});

test("names of the language's own objects are keys and values like others", async () => {
  const lines = ["__proto__", "constructor", "toString"].flatMap((key, index) => [
    operation(2 * index, { key, input: key }),
    operation(2 * index + 1, { key, op: "read", output: key }),
  ]);
  const path = await file("names.jsonl", [HEAD, ...lines]);
  for (const model of ["linearizable-register", "sequential", "sessions", "causal"])
    assert.equal((await judge(path, model)).code, 0, model);
});
