/** What a judge may spend. Beyond it the verdict is `unknown`, with the reason. */
export interface Limits {
  /** Configurations that a general search may visit, for each key. */
  readonly steps: number;
}

export const LIMITS: Limits = { steps: 5_000_000 };
