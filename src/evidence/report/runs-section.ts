// Every run of the same drill, good and bad: none is left out. Pure.
import type { DrillResult, DrillResultList } from "../../domain/drill.ts";
import { resultWord } from "../headline.ts";
import { count, duration } from "../quantity.ts";
import { type Html, html } from "./html.ts";

const TONES: Readonly<Record<string, string>> = { met: "good", missed: "bad" };

function spread(list: DrillResultList): Html | null {
  const times = list.items.flatMap(({ status }) => status.recoveryTimeMs.worst ?? []);
  if (times.length < 2) return null;
  const asked = list.items[0]?.status.objectives.find(({ name }) => name.startsWith("recovery time"))?.asked;
  const limit = typeof asked === "number" ? asked : null;
  const slowest = Math.max(...times);
  // A far objective would press all runs into one corner: it is drawn only when it is near.
  const top = limit !== null && limit <= 4 * slowest ? Math.max(limit, slowest) : slowest * 1.15;
  const at = (ms: number) => Math.round((ms / top) * 1000) / 10;
  return html`<div class="spread" role="img" aria-label="Recovery times of ${times.length} runs between ${duration(Math.min(...times))} and ${duration(slowest)}">${
    limit !== null && limit <= top
      ? html`<em style="left:${at(limit)}%"><span>asked ${duration(limit)}</span></em>`
      : null
  }${list.items.map(({ status }) =>
    status.recoveryTimeMs.worst === null
      ? null
      : html`<i class="${status.objectiveMet === false ? "missed" : ""}" style="left:${at(status.recoveryTimeMs.worst)}%"></i>`,
  )}<span style="left:0">0</span><span style="left:${at(slowest)}%">${duration(slowest)}</span></div>`;
}

export function runsSection(current: DrillResult, list: DrillResultList): Html {
  const { median, worst } = list.summary.recoveryTimeMs;
  const rows = list.items.map((result, index) => {
    const { metadata, status } = result;
    const word = resultWord(result);
    const name = `run ${metadata.series?.run ?? index + 1}`;
    const here = metadata.id === current.metadata.id;
    const linked = here
      ? html`<strong>${name}</strong> (this page)`
      : html`<a href="../${encodeURIComponent(metadata.id)}/report.html">${name}</a>`;
    return html`<tr${here ? html` class="worst"` : null}><th scope="row">${linked}</th><td class="nowrap">${metadata.start.slice(11, 19)}</td><td class="number">${duration(status.recoveryTimeMs.worst)}</td><td class="number">${duration(status.failedMs)}</td><td class="number">${count(status.lostAcknowledgedWrites)}</td><td class="${TONES[word] ?? "open"} nowrap">${word}</td><td class="text">${status.reasons.join("; ")}</td></tr>`;
  });
  const word = list.summary.runs === 1 ? "run was" : "runs were";
  return html`<section aria-labelledby="runs"><h2 id="runs">Every run of this drill</h2>
<p class="note">${list.summary.runs} ${word} started, and every one counts. Recovery time: median ${duration(median)}, worst ${duration(worst)}. A run that could not say counts as slower than any other.</p>
${spread(list)}
<div class="scroll" tabindex="0" role="region" aria-label="Runs"><table><caption>Runs</caption><thead><tr><th scope="col">Run</th><th scope="col">Started</th><th scope="col" class="number">Recovery time</th><th scope="col" class="number">Failed in all</th><th scope="col" class="number">Writes lost</th><th scope="col">Objective</th><th scope="col">Reasons</th></tr></thead><tbody>${rows}</tbody></table></div>
</section>`;
}
