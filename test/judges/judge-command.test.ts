import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { outlastCommand, run } from "../../src/runtime/process.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "outlast-judge-"));
});
after(() => rm(folder, { recursive: true }));

const judge = (...args: string[]) => run(outlastCommand("judge", ...args));
const known = (name: string) => `test/judges/histories/${name}.jsonl`;

test("exit 0, 1 and 5 for valid, invalid and unknown", async () => {
  const model = ["--model", "linearizable-register"];
  const valid = await judge(known("etcd_002"), ...model);
  assert.equal(valid.code, 0, valid.stderr);
  assert.match(valid.stdout, /^linearizable-register: valid\n/);
  const invalid = await judge(known("etcd_000"), ...model, "-o", "json");
  assert.equal(invalid.code, 1);
  const verdict = JSON.parse(invalid.stdout) as { verdict: string; witness: unknown[] };
  assert.equal(verdict.verdict, "invalid");
  assert.ok(verdict.witness.length > 0);
  assert.equal((await judge(known("etcd_002"), "--model", "epochs")).code, 5);
  assert.equal((await judge(known("etcd_002"), ...model, "--steps", "3")).code, 5);
});

test("wrong usage and wrong files are exit 2 with three lines", async () => {
  const path = join(folder, "wrong.jsonl");
  await writeFile(
    path,
    '{"history":"outlast/v1"}\n{"process":1,"op":"read","invoked":5,"outcome":"ok","output":1,"completed":4}\n',
  );
  const wrong = await judge(path, "--model", "epochs");
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.stderr,
    /HISTORY_INVALID completed \(4\) before invoked \(5\)\nat: .*wrong\.jsonl:2\ndo: /,
  );
  for (const args of [
    [],
    [known("etcd_002")],
    [known("etcd_002"), "--model", "linear"],
    ["none.jsonl", "--model", "epochs"],
  ])
    assert.equal((await judge(...args)).code, 2, args.join(" "));
  assert.match((await judge("--list-models")).stdout, /^journal /m);
});

test("convert: ours to Jepsen's and back is the same history with the same verdict", async () => {
  const convert = (...args: string[]) => run(outlastCommand("convert", ...args));
  const [edn, back] = [join(folder, "h.edn"), join(folder, "h.jsonl.zst")];
  for (const [from, to] of [
    [known("etcd_004"), edn],
    [edn, back],
  ] as const) {
    const { code, stderr } = await convert(from, to);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /operations written/);
  }
  const model = ["--model", "linearizable-register", "-o", "json"];
  const [first, second, third] = [
    await judge(known("etcd_004"), ...model),
    await judge(edn, ...model),
    await judge(back, ...model),
  ];
  assert.deepEqual(JSON.parse(second.stdout), JSON.parse(first.stdout));
  assert.deepEqual(JSON.parse(third.stdout), JSON.parse(first.stdout));
  assert.equal((await convert(edn, back)).code, 3, "a file is never overwritten");
  assert.equal((await convert(edn)).code, 2);
});
