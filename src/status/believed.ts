// Which of several agents' words on the primaryship is believed: the newest epoch, as whoever read the store last tells it. A
// site that is cut off goes by what it read before, and says how old that is; where agents disagree, that is told.
import type { AgentStatus } from "../api/agent.ts";
import type { SiteAnswer } from "./site-answer.ts";

type Recovery = NonNullable<AgentStatus["recovery"]>;
export type Primaryship = NonNullable<Recovery["primaryship"]>;

export interface Believed {
  readonly record: Primaryship;
  /** Who read it. */
  readonly by: string;
  readonly readAgeMs: number | null;
}

/** A store that nobody could read for longer says nothing of now. */
export const STORE_FRESH_MS = 3_000;

const told = (answers: readonly SiteAnswer[]): (readonly [string, Recovery])[] =>
  answers.flatMap(({ site, status }) =>
    status.kind === "known" && status.value.recovery !== undefined ? [[site, status.value.recovery]] : [],
  );

export function believed(answers: readonly SiteAnswer[]): Believed | null {
  const age = (each: Believed) => each.readAgeMs ?? Number.POSITIVE_INFINITY;
  return (
    told(answers)
      .flatMap(([by, { primaryship, store }]) =>
        primaryship === null ? [] : [{ record: primaryship, by, readAgeMs: store.readAgeMs }],
      )
      .toSorted((a, b) => b.record.epoch - a.record.epoch || age(a) - age(b))[0] ?? null
  );
}

export const isFresh = ({ readAgeMs }: Believed): boolean =>
  readAgeMs !== null && readAgeMs <= STORE_FRESH_MS;

/** Sites whose kernel lets clients in although the newest epoch is not theirs. */
export const strangers = (answers: readonly SiteAnswer[], newest: Believed | null): readonly string[] =>
  newest === null
    ? []
    : told(answers).flatMap(([site, { fenceOpenFor }]) =>
        fenceOpenFor !== null && (fenceOpenFor !== newest.record.epoch || site !== newest.record.primary)
          ? [site]
          : [],
      );

export function disagreements(answers: readonly SiteAnswer[], newest: Believed | null): string[] {
  const words: string[] = [];
  for (const [site, { primaryship, store, distrust }] of told(answers)) {
    if (distrust !== null) words.push(`${site} does not act on the store: ${distrust}`);
    if (newest === null || primaryship === null || primaryship.epoch === newest.record.epoch) continue;
    const age = store.readAgeMs === null ? "never" : `${Math.round(store.readAgeMs)} ms ago`;
    words.push(
      `${site} goes by epoch ${primaryship.epoch}, read ${age}; ${newest.by} has read epoch ${newest.record.epoch}`,
    );
  }
  for (const site of strangers(answers, newest))
    words.push(`${site} lets clients in, and epoch ${newest?.record.epoch} is not its own`);
  return words;
}
