// What `outlast judge` prints for people and for CI, and what it does at its limits.
import assert from "node:assert/strict";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { outlastCommand, run } from "../../src/runtime/process.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "outlast-judge-output-"));
});
after(() => rm(folder, { recursive: true }));

const judge = (...args: string[]) => run(outlastCommand("judge", ...args));
const HEAD = '{"history":"outlast/v1","origin":"2026-11-22T10:00:00Z","uncertaintyNs":0}';
const line = (fields: object) => JSON.stringify({ outcome: "ok", key: "k", ...fields });

async function file(name: string, ...lines: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `${[HEAD, ...lines].join("\n")}\n`);
  return path;
}

const stale = () =>
  file(
    "stale.jsonl",
    line({ process: 0, op: "write", input: "<b>1</b>", invoked: 10, completed: 20 }),
    line({ process: 1, op: "write", input: 2, invoked: 30, completed: 40 }),
    line({ process: 2, op: "read", output: "<b>1</b>", invoked: 50, completed: 60 }),
    line({ process: 3, op: "read", output: 2, invoked: 35, completed: 70 }),
  );

test("text tells the witness in words and draws it, one lane a process", async () => {
  const { stdout, code } = await judge(await stale(), "--model", "linearizable-register");
  assert.equal(code, 1);
  assert.match(
    stdout,
    /^witness:\n {3}1 {2}key k: write "<b>1<\/b>" by process 0, 0\.00001 ms – 0\.00002 ms\n/m,
  );
  assert.match(
    stdout,
    /^ {2}process 0 {2}├─+1─+┤\n {2}process 1 {2,}├─+2─+┤\n {2}process 3 {2,}├─+3─+┤\n {2}process 2 {2,}├─+4─+┤\n/m,
  );
});

test("junit: invalid is a failure, unknown an error", async () => {
  const models = ["linearizable-register", "epochs", "monotonic-reads"].flatMap((model) => [
    "--model",
    model,
  ]);
  const { stdout, code } = await judge(await stale(), ...models, "-o", "junit");
  assert.equal(code, 1);
  assert.match(stdout, /tests="3" failures="1" errors="1"/);
  assert.match(stdout, /name="monotonic-reads"\/>/);
  assert.match(stdout, /<error message="no answer carries an epoch"/);
  assert.doesNotMatch(stdout, /<b>/);
});

test("html: one page that asks nothing of anywhere and lets no value become markup", async () => {
  const { stdout } = await judge(await stale(), "--model", "linearizable-register", "-o", "html");
  assert.match(stdout, /^<!doctype html>/);
  assert.match(stdout, /default-src &#39;none&#39;/);
  assert.doesNotMatch(stdout, /https?:|<script|"<b>1/);
  assert.match(stdout, /<b>3<\/b>read → /);
  assert.match(stdout, /bar-op shown/);
});

test("past the limit of time the verdict is unknown, with the reason", async () => {
  const path = await file(
    "hard.jsonl",
    ...Array.from({ length: 400 }, (_, index) =>
      line({
        process: index,
        op: index % 2 === 0 ? "write" : "cas",
        input: index % 2 === 0 ? index % 5 : [index % 5, (index + 1) % 5],
        ...(index % 2 === 0 ? {} : { output: index % 3 === 0 }),
        invoked: index,
        completed: 100_000 + index,
      }),
    ),
  );
  const args = [path, "--model", "linearizable-register", "--steps", "900000000000"];
  const { stdout, code, stderr } = await judge(...args, "--time-limit", "1500ms");
  assert.equal(code, 5, stderr);
  assert.match(
    stdout,
    /^linearizable-register: unknown\n {2}stopped at the time limit of 1\.5 s while judging/,
  );
});

test("past the limit of memory the verdict is unknown, never valid", async () => {
  const path = join(folder, "large.jsonl");
  const stream = createWriteStream(path);
  stream.write(`${HEAD}\n`);
  for (let index = 0; index < 300_000; index += 1) {
    const text = line({
      process: index,
      op: "write",
      input: `${index}`,
      invoked: index,
      completed: index + 5,
    });
    if (!stream.write(`${text}\n`)) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "close");
  const { stdout, code, stderr } = await judge(
    path,
    "--model",
    "linearizable-register",
    "--memory-limit",
    "100MB",
  );
  assert.equal(code, 5, stderr);
  assert.match(stdout, /unknown\n {2}stopped at the memory limit of 95 MB while/);
});

test("limits and formats that mean nothing are wrong usage", async () => {
  const path = await stale();
  for (const wrong of [
    ["-o", "pdf"],
    ["--time-limit", "soon"],
    ["--memory-limit", "2"],
    ["--steps", "0"],
  ])
    assert.equal((await judge(path, "--model", "epochs", ...wrong)).code, 2, wrong.join(" "));
});
