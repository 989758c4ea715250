// Makes the page of a drill from its folder: reads the history twice in pieces (how long, then what), never as a whole.
import { join } from "node:path";
import type { DrillResult } from "../domain/drill.ts";
import { OutlastError } from "../domain/outcome.ts";
import { readHistory } from "../history/read.ts";
import { writeFileAtomic } from "../runtime/files.ts";
import { FILES } from "./folder.ts";
import { type LoadedEvidence, listEvidence, loadEvidence } from "./load.ts";
import { reportPage } from "./report/page.ts";
import { collectSeries, type SeriesSet } from "./series.ts";
import { drillResultList } from "./summary.ts";

async function seriesOfHistory(path: string, { status, spec }: DrillResult): Promise<SeriesSet> {
  let lastNs = Math.max(0, ...status.marks.map(({ atMs }) => atMs * 1e6));
  for await (const { operations } of readHistory(path))
    for (const { region, scheduled, invoked } of operations)
      if (region !== undefined) lastNs = Math.max(lastNs, scheduled ?? invoked);
  const { add, finish } = collectSeries({
    durationMs: lastNs / 1e6 + 1,
    deadlineMs: spec.load.deadlineMs,
  });
  for await (const { operations } of readHistory(path)) for (const operation of operations) add(operation);
  return finish();
}

/** All runs of a drill's series, in their order; the drill alone when it has none. */
export async function runsOf(root: string, result: DrillResult): Promise<readonly DrillResult[]> {
  const series = result.metadata.series;
  if (series === null) return [result];
  const found = await listEvidence(root);
  const others = found.flatMap((one) =>
    one.kind === "drill" && one.result.metadata.series?.id === series.id && one.id !== result.metadata.id
      ? [one.result]
      : [],
  );
  return [result, ...others].sort((a, b) => (a.metadata.series?.run ?? 0) - (b.metadata.series?.run ?? 0));
}

/** An unreadable history leaves the charts empty and says why at the top: the rest of the evidence still counts. */
export async function buildReport(loaded: LoadedEvidence, runs: readonly DrillResult[]): Promise<string> {
  let { result } = loaded;
  let series: SeriesSet = { bucketMs: 1_000, buckets: 1, series: [] };
  try {
    if (loaded.historyPath !== null) series = await seriesOfHistory(loaded.historyPath, result);
  } catch (cause) {
    if (!(cause instanceof OutlastError)) throw cause;
    const { what, where } = cause.failure;
    const reasons = [
      ...result.status.reasons,
      `no charts: ${what} (${where.replace(`${loaded.folder}/`, "")})`,
    ];
    result = { ...result, status: { ...result.status, reasons } };
  }
  return reportPage({
    result,
    series,
    events: loaded.events,
    brokenEventLines: loaded.brokenEventLines,
    runs: drillResultList(runs),
    planText: loaded.planText,
  });
}

/** Writes the pages of all runs of a series again, so that each shows every run, also those that came after it. */
export async function rewriteReports(root: string, ids: readonly string[]): Promise<void> {
  const loaded = await Promise.all(ids.map((id) => loadEvidence(root, id)));
  for (const one of loaded) {
    const page = await buildReport(one, await runsOf(root, one.result));
    await writeFileAtomic(join(one.folder, FILES.report), page);
  }
}
