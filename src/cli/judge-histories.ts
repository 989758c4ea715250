// The process that judges: reads the histories, asks each judge, and tells its stages and verdicts as messages. It may be
// killed at any moment by the one that watches it (watch-judging.ts).
import { stat } from "node:fs/promises";
import type { History } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { importHistory } from "../history/import.ts";
import { readHistory } from "../history/read.ts";
import { mergeHistories } from "../history/merge.ts";
import { aroundOf } from "../judges/around.ts";
import type { Judge, Limits } from "../judges/judge.ts";
import { LINEARIZABLE_REGISTER } from "../judges/linearizable-register.ts";
import { sendMessage } from "./judge-messages.ts";
import { judgeRegisterFile } from "./judge-register-file.ts";

const AROUND_MAX = 16;
const WITNESS_SENT_MAX = 1_000;

/** What the language itself refuses to hold: a limit like the others, so the verdict is unknown. */
const BEYOND =
  /Array buffer allocation failed|Invalid (typed )?(array|string) length|(Map|Set) maximum size exceeded|Maximum call stack|Cannot create a string longer/;

function judgeOne(each: Judge, history: History, limits: Limits): Verdict {
  try {
    return each.judge(history, limits);
  } catch (cause) {
    if (!(cause instanceof RangeError) || !BEYOND.test(cause.message)) throw cause;
    const reason = `the history is beyond what this judge can hold: ${cause.message}`;
    return { model: each.model, verdict: "unknown", reason, witness: [], statistics: {} };
  }
}

/** Files up to this size are read again, whole, for what went on around a witness. */
const AROUND_BYTES_MAX = 64 * 1024 * 1024;

async function uncertaintyOf(file: string): Promise<number> {
  for await (const { header } of readHistory(file)) return header.uncertaintyNs;
  return 0;
}

/** One history file, however large, without an object for each operation. */
async function judgeFileOfRegisters(file: string, each: Judge, limits: Limits): Promise<void> {
  sendMessage({ stage: "judging", model: each.model });
  const found = await judgeRegisterFile(file, limits);
  // Whether clocks that may be apart explain it, is asked with the operations at hand.
  const doubtful = found.verdict === "invalid" && (await uncertaintyOf(file)) > 0;
  const verdict = doubtful ? judgeOne(each, await importHistory(file), limits) : found;
  const small = verdict.witness.length > 0 && (await stat(file)).size <= AROUND_BYTES_MAX;
  const operations = small ? (await importHistory(file)).operations : [];
  const around = aroundOf(verdict.witness, operations, AROUND_MAX);
  sendMessage({
    stage: "judged",
    judged: { verdict, summary: each.summary, around: around.operations, aroundMore: around.more },
  });
}

export async function judgeHistories(
  files: readonly string[],
  judges: readonly Judge[],
  limits: Limits,
): Promise<void> {
  const [file, judge] = [files[0], judges[0]];
  const one = files.length === 1 && judges.length === 1 && judge?.model === LINEARIZABLE_REGISTER;
  if (one && file !== undefined && !/\.edn(\.gz|\.zst)?$/.test(file))
    return judgeFileOfRegisters(file, judge, limits);
  const parts: History[] = [];
  for (const file of files) {
    const tell = (operations: number) => sendMessage({ stage: "reading", file, operations });
    tell(0);
    parts.push(await importHistory(file, tell));
  }
  const [only] = parts;
  const history = parts.length === 1 && only !== undefined ? only : mergeHistories(parts);
  for (const each of judges) {
    sendMessage({ stage: "judging", model: each.model });
    const found = judgeOne(each, history, limits);
    const verdict = { ...found, witness: found.witness.slice(0, WITNESS_SENT_MAX) };
    const around = aroundOf(verdict.witness, history.operations, AROUND_MAX);
    sendMessage({
      stage: "judged",
      judged: { verdict, summary: each.summary, around: around.operations, aroundMore: around.more },
    });
  }
}
