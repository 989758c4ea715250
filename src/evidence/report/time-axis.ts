// The time axis that all charts of a page share: percent of the width, labels counted from the fault. Pure.
import type { DrillMark } from "../../domain/drill.ts";

import { type Html, html } from "./html.ts";

export interface TimeAxis {
  readonly fromMs: number;
  readonly toMs: number;
  /** What "0" means: the fault, or the start when there was none. */
  readonly zeroMs: number;
  readonly marks: readonly DrillMark[];
}

const STEPS_MS = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000] as const;

export const percent = ({ fromMs, toMs }: TimeAxis, atMs: number): number =>
  Math.round(((atMs - fromMs) / (toMs - fromMs)) * 1e5) / 1e3;

export const within = ({ fromMs, toMs }: TimeAxis, atMs: number): boolean => atMs >= fromMs && atMs <= toMs;

/** "+0.912 s" after the fault, "−2.400 s" before it. */
export function sinceFault({ zeroMs }: TimeAxis, atMs: number): string {
  const ms = atMs - zeroMs;
  return `${ms < 0 ? "−" : "+"}${(Math.abs(ms) / 1000).toFixed(3)} s`;
}

function tickLabel(ms: number): string {
  if (ms === 0) return "0";
  const seconds = Math.abs(ms) / 1000;
  const text = Number.isInteger(seconds) ? String(seconds) : seconds.toFixed(1);
  return `${ms < 0 ? "−" : "+"}${text} s`;
}

interface Tick {
  readonly atMs: number;
  readonly label: string;
  /** Left out on narrow screens. */
  readonly minor: boolean;
}

export function ticks({ fromMs, toMs, zeroMs }: TimeAxis): readonly Tick[] {
  const step = STEPS_MS.find((candidate) => (toMs - fromMs) / candidate <= 8) ?? 3_600_000;
  const found: Tick[] = [];
  for (let k = Math.ceil((fromMs - zeroMs) / step); zeroMs + k * step <= toMs; k += 1)
    found.push({ atMs: zeroMs + k * step, label: tickLabel(k * step), minor: k % 2 !== 0 });
  return found;
}

/** Lines and the shaded stretch between fault and heal, behind every plot. */
export function markLayer(axis: TimeAxis): Html {
  const fault = axis.marks.find(({ mark }) => mark === "fault");
  const heal = axis.marks.find(({ mark, atMs }) => mark === "heal" && atMs >= (fault?.atMs ?? 0));
  const fromMs = Math.max(fault?.atMs ?? axis.toMs, axis.fromMs);
  const toMs = Math.min(heal?.atMs ?? axis.toMs, axis.toMs);
  return html`${
    fromMs < toMs
      ? html`<i class="under" style="left:${percent(axis, fromMs)}%;width:${percent(axis, axis.fromMs + toMs - fromMs)}%"></i>`
      : null
  }${axis.marks
    .filter(({ atMs }) => within(axis, atMs))
    .map(({ mark, atMs }) => html`<i class="mark ${mark}" style="left:${percent(axis, atMs)}%"></i>`)}`;
}

/** Names of the marks above a chart; on a narrow screen only "fault" and "healed", so that they do not collide. */
export function markLabels(axis: TimeAxis): Html {
  return html`<div class="mark-labels" aria-hidden="true">${axis.marks
    .filter(({ atMs, mark }) => within(axis, atMs) && mark !== "event")
    .map(
      ({ mark, name, site, atMs }) =>
        html`<span class="${mark}${percent(axis, atMs) > 70 ? " flip" : ""}" style="left:${percent(axis, atMs)}%">${
          mark === "fault"
            ? html`fault<span class="wide">: ${name}${site === null ? "" : ` ${site}`}</span>`
            : "healed"
        }</span>`,
    )}</div>`;
}

export function tickRow(axis: TimeAxis): Html {
  return html`<div class="ticks" aria-hidden="true">${ticks(axis).map(({ atMs, label, minor }) => {
    const at = percent(axis, atMs);
    return html`<span class="${at > 96 ? "last" : at < 4 ? "first" : ""}${minor ? " minor" : ""}" style="left:${at}%">${label}</span>`;
  })}</div>`;
}
