import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { writeTransactionFile } from "../../bench/judges/transaction-file.ts";
import { judgeTransactionsFile } from "../../src/cli/judge-transactions-file.ts";
import { loadHistory } from "../../src/history/read.ts";
import { judgeTransactions } from "../../src/judges/transactions.ts";
import { seededRandom } from "../../src/runtime/random.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "outlast-transactions-"));
});
after(() => rm(folder, { recursive: true }));

/** As operations and as a file the same, to the last word. */
async function sameVerdict(path: string): Promise<string> {
  const { header, operations } = await loadHistory(path);
  const whole = judgeTransactions(operations, "strict-serializable", header.uncertaintyNs);
  const streamed = await judgeTransactionsFile(path);
  assert.deepEqual(streamed, whole);
  return whole.verdict;
}

test("a file is judged as its transactions are, and as planted", async () => {
  for (const seed of [1, 2, 3])
    for (const planted of [false, true]) {
      const path = join(folder, `${seed}-${String(planted)}.jsonl`);
      writeTransactionFile(path, {
        transactions: 2_000,
        clients: 8,
        keys: 4,
        appendsEach: 40,
        seed,
        planted,
      });
      assert.equal(await sameVerdict(path), planted ? "invalid" : "valid");
    }
});

test("random steps, contradictions of every kind among them, give the same verdict both ways", async () => {
  const verdicts: Record<string, number> = {};
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seededRandom(seed);
    const lines = [`{"history":"outlast/v1"}`];
    const kinds = seed % 3 === 0 ? ["append", "r", "w"] : seed % 3 === 1 ? ["append", "r"] : ["w", "r"];
    for (let index = 0; index < 6; index += 1) {
      const steps = Array.from({ length: 1 + random.below(3) }, () => {
        const kind = random.pick(kinds);
        const list = Array.from({ length: random.below(4) }, (_, at) => at + 1);
        const seen =
          seed % 3 === 1 || random.next() < 0.3 ? random.pick<unknown>([list, null]) : 1 + random.below(4);
        return [kind, random.pick(["x", "y"]), kind === "r" ? seen : 1 + random.below(6)];
      });
      const outcome = random.pick(["ok", "ok", "ok", "fail", "unknown"]);
      const end = outcome === "unknown" ? {} : { completed: 10 * index + 15 };
      lines.push(
        JSON.stringify({
          process: index,
          op: "txn",
          input: steps,
          output: steps,
          invoked: 10 * index,
          outcome,
          ...end,
        }),
      );
    }
    const path = join(folder, `random-${seed}.jsonl`);
    await writeFile(path, lines.join("\n"));
    const verdict = await sameVerdict(path);
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  }
  assert.ok((verdicts["invalid"] ?? 0) > 30 && (verdicts["valid"] ?? 0) > 5, JSON.stringify(verdicts));
});
