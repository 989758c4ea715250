// A history → Jepsen's history.edn: one map a line, invocations and completions by time. What Jepsen has no place for (site,
// epoch, the answer "not swapped" of a compare-and-set that it calls a failure) stands under `:outlast`, so that an import
// gives the same history. Reads of one replica by name are left out: Jepsen's checkers would take them for reads of the whole.
import type { History, Mark, Operation, Outcome3 } from "../domain/history.ts";
import { writeEdn } from "./edn.ts";
import { HEADER_REMARK } from "./jepsen.ts";
import { ASKS_NOTHING, type Dialect, type Entry, GIVES_VALUE, toOperation } from "./jepsen-operation.ts";

const TYPES: Readonly<Record<Outcome3, string>> = { ok: "ok", fail: "fail", unknown: "info" };
const keyword = (name: string): symbol => Symbol.for(`:${name}`);
const numeric = (text: string): unknown =>
  String(Number(text)) === text && Number.isSafeInteger(Number(text)) ? Number(text) : text;

/** Values as Jepsen writes them: micro-operations as keywords, accounts as numbers where they are. */
function jepsenValue({ op }: Operation, value: unknown): unknown {
  if (op === "txn" && Array.isArray(value))
    return value.map((step) =>
      Array.isArray(step) && typeof step[0] === "string"
        ? [keyword(step[0]), ...(step.slice(1) as unknown[])]
        : step,
    );
  if (op === "transfer" && typeof value === "object" && value !== null) {
    const { from, to } = value as Record<string, unknown>;
    return { ...value, from: numeric(String(from as string)), to: numeric(String(to as string)) };
  }
  return value;
}

function entriesOf(operation: Operation, dialect: Dialect): readonly [Entry, Entry] {
  const { process, op, key, input, output, outcome, invoked, completed } = operation;
  const wrap = (value: unknown) =>
    dialect.independent && op !== "txn" ? [key === undefined ? null : numeric(key), value] : value;
  const asked = ASKS_NOTHING.has(op) ? null : jepsenValue(operation, input);
  const answered = outcome === "ok" && GIVES_VALUE.has(op) ? jepsenValue(operation, output) : asked;
  const type = op === "cas" && outcome === "ok" && output === false ? "fail" : TYPES[outcome];
  const base = { line: 0, f: op === "balances" ? "read" : op, process, outlast: {} };
  return [
    { ...base, type: "invoke", value: wrap(asked), time: invoked },
    { ...base, type, value: wrap(answered), time: completed ?? invoked },
  ];
}

/** Fields that an import would not find by itself. */
function lostFields(operation: Operation, imported: Operation | null): Record<string, unknown> {
  const found: Readonly<Record<string, unknown>> = { ...imported };
  return Object.fromEntries(
    Object.entries(operation).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(found[name]),
    ),
  );
}

const line = ({ type, process, f, value, time, outlast }: Entry): string =>
  writeEdn({
    type: keyword(type),
    process: typeof process === "number" ? process : keyword("nemesis"),
    f: keyword(f),
    value,
    time,
    ...(Object.keys(outlast).length === 0 ? {} : { outlast }),
  });

const isName = (name: string): boolean => /^[a-z][a-z0-9-]*$/i.test(name);

function markEntry({ at, name, ...rest }: Mark): Entry {
  const f = isName(name) ? name : "event";
  return { line: 0, type: "info", process: null, f, value: null, time: at, outlast: { ...rest, name } };
}

interface Event {
  readonly at: number;
  readonly process: number;
  readonly kind: "begins" | "ends" | "mark";
  readonly text: string;
}

/**
 * By time. For Jepsen the order of lines is the order of events, so at one time all that can begin comes before what ends;
 * but a process begins nothing before it has ended what it had open.
 */
function inFileOrder(events: readonly Event[]): Event[] {
  const sorted: Event[] = [];
  const open = new Set<number>();
  for (const [, group] of [...Map.groupBy(events, ({ at }) => at)].sort(([a], [b]) => a - b)) {
    let rest = group;
    while (rest.length > 0) {
      const later: Event[] = [];
      for (const kind of ["begins", "ends"] as const) {
        const now = kind === "begins" ? rest : later.splice(0);
        for (const event of now) {
          const ready =
            event.kind === "begins" ? !open.has(event.process) : event.kind === kind || event.kind === "mark";
          if (!ready) {
            later.push(event);
            continue;
          }
          if (event.kind === "begins") open.add(event.process);
          if (event.kind === "ends") open.delete(event.process);
          sorted.push(event);
        }
      }
      rest = later;
    }
  }
  return sorted;
}

/** The text, and how many operations it could not hold. */
export function exportJepsen(history: History): { readonly text: string; readonly leftOut: number } {
  const operations = history.operations.filter(({ from }) => from === undefined);
  const dialect: Dialect = {
    independent: operations.every(({ key, op }) => key !== undefined || op === "txn"),
    banks: operations.some(({ op }) => op === "transfer"),
  };
  const events: Event[] = [];
  for (const operation of operations) {
    const [begin, end] = entriesOf(operation, dialect);
    const outlast = lostFields(operation, toOperation(begin, end, operation.process, dialect));
    events.push({ at: begin.time, process: operation.process, kind: "begins", text: line(begin) });
    // What is unknown ends for Jepsen, too; at its invocation, because nothing later is known of it.
    events.push({ at: end.time, process: operation.process, kind: "ends", text: line({ ...end, outlast }) });
  }
  for (const mark of history.marks)
    events.push({ at: mark.at, process: -1, kind: "mark", text: line(markEntry(mark)) });
  const remark = { ...history.header, independent: dialect.independent };
  return {
    text: `${HEADER_REMARK}${JSON.stringify(remark)}\n${inFileOrder(events)
      .map(({ text }) => `${text}\n`)
      .join("")}`,
    leftOut: history.operations.length - operations.length,
  };
}
