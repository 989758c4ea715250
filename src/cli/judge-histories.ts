// The process that judges: reads the histories, asks each judge, and tells its stages and verdicts as messages. It may be
// killed at any moment by the one that watches it (watch-judging.ts).
import { stat } from "node:fs/promises";
import type { History, Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { Judged } from "../evidence/verdict/judged.ts";
import { importHistory } from "../history/import.ts";
import { readHistory } from "../history/read.ts";
import { mergeHistories } from "../history/merge.ts";
import { aroundOf } from "../judges/around.ts";
import type { Judge, Limits } from "../judges/judge.ts";
import { LINEARIZABLE_REGISTER } from "../judges/linearizable-register.ts";
import { sendMessage } from "./judge-messages.ts";
import { judgeStreamed } from "./judge-streamed.ts";

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

function judgedOf(each: Judge, found: Verdict, operations: readonly Operation[]): Judged {
  const verdict = { ...found, witness: found.witness.slice(0, WITNESS_SENT_MAX) };
  const around = aroundOf(verdict.witness, operations, AROUND_MAX);
  return { verdict, summary: each.summary, around: around.operations, aroundMore: around.more };
}

async function uncertaintyOf(file: string): Promise<number> {
  for await (const { header } of readHistory(file)) return header.uncertaintyNs;
  return 0;
}

/** One history file, however large, by a judge that needs it only as it is read; null: it needs the whole. */
async function judgeOneFile(file: string, each: Judge, limits: Limits): Promise<Judged | null> {
  const found = await judgeStreamed(file, each.model, limits);
  if (found === null) return null;
  // Whether clocks that may be apart explain it, is asked with the operations at hand. (Transactions have asked already.)
  const doubtful =
    found.verdict === "invalid" && each.model === LINEARIZABLE_REGISTER && (await uncertaintyOf(file)) > 0;
  const verdict = doubtful ? judgeOne(each, await importHistory(file), limits) : found;
  const small = verdict.witness.length > 0 && (await stat(file)).size <= AROUND_BYTES_MAX;
  const operations = small ? (await importHistory(file)).operations : [];
  return judgedOf(each, verdict, operations);
}

export async function judgeHistories(
  files: readonly string[],
  judges: readonly Judge[],
  limits: Limits,
): Promise<void> {
  const [file, first] = [files[0], judges[0]];
  if (files.length === 1 && judges.length === 1 && file !== undefined && first !== undefined) {
    sendMessage({ stage: "judging", model: first.model });
    const judged = await judgeOneFile(file, first, limits);
    if (judged !== null) return sendMessage({ stage: "judged", judged });
  }
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
    const judged = judgedOf(each, judgeOne(each, history, limits), history.operations);
    sendMessage({ stage: "judged", judged });
  }
}
