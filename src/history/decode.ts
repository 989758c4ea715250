// One line of a history → header, operation or mark, checked by hand: this is the hot path of every judge.
// Unknown keys are kept out of the result, so that a later version may add some.
import type { HistoryHeader, Mark, Operation, OperationKind } from "../domain/history.ts";

type Fields = Record<string, unknown>;

const NEEDS_INPUT = new Set<OperationKind>([
  "write",
  "cas",
  "append",
  "add",
  "transfer",
  "txn",
  "produce",
  "enqueue",
]);
const KINDS: ReadonlySet<string> = new Set<OperationKind>([
  "read",
  "write",
  "cas",
  "append",
  "add",
  "contains",
  "transfer",
  "balances",
  "txn",
  "produce",
  "consume",
  "enqueue",
  "dequeue",
  "acquire",
  "release",
]);
/** An `ok` of these says nothing without its output. */
const NEEDS_OUTPUT = new Set<OperationKind>(["read", "cas", "balances", "txn", "contains"]);

const isTime = (value: unknown): value is number => Number.isSafeInteger(value);

function shapeFault(op: OperationKind, outcome: string, input: unknown, output: unknown): string | null {
  if (input === undefined && NEEDS_INPUT.has(op)) return `a ${op} needs an input`;
  if (op === "cas" && (!Array.isArray(input) || input.length !== 2))
    return "the input of a cas is [from, to]";
  if (op === "txn" && !Array.isArray(input)) return "the input of a txn is a list of steps";
  if (outcome !== "ok") return null;
  if (output === undefined && NEEDS_OUTPUT.has(op)) return `an ok ${op} needs an output`;
  if (op === "cas" && typeof output !== "boolean") return "the output of a cas is true or false";
  if (op === "txn" && !Array.isArray(output)) return "the output of a txn is a list of steps";
  return null;
}

/** What is wrong with these fields as an operation; null when nothing is. */
function operationFault(fields: Fields): string | null {
  const { process, op, invoked, completed, outcome, scheduled } = fields;
  if (!Number.isSafeInteger(process)) return "process: expected a whole number";
  if (typeof op !== "string" || !KINDS.has(op)) return `op: unknown operation ${JSON.stringify(op)}`;
  if (!isTime(invoked)) return "invoked: expected whole nanoseconds";
  if (outcome !== "ok" && outcome !== "fail" && outcome !== "unknown")
    return `outcome: expected ok, fail or unknown, got ${JSON.stringify(outcome)}`;
  if (outcome === "unknown") {
    if (completed !== undefined && completed !== null) return "completed: an unknown outcome has none";
  } else {
    if (!isTime(completed)) return "completed: expected whole nanoseconds";
    if (completed < invoked) return `completed (${completed}) before invoked (${invoked})`;
  }
  if (scheduled !== undefined && !isTime(scheduled)) return "scheduled: expected whole nanoseconds";
  if (fields.session !== undefined && !Number.isSafeInteger(fields.session))
    return "session: expected a whole number";
  if (fields.epoch !== undefined && fields.epoch !== null && typeof fields.epoch !== "number")
    return "epoch: expected a number";
  for (const key of ["site", "region", "profile", "key", "from", "error"])
    if (fields[key] !== undefined && typeof fields[key] !== "string") return `${key}: expected a string`;
  return shapeFault(op as OperationKind, outcome, fields.input, fields.output);
}

function toOperation(fields: Fields): Operation {
  const result: Fields = {
    process: fields.process,
    op: fields.op,
    invoked: fields.invoked,
    outcome: fields.outcome,
  };
  for (const key of [
    "session",
    "site",
    "region",
    "profile",
    "key",
    "input",
    "scheduled",
    "output",
    "from",
    "error",
  ])
    if (fields[key] !== undefined) result[key] = fields[key];
  if (typeof fields.completed === "number") result.completed = fields.completed;
  if (typeof fields.epoch === "number") result.epoch = fields.epoch;
  return result as unknown as Operation;
}

function toMark(fields: Fields): Mark | string {
  const { mark, at, name, site, detail } = fields;
  if (mark !== "fault" && mark !== "heal" && mark !== "event") return "mark: expected fault, heal or event";
  if (!isTime(at)) return "at: expected whole nanoseconds";
  if (typeof name !== "string") return "name: expected a string";
  if (site !== undefined && typeof site !== "string") return "site: expected a string";
  if (detail !== undefined && (typeof detail !== "object" || detail === null))
    return "detail: expected an object";
  return {
    mark,
    at,
    name,
    ...(site === undefined ? {} : { site }),
    ...(detail === undefined ? {} : { detail: detail as Readonly<Record<string, unknown>> }),
  };
}

function toHeader(fields: Fields): HistoryHeader | string {
  const { history, origin, uncertaintyNs, meta } = fields;
  if (history !== "outlast/v1") return `expected the header {"history":"outlast/v1", ...} in the first line`;
  if (origin !== undefined && typeof origin !== "string") return "origin: expected an RFC 3339 time";
  if (uncertaintyNs !== undefined && (!isTime(uncertaintyNs) || uncertaintyNs < 0))
    return "uncertaintyNs: expected whole nanoseconds";
  if (meta !== undefined && (typeof meta !== "object" || meta === null)) return "meta: expected an object";
  return {
    history: "outlast/v1",
    origin: origin ?? "",
    uncertaintyNs: uncertaintyNs ?? 0,
    ...(meta === undefined ? {} : { meta: meta as Readonly<Record<string, unknown>> }),
  };
}

function fieldsOf(line: string): Fields | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    return `no JSON: ${cause instanceof Error ? cause.message : "unreadable"}`;
  }
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : "expected a JSON object";
}

/** The header, or what is wrong with it. An `origin` that is not there is "". */
export function decodeHeader(line: string): HistoryHeader | string {
  const fields = fieldsOf(line);
  return typeof fields === "string" ? fields : toHeader(fields);
}

/** An operation or a mark, or what is wrong with the line. */
export function decodeLine(line: string): Operation | Mark | string {
  const fields = fieldsOf(line);
  if (typeof fields === "string") return fields;
  if ("mark" in fields) return toMark(fields);
  return operationFault(fields) ?? toOperation(fields);
}
