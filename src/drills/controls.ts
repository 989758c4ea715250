// Positive controls: each breaks a promise on purpose, and the drill must say so. A drill that can't fail proves nothing.

/** What is wrong in the sites: a flag of their agents, `--unsafe-NAME`. */
const AGENT_CONTROLS = ["no-fsync", "stale-reads"] as const;
/** Or an acknowledged write is deleted before the read-back. */
export type Control = (typeof AGENT_CONTROLS)[number] | "delete-acknowledged";

export const agentArguments = (controls: readonly Control[]): string[] =>
  AGENT_CONTROLS.filter((control) => controls.includes(control)).map((control) => `--unsafe-${control}`);
