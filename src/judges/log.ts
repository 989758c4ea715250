// A log with partitions and offsets (Kafka's shape): what was acknowledged at an offset stays there, once, in order.
// Lost: acknowledged, and a consumer that read past its offset never saw it; what nobody polled yet is not lost.
import type { Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { inOrder, operationWords, valueWords } from "./words.ts";

export const LOG = "log";

interface Entry {
  readonly partition: string;
  readonly offset: number;
  readonly value: unknown;
  readonly operation: Operation;
}

/** `{partition, offset, value?}` or a list of them; null: nothing that says where. */
function entriesOf(operation: Operation): Entry[] | null {
  const { output } = operation;
  const list: readonly unknown[] = Array.isArray(output) ? output : [output];
  const entries: Entry[] = [];
  for (const item of list) {
    const { partition, offset, value } = (typeof item === "object" && item !== null ? item : {}) as Record<
      string,
      unknown
    >;
    if ((typeof partition !== "number" && typeof partition !== "string") || !Number.isSafeInteger(offset))
      return null;
    entries.push({
      partition: `${operation.key ?? ""}/${partition}`,
      offset: offset as number,
      value: operation.op === "produce" && value === undefined ? operation.input : value,
      operation,
    });
  }
  return entries;
}

type Fault = readonly [name: LogAnomaly, reason: string, ...witness: readonly Operation[]];
export type LogAnomaly = "lost" | "duplicated" | "reordered" | "changed" | "foreign" | "went-back";

const nameOf = (value: unknown): string => JSON.stringify(value) ?? "undefined";

/** What a consumer (process) saw, in its order: per partition offsets must grow unless it says it began again. */
function consumerFaults(consumed: readonly Entry[]): Fault[] {
  const faults: Fault[] = [];
  const at = new Map<string, Entry>();
  for (const entry of consumed) {
    const name = `${entry.operation.session ?? entry.operation.process} ${entry.partition}`;
    const before = at.get(name);
    if (before !== undefined && entry.offset <= before.offset)
      faults.push([
        "went-back",
        `${operationWords(entry.operation)} got offset ${entry.offset} of ${entry.partition} after offset ${before.offset}`,
        before.operation,
        entry.operation,
      ]);
    at.set(name, entry);
  }
  return faults;
}

export function judgeLog(operations: readonly Operation[]): Verdict {
  const produced: Entry[] = [];
  const consumed: Entry[] = [];
  const attempted = new Set<string>();
  let withoutPlace = 0;
  for (const operation of inOrder(operations)) {
    if (operation.op === "produce" && operation.outcome !== "fail") attempted.add(nameOf(operation.input));
    if ((operation.op !== "produce" && operation.op !== "consume") || operation.outcome !== "ok") continue;
    if (operation.op === "consume" && (operation.output === null || operation.output === undefined)) continue;
    const entries = entriesOf(operation);
    if (entries === null) withoutPlace += 1;
    else for (const entry of entries) (operation.op === "produce" ? produced : consumed).push(entry);
  }
  const faults: Fault[] = [];
  const held = new Map<string, Entry>();
  const seenAt = new Map<string, Entry>();
  const highest = new Map<string, Entry>();
  for (const entry of [...produced, ...consumed]) {
    const place = `${entry.partition} ${entry.offset}`;
    const other = held.get(place);
    if (other === undefined) held.set(place, entry);
    else if (nameOf(other.value) !== nameOf(entry.value))
      faults.push([
        "changed",
        `offset ${entry.offset} of ${entry.partition} is ${valueWords(other.value)} for ${operationWords(other.operation)} and ${valueWords(entry.value)} for ${operationWords(entry.operation)}`,
        other.operation,
        entry.operation,
      ]);
    const known = seenAt.get(nameOf(entry.value));
    if (known === undefined) seenAt.set(nameOf(entry.value), entry);
    else if (`${known.partition} ${known.offset}` !== place)
      faults.push([
        "duplicated",
        `${valueWords(entry.value)} is at offset ${known.offset} of ${known.partition} and at offset ${entry.offset} of ${entry.partition}`,
        known.operation,
        entry.operation,
      ]);
  }
  const seen = new Set<string>();
  for (const entry of consumed) {
    seen.add(`${entry.partition} ${entry.offset}`);
    const top = highest.get(entry.partition);
    if (top === undefined || entry.offset > top.offset) highest.set(entry.partition, entry);
    if (!attempted.has(nameOf(entry.value)))
      faults.push([
        "foreign",
        `${operationWords(entry.operation)} got ${valueWords(entry.value)}, which nobody produced`,
        entry.operation,
      ]);
  }
  let notPolled = 0;
  for (const entry of produced) {
    const top = highest.get(entry.partition);
    if (seen.has(`${entry.partition} ${entry.offset}`)) continue;
    if (top === undefined || top.offset < entry.offset) notPolled += 1;
    else
      faults.push([
        "lost",
        `${operationWords(entry.operation)} was acknowledged at offset ${entry.offset} of ${entry.partition}; consumers read up to ${top.offset} and never saw it`,
        entry.operation,
        top.operation,
      ]);
  }
  faults.push(...orderFaults(produced), ...consumerFaults(consumed));
  const count = (name: LogAnomaly) => faults.filter(([kind]) => kind === name).length;
  const statistics = {
    produced: produced.length,
    consumed: consumed.length,
    notPolled,
    withoutPlace,
    lost: count("lost"),
    duplicated: count("duplicated"),
    reordered: count("reordered"),
    changed: count("changed"),
    foreign: count("foreign"),
    wentBack: count("went-back"),
  };
  const first = faults[0];
  if (first !== undefined) {
    const [name, reason, ...witness] = first;
    const more = faults.length > 1 ? `; ${faults.length} faults in all` : "";
    return {
      model: LOG,
      verdict: "invalid",
      reason: `${name}: ${reason}${more}`,
      witness: inOrder(witness),
      statistics,
    };
  }
  const doubt =
    withoutPlace > 0
      ? `${withoutPlace} answers carry no partition and offset`
      : produced.length === 0
        ? "nothing was produced"
        : notPolled > 0
          ? `${notPolled} acknowledged entries lie beyond what any consumer read`
          : null;
  return {
    model: LOG,
    verdict: doubt === null ? "valid" : "unknown",
    reason: doubt ?? `all ${produced.length} acknowledged entries were consumed at their offsets`,
    witness: [],
    statistics,
  };
}

/** An entry produced after another was acknowledged must lie behind it in its partition. */
function orderFaults(produced: readonly Entry[]): Fault[] {
  const faults: Fault[] = [];
  const partitions = Map.groupBy(produced, (entry) => entry.partition);
  for (const entries of partitions.values()) {
    const byEnd = entries.toSorted((a, b) => (a.operation.completed ?? 0) - (b.operation.completed ?? 0));
    let next = 0;
    let top: Entry | null = null;
    for (const entry of entries.toSorted((a, b) => a.operation.invoked - b.operation.invoked)) {
      for (
        ;
        next < byEnd.length && (byEnd[next]?.operation.completed ?? 0) < entry.operation.invoked;
        next += 1
      ) {
        const ended = byEnd[next] as Entry;
        if (top === null || ended.offset > top.offset) top = ended;
      }
      if (top !== null && entry.offset < top.offset)
        faults.push([
          "reordered",
          `${operationWords(entry.operation)} got offset ${entry.offset} of ${entry.partition}, after ${operationWords(top.operation)} had got ${top.offset}`,
          top.operation,
          entry.operation,
        ]);
    }
  }
  return faults;
}
