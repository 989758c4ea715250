// Random histories of one register, from a run of a real one: each operation takes effect at a moment inside its time,
// answers are what the register said, some answers are lost, and now and then one is a lie.
import type { Operation } from "../../src/domain/history.ts";
import { seededRandom } from "../../src/runtime/random.ts";

export interface RandomSpec {
  readonly operations: number;
  readonly processes: number;
  /** 0: every written value is new; else from so many values. */
  readonly values: number;
  readonly casRatio: number;
  readonly unknownRatio: number;
  /** Of the reads: answers changed to a value of another moment. */
  readonly lieRatio: number;
  /** Of all operations: taking effect outside their time. */
  readonly lateRatio: number;
  /** Length of an operation relative to the pause between two of one process. */
  readonly overlap: number;
}

export function randomRegister(seed: number, spec: RandomSpec): Operation[] {
  const random = seededRandom(seed);
  interface Draft {
    process: number;
    invoked: number;
    effect: number;
    completed: number;
    lost: boolean;
    happens: boolean;
  }
  const drafts: Draft[] = [];
  const clocks = Array.from({ length: spec.processes }, () => random.below(20));
  for (let index = 0; index < spec.operations; index += 1) {
    const process = random.below(spec.processes);
    const invoked = (clocks[process] ?? 0) + 1 + random.below(20);
    const length = random.below(Math.max(1, Math.round(20 * spec.overlap)));
    const late = random.next() < spec.lateRatio ? length + random.below(60) : 0;
    const effect = invoked + late + random.below(length + 1);
    const lost = random.next() < spec.unknownRatio;
    drafts.push({
      process: lost ? 1_000 + index : process,
      invoked,
      effect: lost ? invoked + random.below(200) : effect,
      completed: invoked + length,
      lost,
      happens: !lost || random.next() < 0.6,
    });
    clocks[process] = invoked + length;
  }
  let value: unknown = null;
  let fresh = 0;
  const past: unknown[] = [null];
  const newValue = () => (spec.values === 0 ? (fresh += 1) : 1 + random.below(spec.values));
  return drafts
    .sort((a, b) => a.effect - b.effect)
    .map((draft): Operation => {
      const { process, invoked, completed, lost, happens } = draft;
      const base = { process, key: "k", invoked, outcome: lost ? ("unknown" as const) : ("ok" as const) };
      const end = lost ? {} : { completed };
      const roll = random.next();
      if (roll < spec.casRatio) {
        const from = random.next() < 0.5 ? value : random.pick(random.next() < 0.7 ? past.slice(-4) : past);
        const to = newValue();
        const swaps = from === value;
        if (swaps && happens) {
          value = to;
          past.push(to);
        }
        return { ...base, op: "cas", input: [from, to], ...(lost ? {} : { output: swaps }), ...end };
      }
      if (roll < spec.casRatio + (1 - spec.casRatio) / 2) {
        const input = newValue();
        if (happens) {
          value = input;
          past.push(input);
        }
        return { ...base, op: "write", input, ...end };
      }
      const lie = random.next() < spec.lieRatio;
      return { ...base, op: "read", ...(lost ? {} : { output: lie ? random.pick(past) : value }), ...end };
    })
    .sort((a, b) => a.invoked - b.invoked);
}
