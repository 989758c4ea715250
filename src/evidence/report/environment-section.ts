// On what it was measured, and how far the instruments can be trusted. Pure.
import type { DrillEnvironment, DrillResult, Lateness } from "../../domain/drill.ts";
import { duration } from "../quantity.ts";
import { type Html, html } from "./html.ts";

function lateness(name: string, found: Lateness | null): Html {
  return html`<tr><th scope="row">${name}</th>${
    found === null
      ? html`<td colspan="4">not measured</td>`
      : [found.p50, found.p99, found.p999, found.max].map(
          (ms) => html`<td class="number">${duration(ms)}</td>`,
        )
  }</tr>`;
}

function links({ links: found }: DrillEnvironment): Html | null {
  if (found.length === 0) return null;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Links"><table><caption>Links: planned and measured round trips</caption><thead><tr><th scope="col">Between</th><th scope="col" class="number">Planned</th><th scope="col" class="number">Measured</th><th scope="col" class="number">Off</th></tr></thead><tbody>${found.map(
    ({ between, plannedRoundTripMs: planned, medianRoundTripMs: measured }) => {
      const off = measured === null || planned === 0 ? null : ((measured - planned) / planned) * 100;
      return html`<tr><th scope="row">${between.join(" – ")}</th><td class="number">${planned} ms</td><td class="number">${measured === null ? "unknown" : `${measured.toFixed(1)} ms`}</td><td class="number${off !== null && Math.abs(off) > 10 ? " bad" : ""}">${off === null ? "unknown" : `${off >= 0 ? "+" : "−"}${Math.abs(off).toFixed(1)} %`}</td></tr>`;
    },
  )}</tbody></table></div>`;
}

export function environmentSection({ metadata, spec, status }: DrillResult, planText: string | null): Html {
  const found = status.environment;
  const pair = (name: string, value: Html | string) => html`<dt>${name}</dt><dd>${value}</dd>`;
  return html`<section aria-labelledby="environment"><h2 id="environment">Versions and environment</h2>
<p class="note">A run counts as inconclusive when its own instruments were too late to be trusted.</p>
<div class="columns"><dl class="pairs">
${pair("Drill", html`<code>${metadata.id}</code>`)}
${pair("Plan digest", html`<code>${metadata.planDigest}</code>`)}
${pair("Seed", String(spec.seed))}
${
  found === null
    ? pair("Environment", "not recorded")
    : html`${Object.entries(found.versions).map(([name, version]) => pair(name, version))}
${pair("Engine from", found.engineSource ?? "unknown")}
${pair("Kernel", `${found.kernel}, ${found.cores} cores`)}
${pair("Links by", found.linkDriver ?? "unknown")}
${pair("Members' disks", found.disks.join("; ") || "unknown")}`
}</dl>
${
  found === null
    ? null
    : html`<div>${links(found)}<div class="scroll" style="margin-top:14px" tabindex="0" role="region" aria-label="Lateness"><table><caption>Lateness of the instruments</caption><thead><tr><th scope="col">Of</th><th scope="col" class="number">median</th><th scope="col" class="number">99 %</th><th scope="col" class="number">99.9 %</th><th scope="col" class="number">most</th></tr></thead><tbody>${lateness("links (relay)", found.relayLatenessMs)}${lateness("load generator", found.generatorLatenessMs)}</tbody></table></div></div>`
}</div>
${planText === null ? null : html`<details style="margin-top:16px"><summary>The plan</summary><pre tabindex="0">${planText}</pre></details>`}
</section>`;
}
