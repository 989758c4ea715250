// The drawn witness of a page: one lane a process, one bar an operation, numbered as in the list below it. Pure.
import { type Html, html } from "../report/html.ts";
import { type Bar, type Chart, chartOf } from "./chart.ts";
import type { Judged } from "./judged.ts";
import { lineWords, shortWords } from "./words.ts";

const WITNESS_MAX = 40;
const STEP_PX = 20;
/** What only ran at the same time may be cut short. */
const AROUND_PX_MAX = 92;
const LETTERS_MAX = 44;
const LETTER_PX = 7.6;

const wordsOf = ({ operation, number }: Bar): string => {
  const words = shortWords(operation, number === null ? 8 : 14).replace(
    / → (.*), not swapped$/,
    (_, to: string) => ` ↛ ${to}`,
  );
  return words.length > LETTERS_MAX ? `${words.slice(0, LETTERS_MAX - 1)}…` : words;
};

/** Where each step begins, in pixels of a page that is wide enough: a short bar's steps are as wide as its words. */
function placesOf({ lanes, steps }: Chart): number[] {
  const wide = Array.from({ length: steps }, () => STEP_PX);
  const bars = lanes.flatMap((lane) => lane.bars).sort((a, b) => a.to - a.from - (b.to - b.from));
  for (const each of bars) {
    const letters = wordsOf(each).length * LETTER_PX;
    const wanted = each.number === null ? Math.min(letters + 18, AROUND_PX_MAX) : letters + 44;
    let have = 0;
    for (let step = each.from; step < each.to; step += 1) have += wide[step] as number;
    const more = Math.max(0, wanted - have) / (each.to - each.from);
    for (let step = each.from; step < each.to; step += 1) wide[step] = (wide[step] as number) + more;
  }
  const places = [0];
  for (const width of wide) places.push((places.at(-1) as number) + width);
  return places;
}

type Places = readonly number[];

const percent = (places: Places, step: number): number =>
  Math.round(((places[step] as number) / (places.at(-1) as number)) * 1e5) / 1e3;

function bar(places: Places, each: Bar): Html {
  const { operation, number, from, to, open } = each;
  const left = percent(places, from);
  const width = Math.round((percent(places, to) - left) * 1e3) / 1e3;
  const kind = number === null ? "around" : "shown";
  const words = wordsOf(each);
  return html`<span class="bar-op ${kind}${open ? " open-end" : ""}${operation.outcome === "fail" ? " refused" : ""}" style="left:${left}%;width:${width}%" title="${lineWords(operation)}">${number === null ? null : html`<b>${number}</b>`}${words}</span>`;
}

const laneName = (process: number, site: string | null): string =>
  `process ${process}${site === null ? "" : ` · ${site}`}`;

/** `explain`: say how such a drawing is read. */
export function chartSection({ verdict, around, aroundMore }: Judged, explain: boolean): Html | null {
  if (verdict.witness.length === 0) return null;
  const witness = verdict.witness.slice(0, WITNESS_MAX);
  const chart = chartOf(witness, around);
  const places = placesOf(chart);
  const more = verdict.witness.length - witness.length;
  const unanswered = [...witness, ...around].some(({ completed }) => completed === undefined);
  const fading = unanswered
    ? "A bar that fades out was never answered: it may have happened at any later time, or never. "
    : "";
  const reading = `Each bar is one operation, from the moment a client sent it until its answer came. Where one bar ends before another begins, it happened before; bars that overlap may have happened in either order. ${fading}Time runs to the right, stretched so that each beginning and each end is a step of its own (scroll sideways where it is wide). `;
  return html`<h3>What shows it</h3>
<p class="note">${explain ? reading : null}The numbered operations ${verdict.verdict === "invalid" ? "can't all be true under this model" : "are those that the verdict speaks of"}${around.length === 0 ? "." : "; the others only ran at the same time on the same keys."}</p>
<ul class="legend"><li><i class="key shown"></i>numbered below</li>${around.length === 0 ? null : html`<li><i class="key around"></i>at the same time</li>`}${unanswered ? html`<li><i class="key open-end"></i>never answered</li>` : null}</ul>
<div class="scroll chart" tabindex="0" role="region" aria-label="Operations in time"><div class="chart-inner" style="min-width:${Math.round(places.at(-1) as number)}px">
${chart.lanes.map(({ process, site, bars }) => html`<div class="chart-lane"><div class="lane-name">${laneName(process, site)}</div><div class="track">${chart.ticks.map(({ step }) => html`<i class="guide" style="left:${percent(places, step)}%"></i>`)}${bars.map((each) => bar(places, each))}</div></div>`)}
</div></div>
${aroundMore === 0 ? null : html`<p class="note">${aroundMore} more operations ran on the same keys in this time and are not drawn.</p>`}
<ol class="witness">${witness.map((operation) => html`<li>${lineWords(operation)}</li>`)}</ol>
${more === 0 ? null : html`<p class="note">and ${more} more</p>`}`;
}
