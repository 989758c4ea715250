// Histories of several clocks: the header says how far apart they may be. Then "A was over before B began" is certain only
// where the gap is wider than that, or where one process did both. A violation that rests on a narrower gap is none that is
// proven: unknown. What is valid by the times as they are is valid by fewer of them, too.
import type { History, Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";

/** Every answer later by the uncertainty: two operations overlap wherever the clocks could hide that they did. */
export function withUncertainty(history: History, judge: (history: History) => Verdict): Verdict {
  const { uncertaintyNs } = history.header;
  const verdict = judge(history);
  if (uncertaintyNs === 0 || verdict.verdict !== "invalid") return verdict;
  const original = new Map<Operation, Operation>();
  const operations = history.operations.map((operation) => {
    if (operation.completed === undefined) return operation;
    const later = { ...operation, completed: operation.completed + uncertaintyNs };
    original.set(later, operation);
    return later;
  });
  const wide = judge({ ...history, operations });
  if (wide.verdict === "invalid")
    return {
      ...wide,
      witness: wide.witness.map((each) => original.get(each) ?? each),
      statistics: verdict.statistics,
    };
  return {
    ...verdict,
    verdict: "unknown",
    reason: `the clocks may be ${uncertaintyNs / 1e6} ms apart (uncertaintyNs), and only if they are closer is this a violation: ${verdict.reason}`,
  };
}
