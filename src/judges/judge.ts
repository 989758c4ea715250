// The models: name → judge. Each is a pure function from a history to a verdict.
import type { History, HistoryHeader } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { AVAILABILITY, AVAILABILITY_DEFAULTS, judgeAvailability } from "./availability.ts";
import { BANK, judgeBank } from "./bank.ts";
import { CAUSAL, CAUSAL_CONVERGENCE, judgeCausal, judgeCausalConvergence } from "./causal.ts";
import { CONVERGENCE, judgeConvergence } from "./convergence.ts";
import { EPOCHS, judgeEpochs } from "./epochs.ts";
import { firstFaultAt, JOURNAL, judgeJournal } from "./journal.ts";
import { LIMITS, type Limits } from "./limits.ts";
import {
  judgeLinearizableAppend,
  LINEARIZABLE_LIST_APPEND,
  LINEARIZABLE_STRING_APPEND,
} from "./linearizable-append.ts";
import { judgeLinearizableRegister, LINEARIZABLE_REGISTER } from "./linearizable-register.ts";
import { judgeLinearizableModel, linearizableName } from "./linearizable-model.ts";
import { judgeLog, LOG } from "./log.ts";
import { MODELS, REGISTER } from "./models/models.ts";
import { judgeSequential, sequentialName } from "./sequential.ts";
import { judgeSessions, SESSION_MODELS, SESSIONS } from "./sessions.ts";
import { judgeStrongest, STRONGEST } from "./strongest.ts";
import { judgeTotalQueue, TOTAL_QUEUE } from "./total-queue.ts";
import { withUncertainty } from "./uncertain-clocks.ts";
import { ISOLATION_LEVELS, type IsolationLevel, judgeTransactions, TRANSACTIONS } from "./transactions.ts";

export interface Judge {
  readonly model: string;
  readonly summary: string;
  judge(history: History, limits: Limits): Verdict;
}

const textsOf = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;

/** The isolation level that a history asks to be judged by. */
export const isolationOf = ({ meta }: HistoryHeader): IsolationLevel =>
  ISOLATION_LEVELS.find((level) => level === meta?.isolation) ?? "strict-serializable";

/** Those that compare times of different clients. What counts from one client alone does not. */
const REAL_TIME: ReadonlySet<string> = new Set([
  LINEARIZABLE_REGISTER,
  LINEARIZABLE_LIST_APPEND,
  LINEARIZABLE_STRING_APPEND,
  ...MODELS.map(linearizableName),
  JOURNAL,
  EPOCHS,
  BANK,
  LOG,
  TOTAL_QUEUE,
  CONVERGENCE,
]);

const ROWS: readonly Judge[] = [
  {
    model: LINEARIZABLE_REGISTER,
    summary: "one order of reads, writes and compare-and-sets explains every answer, per key",
    judge: ({ operations }, limits) => judgeLinearizableRegister(operations, limits),
  },
  {
    model: LINEARIZABLE_LIST_APPEND,
    summary: "one order of appends and reads explains every answer, per list (a read gives all elements)",
    judge: ({ operations }, limits) => judgeLinearizableAppend("list", operations, limits),
  },
  {
    model: LINEARIZABLE_STRING_APPEND,
    summary: "one order of appends and reads explains every answer, per string (null is empty)",
    judge: ({ operations }, limits) => judgeLinearizableAppend("string", operations, limits),
  },
  ...MODELS.map(
    (model): Judge => ({
      model: linearizableName(model),
      summary: `one order of all operations, each within its time, explains every answer (${model.summary})`,
      judge: ({ operations }, limits) => judgeLinearizableModel(model, operations, limits),
    }),
  ),
  ...[REGISTER, ...MODELS].map(
    (model): Judge => ({
      model: sequentialName(model),
      summary: `one order that keeps each session's own order explains every answer (${model.summary})`,
      judge: ({ operations }, limits) => judgeSequential(model, operations, limits),
    }),
  ),
  {
    model: CAUSAL_CONVERGENCE,
    summary: "registers: causal consistency with one order for everybody (CCv) over all keys",
    judge: ({ operations }) => judgeCausalConvergence(operations),
  },
  {
    model: CAUSAL,
    summary: "registers: causal consistency (CC) over all keys",
    judge: ({ operations }) => judgeCausal(operations),
  },
  ...([...SESSION_MODELS, SESSIONS] as const).map(
    (model): Judge => ({
      model,
      summary:
        model === SESSIONS
          ? "registers: all four session guarantees at once"
          : "registers: this session guarantee, per key",
      judge: ({ operations }) => judgeSessions(model, operations),
    }),
  ),
  {
    model: STRONGEST,
    summary:
      "which of linearizable, sequential, causal and session models is the strongest that the history does not refute",
    judge: ({ header, operations }, limits) => judgeStrongest(operations, limits, header.uncertaintyNs),
  },
  {
    model: TRANSACTIONS,
    summary:
      "transactions over lists and registers: no anomaly rules out the isolation level that the header names (meta.isolation), else strict-serializable",
    judge: ({ header, operations }) =>
      judgeTransactions(operations, isolationOf(header), header.uncertaintyNs),
  },
  {
    model: JOURNAL,
    summary: "every acknowledged append is in every read-back, once, and what was read once stays",
    judge: ({ header, operations, marks }) =>
      judgeJournal(operations, firstFaultAt(marks), textsOf(header.meta?.replicas)),
  },
  {
    model: EPOCHS,
    summary: "no answer of an older epoch to an operation that began after one of a newer epoch had ended",
    judge: ({ header, operations }) => {
      const members = header.meta?.members;
      return judgeEpochs(operations, typeof members === "number" ? Math.floor(members / 2) + 1 : 1);
    },
  },
  {
    model: BANK,
    summary: "no read of all balances shows money made, destroyed or moved by nobody",
    judge: ({ header, operations }) => {
      const { total, mayBeNegative } = header.meta ?? {};
      return judgeBank(operations, {
        total: typeof total === "number" ? total : null,
        mayBeNegative: mayBeNegative === true,
      });
    },
  },
  {
    model: CONVERGENCE,
    summary: "replicas, read by name, agree in the end and on nothing older than an acknowledged write",
    judge: ({ operations, marks }) => judgeConvergence(operations, marks),
  },
  {
    model: LOG,
    summary:
      "every acknowledged entry of a partition is consumed at its offset, once, in order, and nothing else is",
    judge: ({ operations }) => judgeLog(operations),
  },
  {
    model: TOTAL_QUEUE,
    summary:
      "every acknowledged element comes out of its queue, once, in whatever order, and nothing else does",
    judge: ({ header, operations }) =>
      judgeTotalQueue(operations, { atLeastOnce: header.meta?.delivery === "at-least-once" }),
  },
  {
    model: AVAILABILITY,
    summary:
      "every region, profile and kind of operation recovers after the first fault (the figures are the point)",
    judge: ({ header, operations, marks }) => {
      const deadline = header.meta?.deadlineMs;
      return judgeAvailability(
        operations,
        marks,
        typeof deadline === "number" ? deadline : AVAILABILITY_DEFAULTS.deadlineMs,
      );
    },
  },
];

export const JUDGES: readonly Judge[] = ROWS.map((row) =>
  REAL_TIME.has(row.model)
    ? { ...row, judge: (history, limits) => withUncertainty(history, (each) => row.judge(each, limits)) }
    : row,
);

/** The judge of a model; null when there is none of that name. */
export const judgeOf = (model: string): Judge | null => JUDGES.find((judge) => judge.model === model) ?? null;

export { LIMITS, type Limits };
