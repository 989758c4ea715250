import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Operation } from "../../src/domain/history.ts";
import { writeRegisterFile } from "../../bench/judges/register-file.ts";
import { judgeKeysOnThreads } from "../../src/cli/judge-keys.ts";
import { judgeRegisterFile } from "../../src/cli/judge-register-file.ts";
import { columnsOf } from "../../src/domain/register-columns.ts";
import { readRegisters } from "../../src/history/read-registers.ts";
import { loadHistory } from "../../src/history/read.ts";
import { judgeColumns } from "../../src/judges/judge-columns.ts";
import { LIMITS } from "../../src/judges/limits.ts";
import { judgeLinearizableRegister } from "../../src/judges/linearizable-register.ts";
import { bruteRegister } from "./brute-register.ts";
import { randomRegister } from "./random-register.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "outlast-judge-file-"));
});
after(() => rm(folder, { recursive: true }));

async function fileOf(name: string, operations: readonly Operation[]): Promise<string> {
  const path = join(folder, name);
  const lines = operations.map((operation) => JSON.stringify(operation));
  await writeFile(path, ['{"history":"outlast/v1"}', ...lines, ""].join("\n"));
  return path;
}

test("a file is judged as its operations are: the etcd histories", async () => {
  for (let number = 0; number < 20; number += 1) {
    const path = `test/judges/histories/etcd_${String(number).padStart(3, "0")}.jsonl`;
    const verdict = await judgeRegisterFile(path, LIMITS);
    const expected = judgeLinearizableRegister((await loadHistory(path)).operations, LIMITS);
    assert.equal(verdict.verdict, expected.verdict);
    assert.deepEqual({ ...verdict.statistics, steps: 0 }, { ...expected.statistics, steps: 0 });
    if (verdict.verdict === "invalid")
      assert.equal(judgeLinearizableRegister(verdict.witness, LIMITS).verdict, "invalid");
  }
});

test("random histories: the same verdict, and a witness that proves it", async () => {
  let invalid = 0;
  for (let seed = 1; seed <= 400; seed += 1) {
    const operations = randomRegister(seed, {
      operations: 8,
      processes: 3,
      values: seed % 4 === 0 ? 3 : 0,
      casRatio: seed % 3 === 0 ? 0.4 : 0,
      unknownRatio: 0.1,
      lieRatio: 0.15,
      lateRatio: 0.05,
      overlap: 2,
    }).map((operation, index) => ({ ...operation, process: index })); // ends overlap in one process here
    const verdict = await judgeRegisterFile(await fileOf(`${seed}.jsonl`, operations), LIMITS);
    assert.equal(verdict.verdict, bruteRegister(operations) ? "valid" : "invalid", `seed ${seed}`);
    if (verdict.verdict === "invalid") {
      invalid += 1;
      assert.ok(!bruteRegister(verdict.witness), `seed ${seed}: the witness proves nothing`);
      assert.match(verdict.reason, /process \d+/);
    }
  }
  assert.ok(invalid > 60 && invalid < 340, `${invalid} of 400`);
});

test("larger files, with refused swaps and lost answers, are decided as planted without a search", async () => {
  for (const mixed of [false, true])
    for (const planted of [false, true])
      for (const seed of [1, 2, 3]) {
        const path = join(folder, `${String(mixed)}-${String(planted)}-${seed}.jsonl`);
        writeRegisterFile(path, { keys: 4, clients: 20, operations: 20_000, seed, mixed, planted });
        const verdict = await judgeRegisterFile(path, LIMITS);
        assert.equal(verdict.verdict, planted ? "invalid" : "valid", `${path}: ${verdict.reason}`);
        if (planted) assert.ok(verdict.witness.length <= 8, `${verdict.witness.length} operations`);
        else assert.equal(verdict.statistics["steps"], 0);
      }
  assert.ok((await readFile(join(folder, "true-false-1.jsonl"), "utf8")).includes("false"));
});

test("keys spread over threads get the answers, the verdict and the witness of one thread", async () => {
  const operations = Array.from({ length: 12 }, (_, key) =>
    randomRegister(500 + key, {
      operations: 12,
      processes: 3,
      values: key === 2 ? 3 : 0,
      casRatio: key % 2 === 0 ? 0.3 : 0,
      unknownRatio: 0.1,
      lieRatio: key > 3 ? 0.1 : 0,
      lateRatio: 0,
      overlap: 2,
    }).map((operation, index) => ({ ...operation, key: `k${key}`, process: 100 * key + index })),
  );
  for (const list of [operations.slice(0, 4).flat(), operations.flat()]) {
    const path = await fileOf(`threads-${list.length}.jsonl`, list);
    const registers = await readRegisters(path);
    const one = registers.keys.map((key) => judgeColumns(columnsOf(registers, key)));
    assert.deepEqual(await judgeKeysOnThreads(registers, { most: 3, rowsMin: 0 }), one);
    const verdict = await judgeRegisterFile(path, LIMITS, { most: 1, rowsMin: 0 });
    assert.deepEqual(await judgeRegisterFile(path, LIMITS, { most: 2, rowsMin: 0 }), verdict);
    const kinds = new Set(one.map((each) => each.verdict));
    assert.ok(kinds.has("valid") && (list.length < 50 || kinds.has("invalid")), [...kinds].join(" "));
  }
});
