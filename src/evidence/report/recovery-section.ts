// Where the time went: asked, predicted and measured side by side, the measured breakdown from recorded events, recovery
// time per region and profile, outages. Pure.
import {
  BREAKDOWN_TERMS,
  type BreakdownTerm,
  type DrillResult,
  type TimelineEvent,
} from "../../domain/drill.ts";
import { breakdownByRegion } from "../breakdown.ts";
import { duration } from "../quantity.ts";
import { type Html, html } from "./html.ts";
import { sinceFault, type TimeAxis } from "./time-axis.ts";

const TERM_WORDS: Readonly<Record<BreakdownTerm, string>> = {
  detect: "from the fault until the gateway counts the site as lost",
  decide: "until a failover is decided",
  fence: "until nobody without the right to serve can acknowledge",
  promote: "until another primary serves",
  route: "until its data plane sends clients elsewhere",
  reconnect: "until the first success of its clients",
};

const OUTAGES_MAX = 60;

const bar = (share: number, className: string, from = 0): Html =>
  html`<div class="bar" aria-hidden="true"><i class="${className}" style="left:${Math.round(from * 1000) / 10}%;width:${Math.round(share * 1000) / 10}%"></i></div>`;

function comparison({ status }: DrillResult): Html {
  const asked = status.objectives.find(({ name }) => name.startsWith("recovery time"))?.asked;
  const rows = [
    { name: "Asked (objective)", ms: typeof asked === "number" ? asked : null, className: "limit" },
    { name: "Predicted", ms: status.predicted?.recoveryTimeMs ?? null, className: "predicted" },
    { name: "Measured", ms: status.recoveryTimeMs.worst, className: "" },
  ];
  const top = Math.max(1, ...rows.map(({ ms }) => ms ?? 0));
  return html`<table class="gantt wide"><caption>Recovery time: asked, predicted, measured</caption><thead><tr><th scope="col">Which</th><th scope="col" class="number">Time</th><th scope="col"><span class="note">scale 0 – ${duration(top)}</span></th></tr></thead><tbody>${rows.map(
    ({ name, ms, className }) =>
      html`<tr><th scope="row">${name}</th><td class="number">${name.startsWith("Asked") && ms === null ? "nothing" : duration(ms)}</td><td>${ms === null ? null : bar(ms / top, className)}</td></tr>`,
  )}</tbody></table>`;
}

function predictedTerms({ status }: DrillResult): Html {
  const { predicted } = status;
  if (predicted === null) return html`<p class="note">No prediction was written before the fault.</p>`;
  const top = Math.max(1, ...predicted.terms.map(({ ms }) => ms ?? 0));
  return html`<div><table class="gantt"><caption>Predicted before the fault</caption><thead><tr><th scope="col">Term</th><th scope="col" class="number">Time</th><th scope="col">Because</th></tr></thead><tbody>${predicted.terms.map(
    ({ name, ms, because }) =>
      html`<tr><th scope="row">${name}</th><td class="number">${ms === null ? "without end" : duration(ms)}</td><td>${bar((ms ?? top) / top, "predicted")}<span class="note">${because}</span></td></tr>`,
  )}</tbody></table><p class="note">Written ${predicted.writtenAt}, digest <code>${predicted.digest}</code>. Terms may run side by side and need not add up.</p></div>`;
}

function measuredTerms({ status }: DrillResult): Html {
  const known = BREAKDOWN_TERMS.map((term) => status.breakdownMs[term] ?? 0);
  const total = Math.max(
    1,
    known.reduce((sum, ms) => sum + ms, 0),
  );
  let from = 0;
  const rows = BREAKDOWN_TERMS.map((term) => {
    const ms = status.breakdownMs[term];
    const start = from;
    from += (ms ?? 0) / total;
    return html`<tr><th scope="row">${term}</th><td class="number">${ms === null ? "—" : duration(ms)}</td><td>${ms === null ? null : bar(ms / total, "", start)}<span class="note">${TERM_WORDS[term]}</span></td></tr>`;
  });
  return html`<div><table class="gantt"><caption>Measured, from recorded events</caption><thead><tr><th scope="col">Term</th><th scope="col" class="number">Time</th><th scope="col">What it spans</th></tr></thead><tbody>${rows}</tbody></table><p class="note">— an event is missing, or the step has no part in this strategy: an engine that elects by itself decides, fences and promotes on its own.</p></div>`;
}

function regionTable({ status }: DrillResult): Html | null {
  const { byRegion, worstAt } = status.recoveryTimeMs;
  const profiles = [...new Set(Object.values(byRegion).flatMap((row) => Object.keys(row)))];
  if (profiles.length === 0) return null;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Recovery time per region"><table><caption>Recovery time per region and client profile</caption><thead><tr><th scope="col">Region</th>${profiles.map(
    (profile) => html`<th scope="col" class="number">${profile}</th>`,
  )}</tr></thead><tbody>${Object.entries(byRegion).map(
    ([region, row]) =>
      html`<tr><th scope="row">${region}</th>${profiles.map((profile) => {
        const time = row[profile] ?? null;
        const worst = worstAt?.region === region && worstAt.profile === profile;
        const text = profile in row ? (time === null ? "not recovered" : duration(time)) : "—";
        return html`<td class="number">${worst ? html`<strong>${text}</strong> ◂ counted` : text}</td>`;
      })}</tr>`,
  )}</tbody></table></div>`;
}

/** The same terms for each region's gateway and the last of its client profiles to succeed. */
function gatewayTable({ spec, status }: DrillResult, events: readonly TimelineEvent[]): Html | null {
  if (spec.site === null) return null;
  const regions = Object.keys(status.recoveryTimeMs.byRegion);
  const rows = Object.entries(breakdownByRegion(events, regions, spec.site, status.marks));
  const shown = BREAKDOWN_TERMS.filter((term) => rows.some(([, terms]) => terms[term] !== null));
  if (shown.length === 0) return null;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Breakdown per region"><table><caption>Breakdown per region: its gateway, its slowest clients</caption><thead><tr><th scope="col">Region</th>${shown.map(
    (term) => html`<th scope="col" class="number">${term}</th>`,
  )}</tr></thead><tbody>${rows.map(
    ([region, terms]) =>
      html`<tr><th scope="row">${region}</th>${shown.map((term) => html`<td class="number">${terms[term] === null ? "—" : duration(terms[term])}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

function outageTable({ status }: DrillResult, axis: TimeAxis): Html | null {
  if (status.outages.length === 0) return null;
  const rest = status.outages.length - OUTAGES_MAX;
  return html`<div class="scroll tall" tabindex="0" role="region" aria-label="Outages"><table><caption>Outages${rest > 0 ? `, the first ${OUTAGES_MAX}` : ""}</caption><thead><tr><th scope="col">Clients</th><th scope="col" class="number">From</th><th scope="col" class="number">Until</th><th scope="col" class="number">Lasted</th></tr></thead><tbody>${status.outages
    .slice(0, OUTAGES_MAX)
    .map(
      ({ region, profile, fromAtMs, toAtMs }) =>
        html`<tr><td>${region}, ${profile}</td><td class="number">${sinceFault(axis, fromAtMs)}</td><td class="number">${toAtMs === null ? "the end" : sinceFault(axis, toAtMs)}</td><td class="number">${toAtMs === null ? "—" : duration(toAtMs - fromAtMs)}</td></tr>`,
    )}</tbody></table></div>`;
}

function latencyTable({ status }: DrillResult): Html {
  const parts = [
    ["before the fault", status.latencyMs.before],
    ["during the fault", status.latencyMs.during],
    ["after the heal", status.latencyMs.after],
  ] as const;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Latency"><table><caption>Latency of what succeeded</caption><thead><tr><th scope="col">When</th><th scope="col" class="number">median</th><th scope="col" class="number">99 %</th><th scope="col" class="number">most</th></tr></thead><tbody>${parts.map(
    ([name, found]) =>
      html`<tr><th scope="row">${name}</th>${
        found === null
          ? html`<td colspan="3">none succeeded</td>`
          : [found.p50, found.p99, found.max].map((ms) => html`<td class="number">${duration(ms)}</td>`)
      }</tr>`,
  )}</tbody></table></div>`;
}

export function recoverySection(result: DrillResult, axis: TimeAxis, events: readonly TimelineEvent[]): Html {
  const { worstAt } = result.status.recoveryTimeMs;
  return html`<section class="long" aria-labelledby="recovery"><h2 id="recovery">Where the time went</h2>
<p class="note">Each term is the difference of two recorded events.${
    worstAt === null
      ? ""
      : ` The measured breakdown is that of the clients that count most: ${worstAt.region}, ${worstAt.profile}.`
  }</p>
${comparison(result)}
<div class="columns" style="margin-top:20px">${measuredTerms(result)}${predictedTerms(result)}</div>
<div class="columns" style="margin-top:20px">${regionTable(result)}${latencyTable(result)}</div>
<div class="columns" style="margin-top:20px">${gatewayTable(result, events)}${outageTable(result, axis)}</div>
</section>`;
}
