// The report of one drill: one file, no request to anywhere (its content security policy forbids them), the essential
// facts readable without scripts. Pure.
import { createHash } from "node:crypto";
import type { DrillResult, DrillResultList, TimelineEvent } from "../../domain/drill.ts";
import { title } from "../headline.ts";
import type { SeriesSet } from "../series.ts";
import { clientsSection } from "./clients-section.ts";
import { environmentSection } from "./environment-section.ts";
import { definitions } from "./definitions.ts";
import { type Html, html, safeJson, trusted } from "./html.ts";
import { recoverySection } from "./recovery-section.ts";
import { runsSection } from "./runs-section.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";
import { summarySection } from "./summary-section.ts";
import type { TimeAxis } from "./time-axis.ts";
import { timelineSection } from "./timeline-section.ts";
import { verdictsSection } from "./verdicts-section.ts";

export interface ReportInput {
  readonly result: DrillResult;
  readonly series: SeriesSet;
  /** The whole timeline; what the result keeps of it when there is no more. */
  readonly events: readonly TimelineEvent[];
  readonly brokenEventLines: number;
  /** All runs of the same drill, this one among them. */
  readonly runs: DrillResultList;
  readonly planText: string | null;
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("base64");

/** From just before the fault until a little after the counted clients had recovered. */
function zoomOf(axis: TimeAxis, { status }: DrillResult): TimeAxis | null {
  if (!axis.marks.some(({ mark }) => mark === "fault")) return null;
  const afterMs = Math.min(10_000, Math.max(1_500, 1.5 * (status.recoveryTimeMs.worst ?? 2_000)));
  const zoom = { ...axis, fromMs: axis.zeroMs - afterMs / 10, toMs: axis.zeroMs + afterMs };
  return zoom.toMs - zoom.fromMs < (axis.toMs - axis.fromMs) * 0.7 ? zoom : null;
}

const dataBlock = (id: string, value: unknown): Html =>
  html`<script type="application/json" id="${id}">${trusted(safeJson(value))}</script>`;

export function reportPage(input: ReportInput): string {
  const { result, series } = input;
  const { marks } = result.status;
  const axis: TimeAxis = {
    fromMs: 0,
    toMs: series.buckets * series.bucketMs, // as wide as the plots, or marks and plots would not agree
    zeroMs: marks.find(({ mark }) => mark === "fault")?.atMs ?? 0,
    marks,
  };
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hashOf(SCRIPT)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const complete = result.status.phase === "complete";
  const { events: _inTheList, ...status } = result.status;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>${title(result)} – Outlast drill ${result.metadata.id}</title><style>${trusted(STYLE)}</style></head>
<body>
${summarySection(result)}
<main>
${series.series.length === 0 && !complete ? null : clientsSection(result, axis, series)}
${complete ? recoverySection(result, axis, input.events) : null}
${complete ? verdictsSection(result) : null}
${input.events.length === 0 && !complete ? null : timelineSection(axis, zoomOf(axis, result), input.events, input.brokenEventLines)}
${runsSection(result, input.runs)}
${environmentSection(result, input.planText)}
</main>
${definitions(result)}
<div id="tip" role="presentation"></div>
${dataBlock("data", { zeroMs: axis.zeroMs, ...series })}
${dataBlock("result", { ...result, status })}
<script>${trusted(SCRIPT)}</script>
</body></html>
`;
  return page.html;
}
