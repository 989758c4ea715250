// A queue whose order is nobody's business (Jepsen's total-queue): what was acknowledged comes out, once, and nothing else
// does. Lost: acknowledged, never came out, and afterwards somebody found the queue empty; without such an answer it may still
// be inside. A dequeue of unknown outcome may have taken one element that nobody saw.
import { canonical } from "../domain/canonical.ts";
import type { Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { inOrder, operationWords, valueWords } from "./words.ts";

export const TOTAL_QUEUE = "total-queue";

export interface QueueRules {
  /** An element may come out more than once. */
  readonly atLeastOnce: boolean;
}

interface Element {
  readonly value: unknown;
  readonly acknowledged: Operation[];
  /** Enqueues of unknown outcome. */
  readonly unknown: Operation[];
  readonly failed: Operation[];
  readonly delivered: Operation[];
}

interface Fault {
  readonly name: "unexpected" | "lost" | "duplicated";
  readonly count: number;
  readonly reason: string;
  readonly witness: readonly Operation[];
}

interface Figures {
  attempted: number;
  acknowledged: number;
  delivered: number;
  recovered: number;
  /** Would be lost, if no dequeue of unknown outcome took them. */
  undetermined: number;
  /** Acknowledged, and nobody found the queue empty afterwards. */
  notDrained: number;
}

const never = Number.POSITIVE_INFINITY;
const endOf = ({ completed = never }: Operation) => completed;
const earliest = (operations: readonly Operation[], timeOf: (operation: Operation) => number) =>
  operations.reduce<Operation | null>(
    (first, each) => (first === null || timeOf(each) < timeOf(first) ? each : first),
    null,
  );

function elementsOf(operations: readonly Operation[]): Element[] {
  const elements = new Map<string, Element>();
  const elementOf = (value: unknown): Element => {
    const name = JSON.stringify(canonical(value)) ?? "null";
    const known = elements.get(name);
    if (known !== undefined) return known;
    const element: Element = { value, acknowledged: [], unknown: [], failed: [], delivered: [] };
    elements.set(name, element);
    return element;
  };
  for (const operation of operations) {
    const { op, input, output, outcome } = operation;
    if (op === "enqueue") {
      const { acknowledged, unknown, failed } = elementOf(input);
      (outcome === "ok" ? acknowledged : outcome === "fail" ? failed : unknown).push(operation);
    } else if (outcome === "ok" && output !== null && output !== undefined)
      elementOf(output).delivered.push(operation);
  }
  return [...elements.values()];
}

/** What came out without having been put in, or more often than it was. */
function deliveryFaults({ value, acknowledged, unknown, failed, delivered }: Element): Fault[] {
  const attempts = [...acknowledged, ...unknown];
  const first = earliest(delivered, endOf);
  if (first === null) return [];
  const said = operationWords(first);
  if (attempts.length === 0)
    return [
      {
        name: "unexpected",
        count: delivered.length,
        reason:
          failed[0] === undefined
            ? `${said} gave ${valueWords(value)}, which nobody enqueued`
            : `${said} gave ${valueWords(value)}, whose ${operationWords(failed[0])} certainly failed`,
        witness: [...failed.slice(0, 1), first],
      },
    ];
  const begun = earliest(attempts, ({ invoked }) => invoked) as Operation;
  if (endOf(first) < begun.invoked)
    return [
      {
        name: "unexpected",
        count: 1,
        reason: `${said} gave ${valueWords(value)} before ${operationWords(begun)} began`,
        witness: [first, begun],
      },
    ];
  if (delivered.length <= attempts.length) return [];
  return [
    {
      name: "duplicated",
      count: delivered.length - attempts.length,
      reason: `${valueWords(value)} was enqueued ${attempts.length === 1 ? "once" : `${attempts.length} times`} and came out ${delivered.length} times`,
      witness: [...attempts, ...delivered],
    },
  ];
}

/** One queue. */
function queueFaults(operations: readonly Operation[], figures: Figures): Fault[] {
  const elements = elementsOf(operations);
  const dequeues = operations.filter(({ op }) => op === "dequeue");
  const empty = dequeues
    .filter(({ outcome, output }) => outcome === "ok" && (output === null || output === undefined))
    .reduce<Operation | null>(
      (last, each) => (last === null || each.invoked > last.invoked ? each : last),
      null,
    );
  const faults = elements.flatMap(deliveryFaults);
  const missing: Operation[] = [];
  for (const { acknowledged, unknown, delivered } of elements) {
    const attempts = acknowledged.length + unknown.length;
    figures.attempted += attempts;
    figures.acknowledged += acknowledged.length;
    figures.delivered += delivered.length;
    figures.recovered += Math.max(0, Math.min(delivered.length, attempts) - acknowledged.length);
    const before = acknowledged.filter((each) => empty !== null && endOf(each) < empty.invoked);
    const lost = Math.max(0, before.length - delivered.length);
    missing.push(...before.slice(0, lost));
    figures.notDrained += Math.max(0, acknowledged.length - delivered.length) - lost;
  }
  if (missing.length === 0 || empty === null) return faults;
  const takers = dequeues.filter(({ outcome, invoked }) => outcome === "unknown" && invoked <= endOf(empty));
  figures.undetermined += Math.min(missing.length, takers.length);
  if (missing.length <= takers.length) return faults;
  const first = missing[0] as Operation;
  const perhaps =
    takers.length === 0
      ? ""
      : `; ${missing.length} are missing, and only ${takers.length} dequeues of unknown outcome may have taken one`;
  faults.push({
    name: "lost",
    count: missing.length - takers.length,
    reason: `${operationWords(first)} was acknowledged and never came out, and ${operationWords(empty)} found nothing afterwards${perhaps}`,
    witness: [...missing.slice(0, takers.length + 1), ...takers, empty],
  });
  return faults;
}

function doubtOf({ attempted, delivered, notDrained, undetermined }: Figures): string | null {
  if (attempted === 0 && delivered === 0) return "the history holds no enqueue and no dequeue";
  if (notDrained > 0)
    return `${notDrained} acknowledged elements never came out, and nobody found the queue empty after them`;
  if (undetermined > 0)
    return `${undetermined} acknowledged elements never came out; dequeues of unknown outcome may have taken them`;
  return null;
}

export function judgeTotalQueue(operations: readonly Operation[], { atLeastOnce }: QueueRules): Verdict {
  const own = operations.filter(
    ({ op, from }) => (op === "enqueue" || op === "dequeue") && from === undefined,
  );
  const figures: Figures = {
    attempted: 0,
    acknowledged: 0,
    delivered: 0,
    recovered: 0,
    undetermined: 0,
    notDrained: 0,
  };
  const all = [...Map.groupBy(own, ({ key = "" }) => key)].flatMap(([key, list]) =>
    queueFaults(list, figures).map((fault) => ({ ...fault, key })),
  );
  const count = (name: Fault["name"]) =>
    all.reduce((total, fault) => (fault.name === name ? total + fault.count : total), 0);
  const statistics = {
    ...figures,
    lost: count("lost"),
    unexpected: count("unexpected"),
    duplicated: count("duplicated"),
  };
  const give = (
    verdict: Verdict["verdict"],
    reason: string,
    witness: readonly Operation[] = [],
  ): Verdict => ({ model: TOTAL_QUEUE, verdict, reason, witness: inOrder(witness), statistics });
  const faults = all.filter(({ name }) => !(atLeastOnce && name === "duplicated"));
  const first = faults.find(({ name }) => name === "lost") ?? faults[0];
  if (first !== undefined) {
    const where = first.key === "" ? "" : `queue ${JSON.stringify(first.key)}: `;
    const kinds = (["lost", "unexpected", "duplicated"] as const)
      .filter((name) => count(name) > 0)
      .map((name) => `${count(name)} ${name}`);
    return give(
      "invalid",
      `${first.name}: ${where}${first.reason}; in all ${kinds.join(", ")}`,
      first.witness,
    );
  }
  const doubt = doubtOf(figures);
  if (doubt !== null) return give("unknown", doubt);
  const again = statistics.duplicated > 0 ? `, ${statistics.duplicated} of them again` : "";
  return give(
    "valid",
    `all ${figures.acknowledged} acknowledged elements came out${again}, and nothing else did`,
  );
}
