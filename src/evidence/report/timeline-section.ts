// What every component did: lanes per place for the seconds after the fault and for the whole drill, and the list of all
// events in words. The lanes repeat what the list says, so they are hidden from screen readers. Pure.
import type { TimelineEvent } from "../../domain/drill.ts";
import { type EventTone, eventWords } from "../event-words.ts";
import { isChatter } from "../timeline.ts";
import { type Html, html } from "./html.ts";
import { markLabels, markLayer, percent, sinceFault, type TimeAxis, tickRow, within } from "./time-axis.ts";

/** Keeps the page small; the folder's events.jsonl has all. */
const LISTED_MAX = 1_200;
const LANE_ROW_PX = 13;
const LANE_ROWS_MAX = 5;
/** Dots nearer than this share of the width would cover each other. */
const APART_PERCENT = 1.1;

interface Listed {
  readonly id: number;
  readonly event: TimelineEvent;
  readonly text: string;
  readonly tone: EventTone;
}

const placeOrder = (place: string): string =>
  place === "lab" ? `0${place}` : place.startsWith("gateway/") ? `2${place}` : `1${place}`;

/** Each dot gets the first row of its lane where it covers no other. */
function packed(
  axis: TimeAxis,
  events: readonly Listed[],
): { rows: number; dots: { one: Listed; row: number }[] } {
  const lastInRow: number[] = [];
  const dots = events.map((one) => {
    const x = percent(axis, one.event.atMs);
    let row = lastInRow.findIndex((last) => x - last >= APART_PERCENT);
    if (row === -1) row = lastInRow.length < LANE_ROWS_MAX ? lastInRow.length : LANE_ROWS_MAX - 1;
    lastInRow[row] = x;
    return { one, row };
  });
  return { rows: Math.max(1, lastInRow.length), dots };
}

function lane(axis: TimeAxis, place: string, events: readonly Listed[]): Html {
  const { rows, dots } = packed(axis, events);
  return html`<div class="row"><div class="name"><b>${place}</b></div><div class="lane" style="height:${rows * LANE_ROW_PX + 9}px">${markLayer(axis)}${dots.map(
    ({ one, row }) =>
      html`<a class="dot ${one.tone}" tabindex="-1" href="#e${one.id}" data-event="${one.id}" style="left:${percent(axis, one.event.atMs)}%;top:${row * LANE_ROW_PX + 11}px"></a>`,
  )}</div></div>`;
}

function lanes(axis: TimeAxis, title: string, listed: readonly Listed[]): Html {
  const inside = listed.filter(({ event }) => within(axis, event.atMs));
  const places = [...new Set(inside.map(({ event }) => event.place))].sort((a, b) =>
    placeOrder(a).localeCompare(placeOrder(b), "en"),
  );
  return html`<h3>${title}</h3><div aria-hidden="true"><div class="row axis"><div class="name"></div>${markLabels(axis)}</div>${places.map(
    (place) =>
      lane(
        axis,
        place,
        inside.filter(({ event }) => event.place === place),
      ),
  )}<div class="row axis"><div class="name"></div>${tickRow(axis)}</div></div>`;
}

function listRow(axis: TimeAxis, { id, event, text, tone }: Listed): Html {
  const className = event.event === "fault-applied" ? "fault" : event.event === "fault-healed" ? "heal" : "";
  return html`<tr id="e${id}" class="${className}" data-place="${event.place}" data-component="${event.component}"><td class="number">${sinceFault(axis, event.atMs)}</td><td class="nowrap">${event.place}</td><td class="nowrap">${event.component}</td><td><span class="tone ${tone}"></span>${text}</td></tr>
`;
}

const option = (value: string): Html => html`<option>${value}</option>`;

export function timelineSection(
  axis: TimeAxis,
  zoom: TimeAxis | null,
  events: readonly TimelineEvent[],
  brokenLines: number,
): Html {
  const listed = events
    .filter((event) => !isChatter(event))
    .slice(0, LISTED_MAX)
    .map((event, id) => ({ id, event, ...eventWords(event) }));
  const left = events.length - listed.length;
  const distinct = (of: (event: TimelineEvent) => string) =>
    [...new Set(listed.map(({ event }) => of(event)))].sort();
  return html`<section class="long lanes" aria-labelledby="timeline"><h2 id="timeline">What every component did</h2>
<p class="note">Events of all components, merged by the one monotonic clock that they share.${
    left > 0 ? ` ${left} more (mostly log lines) are in events.jsonl.` : ""
  }${brokenLines > 0 ? ` ${brokenLines} log lines could not be read and are missing here.` : ""}</p>
<ul class="legend"><li><span class="tone bad"></span>failure</li><li><span class="tone good"></span>ability returns</li><li><span class="tone change"></span>change of term or route</li><li><span class="tone"></span>other</li></ul>
${zoom === null ? null : lanes(zoom, "Around the fault", listed)}
${lanes(axis, "The whole drill", listed)}
<h3>All events</h3>
<div class="controls"><label>Place <select id="by-place"><option value="">all</option>${distinct(({ place }) => place).map(option)}</select></label><label>Component <select id="by-component"><option value="">all</option>${distinct(({ component }) => component).map(option)}</select></label><label>Containing <input id="by-text" type="search"></label><span id="shown" role="status"></span></div>
<div class="scroll tall" tabindex="0" role="region" aria-label="All events"><table id="events"><caption>${listed.length} events, time counted from the fault</caption><thead><tr><th scope="col" class="number">Time</th><th scope="col">Place</th><th scope="col">Component</th><th scope="col">What</th></tr></thead><tbody>
${listed.map((one) => listRow(axis, one))}</tbody></table></div>
</section>`;
}
