// What MariaDB's refusals mean: did the statement certainly take no effect? Only for errors that are known to be said before
// a commit begins: a session that is killed, or a statement whose time is up, may have committed and only wait for a standby.
import type { Failure } from "../../domain/outcome.ts";

/** By error number: a name of ours and what to do. All of them roll back, or never began; others are unknown. */
const REFUSED: Readonly<Record<number, readonly [code: string, next: string]>> = {
  1021: ["DISK_FULL", "free space on the member's disk"],
  1040: ["TOO_MANY_CONNECTIONS", "end connections, or wait"],
  1044: ["ACCESS_DENIED", "look at the grants of this account"],
  1045: ["ACCESS_DENIED", "look at the accounts of this member"],
  1048: ["REFUSED", "look at the statement"],
  1054: ["REFUSED", "look at the statement"],
  1062: ["REFUSED", "look at the statement"],
  1064: ["REFUSED", "look at the statement"],
  1114: ["DISK_FULL", "free space on the member's disk"],
  1142: ["ACCESS_DENIED", "look at the grants of this account"],
  1146: ["REFUSED", "look at the statement"],
  1153: ["TOO_LARGE", "send less at once, or raise max_allowed_packet"],
  1205: ["LOCK_WAIT_TIMEOUT", "try again"],
  1213: ["DEADLOCK", "try again"],
  1227: ["ACCESS_DENIED", "look at the grants of this account"],
  1290: ["NOT_PRIMARY", "ask the primary: this member is a standby"],
  1305: ["REFUSED", "look at the statement"],
  1370: ["ACCESS_DENIED", "look at the grants of this account"],
  1406: ["TOO_LARGE", "send less at once"],
  4151: ["ACCESS_DENIED", "this account is locked"],
};

const numberOf = (cause: unknown): number | null => {
  const { errno, fatal } = cause as { errno?: unknown; fatal?: unknown };
  return typeof errno === "number" && errno >= 1000 && fatal !== true ? errno : null;
};

export function failureOf(cause: unknown, aborted: boolean, where: string): Failure {
  const { message } = cause as { message?: unknown };
  const text = typeof message === "string" && message !== "" ? message : String(cause);
  const number = numberOf(cause);
  if (aborted || number === null)
    return {
      code: aborted ? "NO_ANSWER_IN_TIME" : "CONNECTION_LOST",
      definite: false,
      what: aborted ? "no answer in time" : text,
      where,
      next: "it may have happened or happen yet: read it back",
      cause,
    };
  const known = REFUSED[number];
  return {
    code: known?.[0] ?? "NOT_KNOWN_TO_BE_REFUSED",
    definite: known !== undefined,
    what: `${text} (${number})`,
    where,
    next: known?.[1] ?? "it may have happened: read it back, and look at the member's log",
    cause,
  };
}

/** After a refusal the session is as before; after anything else it may be in the middle of something. */
export const leavesConnectionUsable = (cause: unknown): boolean => {
  const number = numberOf(cause);
  return number !== null && REFUSED[number] !== undefined;
};
