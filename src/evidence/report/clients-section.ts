// What clients saw, per region: a strip per client profile (share that succeeded and failed) and the latency of the
// slowest percent, over the drill's time. Drawn as plain SVG, readable without scripts. Pure.
import type { DrillResult } from "../../domain/drill.ts";
import { duration } from "../quantity.ts";
import type { Series, SeriesSet } from "../series.ts";
import { type Html, html } from "./html.ts";
import { emptyArea, failedArea, gridValues, linePath, logScale, scaleY } from "./plot.ts";
import { markLabels, markLayer, type TimeAxis, tickRow } from "./time-axis.ts";

/** As many as the style has. */
const COLOURS = 6;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function recoveryWords(result: DrillResult, { region, profile }: Series): Html {
  const row = result.status.recoveryTimeMs.byRegion[region];
  if (row === undefined || !(profile in row)) return html`<span>not measured</span>`;
  const time = row[profile] ?? null;
  if (time === null) return html`<span class="bad">did not recover</span>`;
  return time === 0 ? html`<span>not affected</span>` : html`<span>back after ${duration(time)}</span>`;
}

function shareRow(result: DrillResult, axis: TimeAxis, series: Series, index: number, buckets: number): Html {
  const failed = sum(series.failed);
  const total = failed + sum(series.ok);
  const empty = emptyArea(series.ok, series.failed);
  return html`<div class="row"><div class="name"><b>${series.profile}</b>${recoveryWords(result, series)}</div>
<div class="plot share" data-series="${index}" role="img" aria-label="${series.region}, ${series.profile}: ${failed} of ${total} scheduled operations failed"><svg viewBox="0 0 ${buckets} 100" preserveAspectRatio="none" aria-hidden="true"><path class="failed" d="${failedArea(series.ok, series.failed)}"/>${
    empty === "" ? null : html`<path class="empty" d="${empty}"/>`
  }</svg>${markLayer(axis)}</div></div>`;
}

function latencyRow(
  axis: TimeAxis,
  rows: readonly { series: Series; index: number; colour: number }[],
  buckets: number,
  deadlineMs: number,
): Html {
  const scale = logScale(
    rows.flatMap(({ series }) => [...series.p99Ms, ...series.p50Ms]),
    deadlineMs,
  );
  const grid = gridValues(scale);
  const region = rows[0]?.series.region ?? "";
  return html`<div class="row"><div class="name"><b>latency</b><span>median, thin: 99 %</span></div>
<div class="plot latency" data-series="${rows.map(({ index }) => index).join(" ")}" role="img" aria-label="${region}: median and 99th percentile latency over time per client profile">${markLayer(axis)}<svg viewBox="0 0 ${buckets} 100" preserveAspectRatio="none" aria-hidden="true">${grid.map(
    (value) => html`<path class="grid" d="M0,${scaleY(value, scale)}H${buckets}"/>`,
  )}${rows.map(
    ({ series, colour }) =>
      html`<path class="slow s${colour}" d="${linePath(series.p99Ms, scale)}"/><path class="s${colour}" d="${linePath(series.p50Ms, scale)}"/>`,
  )}</svg><span class="ylabel ceiling" style="top:2px">${duration(scale.highMs)}${scale.highMs === deadlineMs ? " (deadline)" : ""}</span>${grid
    .filter((value) => scaleY(value, scale) > 24)
    .map(
      (value) => html`<span class="ylabel" style="top:${scaleY(value, scale)}%">${duration(value)}</span>`,
    )}</div></div>`;
}

function regionBlock(
  result: DrillResult,
  axis: TimeAxis,
  region: string,
  set: SeriesSet,
  profiles: readonly string[],
): Html {
  const rows = set.series.flatMap((series, index) =>
    series.region === region
      ? [{ series, index, colour: Math.max(0, profiles.indexOf(series.profile)) % COLOURS }]
      : [],
  );
  return html`<div class="region"><div class="region-head"><h3>Clients in ${region}</h3></div>
<div class="plots"><div class="row axis"><div class="name"></div>${markLabels(axis)}</div>
${rows.map(({ series, index }) => shareRow(result, axis, series, index, set.buckets))}
${latencyRow(axis, rows, set.buckets, result.spec.load.deadlineMs)}
<div class="row axis"><div class="name"></div>${tickRow(axis)}</div></div></div>`;
}

export function clientsSection(result: DrillResult, axis: TimeAxis, set: SeriesSet): Html {
  const { ratePerSecond, deadlineMs } = result.spec.load;
  const { byRegion } = result.status.recoveryTimeMs;
  const slowest = (region: string) =>
    Math.max(0, ...Object.values(byRegion[region] ?? {}).map((time) => time ?? Infinity));
  const regions = [...new Set(set.series.map(({ region }) => region))].sort(
    (a, b) => (slowest(a) === slowest(b) ? a.localeCompare(b, "en") : slowest(b) > slowest(a) ? 1 : -1), // most affected first
  );
  const profiles = [...new Set(set.series.map(({ profile }) => profile))];
  return html`<section class="long" aria-labelledby="clients"><h2 id="clients">What clients saw</h2>
<p class="note">${ratePerSecond} operations a second from every region and client profile, whatever the answers (open loop); one without an answer after ${duration(deadlineMs)} failed. Each strip shows the share that succeeded or failed per ${duration(set.bucketMs)}, by the time it should have been sent; latency is logarithmic. Time counts from the fault; the most affected region comes first.</p>
<ul class="legend"><li><i style="background:var(--ok)"></i>succeeded</li><li><i style="background:var(--bad)"></i>failed, late or unknown</li>${profiles.map(
    (profile, index) => html`<li><i class="line b${index % COLOURS}"></i>latency, ${profile}</li>`,
  )}</ul>
${
  set.series.length === 0
    ? html`<p>No operations were recorded.</p>`
    : regions.map((region) => regionBlock(result, axis, region, set, profiles))
}
</section>`;
}
