// What was asked and what was found: objectives, and the verdicts of the judges with their witnesses in words. Pure.
import type { DrillResult, ObjectiveResult } from "../../domain/drill.ts";
import type { Verdict } from "../../domain/verdict.ts";
import { verdictWords } from "../headline.ts";
import { operationWords } from "../operation-words.ts";
import { count, duration } from "../quantity.ts";
import { type Html, html } from "./html.ts";

const WITNESS_MAX = 25;

function figure(unit: ObjectiveResult["unit"], value: number | string | null): string {
  if (value === null) return "unknown";
  if (typeof value === "string") return value;
  return unit === "ms" ? duration(value) : count(value);
}

function objectiveRow({ name, unit, asked, measured, met }: ObjectiveResult): Html {
  const [className, words] =
    met === null
      ? (["open", "? inconclusive"] as const)
      : met
        ? (["good", "✓ met"] as const)
        : (["bad", "✕ missed"] as const);
  return html`<tr><th scope="row">${name}</th><td class="number">${figure(unit, asked)}</td><td class="number">${figure(unit, measured)}</td><td class="${className} nowrap">${words}</td></tr>`;
}

function judgement(verdict: Verdict): Html {
  const { model, witness, statistics } = verdict;
  const words = verdictWords(verdict);
  const className = verdict.verdict === "unknown" ? "open" : verdict.verdict;
  const figures = Object.entries(statistics).map(([name, value]) => `${name} ${count(value)}`);
  return html`<div class="judgement"><p><span class="badge ${className}">${words.charAt(0).toUpperCase()}${words.slice(1)}</span><code>${model}</code></p>
<p>${verdict.reason}</p>${figures.length === 0 ? null : html`<p class="note">${figures.join(" · ")}</p>`}${
    witness.length === 0
      ? null
      : html`<p><b>Witness</b> <span class="note">(times since the history began)</span></p><ol class="witness">${witness
          .slice(0, WITNESS_MAX)
          .map((operation) => html`<li>${operationWords(operation)}</li>`)}</ol>${
          witness.length > WITNESS_MAX
            ? html`<p class="note">and ${witness.length - WITNESS_MAX} more</p>`
            : null
        }`
  }</div>`;
}

export function verdictsSection({ status }: DrillResult): Html {
  const { recoveryPointMs, restoredStateAgeMs, lostAcknowledgedWrites, acknowledgedWrites } = status;
  return html`<section aria-labelledby="verdicts"><h2 id="verdicts">Objectives and verdicts</h2>
<p class="note">Judged on what clients recorded and on a complete read-back from every replica, never on what the system says of itself.</p>
${
  status.objectives.length === 0
    ? html`<p>The plan asks for nothing that this drill measures.</p>`
    : html`<div class="scroll" tabindex="0" role="region" aria-label="Objectives"><table><caption>Objectives of the plan</caption><thead><tr><th scope="col">Objective</th><th scope="col" class="number">Asked</th><th scope="col" class="number">Measured</th><th scope="col">Result</th></tr></thead><tbody>${status.objectives.map(objectiveRow)}</tbody></table></div>`
}
<dl class="pairs" style="margin:16px 0"><dt>Acknowledged writes</dt><dd>${count(acknowledgedWrites)}</dd><dt>Of them lost</dt><dd>${count(lostAcknowledgedWrites)}</dd><dt>Recovery point</dt><dd>${duration(recoveryPointMs)}</dd><dt>Age of the restored state at the fault</dt><dd>${duration(restoredStateAgeMs)}</dd></dl>
${status.verdicts.length === 0 ? html`<p>No judge looked at this history.</p>` : status.verdicts.map(judgement)}
</section>`;
}
