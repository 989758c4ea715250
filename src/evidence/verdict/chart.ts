// A witness as bars, one lane a process. Time is stretched so that every beginning and every end is one step after the
// one before: what came before what stays as it was, how long it took does not. Pure.
import type { Operation } from "../../domain/history.ts";

export interface Bar {
  readonly operation: Operation;
  /** Place in the witness, from 1; null: it only happened at the same time. */
  readonly number: number | null;
  /** Steps, 0 … chart.steps. */
  readonly from: number;
  readonly to: number;
  /** No answer: it may take effect at any later time or never. */
  readonly open: boolean;
}

export interface Lane {
  readonly process: number;
  readonly site: string | null;
  readonly bars: readonly Bar[];
}

export interface Chart {
  readonly lanes: readonly Lane[];
  readonly steps: number;
  /** Where the witness's operations begin and end: step and time. */
  readonly ticks: readonly { readonly step: number; readonly at: number }[];
}

export function chartOf(witness: readonly Operation[], around: readonly Operation[]): Chart {
  const all = [...witness, ...around];
  // At one time beginnings come before ends, because then the operations are concurrent.
  const moments = [
    ...new Map(
      all
        .flatMap(({ invoked, completed }) => [
          { at: invoked, ends: 0 },
          ...(completed === undefined ? [] : [{ at: completed, ends: 1 }]),
        ])
        .map((moment) => [`${moment.at} ${moment.ends}`, moment] as const),
    ).values(),
  ].sort((a, b) => a.at - b.at || a.ends - b.ends);
  const step = new Map(moments.map(({ at, ends }, index) => [`${at} ${ends}`, index]));
  const steps = moments.length;
  const stepAt = (at: number, ends: 0 | 1) => step.get(`${at} ${ends}`) ?? steps;
  const numbers = new Map(witness.map((operation, index) => [operation, index + 1]));
  const lanes = new Map<number, { process: number; site: string | null; bars: Bar[] }>();
  for (const operation of all.toSorted((a, b) => a.invoked - b.invoked)) {
    const { process, site, invoked, completed } = operation;
    const lane = lanes.get(process) ?? { process, site: site ?? null, bars: [] };
    lanes.set(process, lane);
    const from = stepAt(invoked, 0);
    lane.bars.push({
      operation,
      number: numbers.get(operation) ?? null,
      from,
      to: completed === undefined ? steps : Math.max(stepAt(completed, 1), from + 1),
      open: completed === undefined,
    });
  }
  const shown = new Map<number, number>();
  for (const { invoked, completed } of witness) {
    shown.set(stepAt(invoked, 0), invoked);
    if (completed !== undefined) shown.set(stepAt(completed, 1), completed);
  }
  const first = (lane: { bars: readonly Bar[] }) =>
    Math.min(...lane.bars.map(({ number }) => number ?? Number.POSITIVE_INFINITY));
  return {
    lanes: [...lanes.values()].sort((a, b) => first(a) - first(b) || a.process - b.process),
    steps,
    ticks: [...shown].map(([place, at]) => ({ step: place, at })).sort((a, b) => a.step - b.step),
  };
}
