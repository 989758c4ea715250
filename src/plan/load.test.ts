import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { OutlastError } from "../domain/outcome.ts";
import { planJsonSchema } from "./json-schema.ts";
import { loadPlan } from "./load.ts";

const failureOf = async (path: string) => {
  try {
    await loadPlan(path);
  } catch (error) {
    assert.ok(error instanceof OutlastError);
    return { ...error.failure, exit: error.exitCode };
  }
  return assert.fail("the plan was accepted");
};

test("a plan is loaded from its file", async () => {
  assert.equal((await loadPlan("examples/etcd.yaml")).name, "ledger");
});

test("a missing, unreadable or wrong file is exit 2, with every error in the message", async () => {
  assert.equal((await failureOf("no-such.yaml")).code, "PLAN_NOT_FOUND");
  const folder = await mkdtemp(join(tmpdir(), "outlast-plan-"));
  try {
    assert.equal((await failureOf(folder)).code, "PLAN_NOT_FOUND");
    const path = join(folder, "plan.yaml");
    const text = readFileSync("examples/etcd.yaml", "utf8");
    await writeFile(path, text.replace("fall: 2", "fall: 0").replace("rise: 3", "rsie: 3"));
    const failure = await failureOf(path);
    assert.equal(failure.exit, 2);
    assert.equal(failure.code, "PLAN_INVALID");
    assert.equal(failure.what.split("\n").length, 3);
    assert.match(failure.what, /did you mean "rise"/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("docs/plan.schema.json is what the code says", () => {
  assert.deepEqual(JSON.parse(readFileSync("docs/plan.schema.json", "utf8")), planJsonSchema());
});
