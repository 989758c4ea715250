// A drill in one sentence, the same in the terminal, in JUnit and at the top of the page:
// "Paris lost. Clients failed for 0.9 s. 0 of 4 812 acknowledged writes lost. Linearizable." Pure.
import type { DrillResult } from "../domain/drill.ts";
import type { Verdict } from "../domain/verdict.ts";
import { count, shortDuration } from "./quantity.ts";

/** What the fault did, said of the site. Unknown scenarios are named as they are. */
const HAPPENED: Readonly<Record<string, (site: string) => string>> = {
  "lose-site": (site) => `${site} lost`,
  "lose-site-with-disks": (site) => `${site} lost with its disks`,
  "isolate-site": (site) => `${site} cut off from the other sites`,
  "cut-pair": (site) => `a link of ${site} cut`,
  "cut-one-way": (site) => `a link of ${site} cut in one direction`,
  "slow-link": (site) => `the links of ${site} slow`,
  "lossy-link": (site) => `the links of ${site} lossy`,
  "kill-member": (site) => `the member in ${site} killed`,
  "freeze-member": (site) => `the member in ${site} frozen`,
  "kill-agent": (site) => `the agent in ${site} killed`,
  "freeze-agent": (site) => `the agent in ${site} frozen`,
  "disk-full": (site) => `the disk in ${site} full`,
  "power-loss": (site) => `power lost in ${site}`,
  "power-loss-all": () => "power lost in all sites at once",
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function happened({ scenario, site }: Pick<DrillResult["spec"], "scenario" | "site">): string {
  const words = HAPPENED[scenario];
  if (words === undefined) return site === null ? scenario : `${scenario} at ${capital(site)}`;
  return capital(words(site === null ? "a site" : capital(site)));
}

function clientsSentence({ spec, status }: DrillResult): string {
  const { worst } = status.recoveryTimeMs;
  if (worst === null) {
    const still = status.outages.some(({ toAtMs }) => toAtMs === null);
    return still ? "Clients did not recover while watched." : "Recovery time unknown.";
  }
  const all = status.failedMs;
  const more = all !== null && all > worst + spec.load.deadlineMs;
  if (worst === 0) return more ? `Clients failed for ${shortDuration(all)} later on.` : "No client failed.";
  if (status.recoveryTimeMs.onlyOnceHealed === true)
    return `Clients failed for ${shortDuration(worst)}, until the fault was healed.`;
  return `Clients failed for ${shortDuration(worst)}${more ? ` (${shortDuration(all)} in the whole drill)` : ""}.`;
}

function lossSentence({ status }: DrillResult): string {
  const { acknowledgedWrites: all, lostAcknowledgedWrites: lost } = status;
  if (lost === null) return "Lost acknowledged writes unknown: the read-back was not complete.";
  return `${count(lost)}${all === null ? "" : ` of ${count(all)}`} acknowledged writes lost.`;
}

/** "linearizable-register" → "linearizable" */
export const modelWords = (model: string): string =>
  model.startsWith("linearizable") ? "linearizable" : model.replaceAll("-", " ");

export function verdictWords({ model, verdict }: Verdict): string {
  const words = modelWords(model);
  if (words === "linearizable")
    return { valid: "Linearizable", invalid: "Not linearizable", unknown: "Linearizability undecided" }[
      verdict
    ];
  return { valid: `${words}: held`, invalid: `${words}: violated`, unknown: `${words}: undecided` }[verdict];
}

/** The consistency verdict leads; another is named only when it did not hold. */
function verdictSentences({ status }: DrillResult): string[] {
  const told = status.verdicts.filter(
    ({ model, verdict }) => model.startsWith("linearizable") || verdict !== "valid",
  );
  if (told.length === 0 && status.verdicts.length === 0) return ["No verdict on consistency."];
  return [...new Set(told.map((verdict) => `${capital(verdictWords(verdict))}.`))];
}

export function headline(result: DrillResult): string {
  const { phase, conclusive, reasons } = result.status;
  const because = reasons.length === 0 ? "" : `: ${reasons.join("; ")}`;
  if (phase === "running") return `Drill ${result.spec.scenario} is running.`; // the fault may not have happened yet
  if (phase === "aborted") return `Drill ${result.spec.scenario} aborted${because}.`;
  const { controls = [] } = result.spec;
  return [
    ...(controls.length === 0 ? [] : [`Positive control (${controls.join(", ")}), made to fail.`]),
    `${happened(result.spec)}.`,
    clientsSentence(result),
    lossSentence(result),
    ...verdictSentences(result),
    ...(conclusive ? [] : [`Inconclusive${because}.`]),
  ].join(" ");
}

/** The same in a few words. A drill that did not end says nothing of the fault: it may never have been applied. */
export function title({ spec, status }: DrillResult): string {
  return status.phase === "complete" ? happened(spec) : `Drill ${spec.scenario} ${status.phase}`;
}

/** What the run comes to, in two words at most. */
export function resultWord({ status }: DrillResult): string {
  if (status.phase !== "complete") return status.phase;
  if (status.objectiveMet === null) return "inconclusive";
  return status.objectiveMet ? "met" : "missed";
}
