// What PostgreSQL's refusals mean: did the statement certainly take no effect? Each call is one statement, so an ERROR
// rolled all of it back. FATAL and PANIC can end a session that has committed and only waits for a standby: unknown.
import type { Failure } from "../../domain/outcome.ts";
import { EPOCH_NOT_RECORDED } from "./schema.ts";

/** By SQLSTATE: a name of ours and what to do; all others keep their own words. */
const KNOWN: Readonly<Record<string, readonly [code: string, next: string]>> = {
  "25006": ["NOT_PRIMARY", "ask the primary: this member is a standby"],
  "55000": ["NOT_PRIMARY", "ask the primary: this member is a standby"],
  "53300": ["TOO_MANY_CONNECTIONS", "end connections, or wait"],
  "53100": ["DISK_FULL", "free space on the member's disk"],
  [EPOCH_NOT_RECORDED]: [
    "EPOCH_NOT_RECORDED",
    "ask again: a primary serves once its agent has recorded its epoch",
  ],
  "57P03": ["MEMBER_NOT_READY", "it starts or stops: ask again later"],
};

const text = (value: unknown): string => (typeof value === "string" ? value : "");

export function failureOf(cause: unknown, aborted: boolean, where: string): Failure {
  const { severity, code, message } = cause as { severity?: unknown; code?: unknown; message?: unknown };
  if (text(severity) === "" || aborted)
    return {
      code: aborted ? "NO_ANSWER_IN_TIME" : "CONNECTION_LOST",
      definite: false,
      what: aborted ? "no answer in time" : text(message) || String(cause),
      where,
      next: "it may have happened or happen yet: read it back",
      cause,
    };
  // ledger.confirm on a standby: XX000, "cannot assign TransactionIds during recovery".
  const state = /during recovery/.test(text(message)) ? "25006" : text(code);
  const [known, next] = KNOWN[state] ?? ["REFUSED", "look at the member's log"];
  return {
    code: known,
    definite: severity === "ERROR",
    what: `${text(message)} (${text(code)})`,
    where,
    next,
    cause,
  };
}

/** The warning with which PostgreSQL ends the wait of a commit that it then acknowledges all the same; null: none. */
export const readsAsCommitted = (notices: readonly string[]): string | null =>
  notices.find((notice) => /canceling (?:the )?wait for synchronous replication/.test(notice)) ?? null;
