// Top of the page: what happened in one sentence, and the handful of figures that one looks for first. Pure.
import type { DrillResult } from "../../domain/drill.ts";
import { headline, resultWord, title, verdictWords } from "../headline.ts";
import { count, duration, shortDuration } from "../quantity.ts";
import { type Html, html } from "./html.ts";

const BADGES: Readonly<Record<string, { className: string; text: string }>> = {
  met: { className: "met", text: "✓ Objective met" },
  missed: { className: "missed", text: "✕ Objective missed" },
  inconclusive: { className: "open", text: "? Inconclusive" },
  aborted: { className: "open", text: "■ Aborted" },
  running: { className: "open", text: "… Running" },
};

export function badge(result: DrillResult): Html {
  const { className, text } = BADGES[resultWord(result)] ?? { className: "open", text: resultWord(result) };
  return html`<span class="badge ${className}">${text}</span>`;
}

type Tone = "good" | "bad" | "open" | "";

const fact = (name: string, figure: string, small: string, tone: Tone): Html =>
  html`<div class="fact ${tone}"><dt>${name}</dt><dd class="figure">${figure}</dd><dd class="small">${small}</dd></div>`;

const toneOf = (met: boolean | null | undefined): Tone =>
  met === undefined ? "" : met === null ? "open" : met ? "good" : "bad";

function recoveryFact({ status }: DrillResult): Html {
  const { worst, worstAt } = status.recoveryTimeMs;
  const asked = status.objectives.find(({ name }) => name.startsWith("recovery time"));
  const where = worstAt === null ? "" : `worst: ${worstAt.region}, ${worstAt.profile}`;
  const limit = typeof asked?.asked === "number" ? ` · asked ≤ ${duration(asked.asked)}` : "";
  return fact("Recovery time", shortDuration(worst), `${where}${limit}`, toneOf(asked?.met));
}

function lossFact({ status }: DrillResult): Html {
  const { lostAcknowledgedWrites: lost, acknowledgedWrites: all } = status;
  const tone = lost === null ? "open" : lost === 0 ? "good" : "bad";
  return fact(
    "Acknowledged writes lost",
    count(lost),
    all === null ? "acknowledged: unknown" : `of ${count(all)} acknowledged`,
    tone,
  );
}

function consistencyFact({ status }: DrillResult): Html {
  const found =
    status.verdicts.find(({ verdict }) => verdict === "invalid") ??
    status.verdicts.find(({ verdict }) => verdict === "unknown") ??
    status.verdicts[0];
  if (found === undefined) return fact("Consistency", "no verdict", "nothing was judged", "open");
  const words = verdictWords(found).replace(/^./, (first) => first.toUpperCase());
  const tone = toneOf(found.verdict === "unknown" ? null : found.verdict === "valid");
  const judged = status.verdicts.length === 1 ? "1 verdict" : `${status.verdicts.length} verdicts`;
  return fact("Consistency", words, `${judged} on the recorded history`, tone);
}

export function summarySection(result: DrillResult): Html {
  const { metadata, spec, status } = result;
  const name = title(result);
  const site = spec.site === null ? "" : ` It was meant for ${spec.site}.`;
  // The reasons stand below it, in full.
  const whole = headline({ ...result, status: { ...status, reasons: [] } });
  const lead =
    status.phase === "complete"
      ? whole.replace(`${name}.`, "").trim()
      : `It did not come to an end: nothing here is a result.${site}`;
  const run = metadata.series === null ? null : `run ${metadata.series.run} of ${metadata.series.of}`;
  return html`<header class="top">
<div class="kicker"><b>Outlast drill report</b><span>plan ${metadata.planName}</span><span>scenario ${spec.scenario}</span>${
    run === null ? null : html`<span>${run}</span>`
  }<span><time datetime="${metadata.start}">${metadata.start
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z")
    .replace("Z", " UTC")}</time></span></div>
<div class="verdict"><h1>${name}</h1>${badge(result)}</div>
<p class="lead">${lead}</p>
${
  status.reasons.length === 0
    ? null
    : html`<ul class="reasons${status.objectiveMet === false ? " missed" : ""}" aria-label="Reasons">${status.reasons.map(
        (reason) => html`<li>${reason}</li>`,
      )}</ul>`
}
<dl class="facts">
${recoveryFact(result)}
${lossFact(result)}
${consistencyFact(result)}
${fact("Failed in the whole drill", shortDuration(status.failedMs), "second outages included", "")}
${fact("Full redundancy back", status.timeToFullRedundancyMs === null ? "unknown" : shortDuration(status.timeToFullRedundancyMs), "after the fault", "")}
</dl>
</header>`;
}
