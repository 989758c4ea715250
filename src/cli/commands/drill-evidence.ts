// `outlast drill list | show | report`: what the kept evidence says. Reads only, except the page that `report` writes.
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { stringify } from "yaml";
import type { DrillResult, DrillResultList } from "../../domain/drill.ts";
import { OutlastError } from "../../domain/outcome.ts";
import { buildReport, runsOf } from "../../evidence/build-report.ts";
import { drillText, runsSummary, runsTable } from "../../evidence/drill-table.ts";
import { FILES } from "../../evidence/folder.ts";
import { junitXml } from "../../evidence/junit.ts";
import { type FoundEvidence, listEvidence, loadEvidence } from "../../evidence/load.ts";
import { drillResultList } from "../../evidence/summary.ts";
import { writeFileAtomic } from "../../runtime/files.ts";
import { evidenceFolder } from "../folders.ts";

type Format = "text" | "json" | "yaml" | "junit";

interface EvidenceOptions {
  readonly evidence?: string;
  readonly output: Format;
}

const rootOf = ({ evidence }: { readonly evidence?: string }): string =>
  evidence === undefined ? evidenceFolder() : resolve(evidence);

/** A list of drills in any format; text is made by the caller's own words. */
export function printedDrills(list: DrillResultList, output: Format, text: () => string): string {
  switch (output) {
    case "json":
      return `${JSON.stringify(list, null, 2)}\n`;
    case "yaml":
      return stringify(list, { aliasDuplicateObjects: false });
    case "junit":
      return junitXml(list);
    case "text":
      return text();
    default:
      return output satisfies never;
  }
}

function warnUnreadable(found: readonly FoundEvidence[]): void {
  for (const one of found)
    if (one.kind === "unreadable")
      process.stderr.write(`outlast: evidence ${one.id} can't be read: ${one.because}\n`);
}

async function list({ output, ...options }: EvidenceOptions): Promise<void> {
  const root = rootOf(options);
  const found = await listEvidence(root);
  const drills = drillResultList(found.flatMap((one) => (one.kind === "drill" ? [one.result] : [])));
  const none = () => `no drills in ${root}\nnext: outlast drill run lose-site -f PLAN\n`;
  process.stdout.write(
    printedDrills(drills, output, () => (drills.items.length === 0 ? none() : runsTable(drills))),
  );
  warnUnreadable(found);
}

/** The drill of that id, or all runs of the series of that id. */
async function named(root: string, id: string): Promise<readonly DrillResult[]> {
  const found = await listEvidence(root);
  const runs = found.flatMap((one) =>
    one.kind === "drill" && one.result.metadata.series?.id === id ? [one.result] : [],
  );
  if (runs.length === 0) return [(await loadEvidence(root, id)).result];
  return runs.sort((a, b) => (a.metadata.series?.run ?? 0) - (b.metadata.series?.run ?? 0));
}

async function show(id: string, { output, ...options }: EvidenceOptions): Promise<void> {
  const root = rootOf(options);
  const drills = drillResultList(await named(root, id));
  const text = () => {
    const [only] = drills.items;
    if (drills.items.length > 1 || only === undefined) return `${runsTable(drills)}\n${runsSummary(drills)}`;
    return `${drillText(only)}Evidence    ${join(root, only.metadata.id)}\n`;
  };
  process.stdout.write(printedDrills(drills, output, text));
}

async function report(id: string, options: { readonly evidence?: string }): Promise<void> {
  const root = rootOf(options);
  const loaded = await loadEvidence(root, id);
  if (loaded.result.status.phase === "running")
    throw new OutlastError({
      code: "DRILL_RUNNING",
      definite: true,
      what: `drill ${id} is still running`,
      where: loaded.folder,
      next: "ask again when it has ended",
    });
  const page = await buildReport(loaded, await runsOf(root, loaded.result));
  const path = join(loaded.folder, FILES.report);
  await writeFileAtomic(path, page);
  process.stdout.write(`${path}\n`);
}

const evidenceOption = () =>
  new Option("--evidence <folder>", "where evidence is kept (default: $OUTLAST_EVIDENCE or ./evidence)");
const outputOption = () =>
  new Option("-o, --output <format>", "what to print on standard output")
    .choices(["text", "json", "yaml", "junit"])
    .default("text");

export function evidenceCommands(): Command[] {
  return [
    new Command("list")
      .description("all drills that evidence is kept of, newest first")
      .addOption(evidenceOption())
      .addOption(outputOption())
      .action(list),
    new Command("show")
      .description("one drill in full, or all runs of a series")
      .argument("<id>", "drill, as in the list, or series")
      .addOption(evidenceOption())
      .addOption(outputOption())
      .action(show),
    new Command("report")
      .description("write the page of a drill again and print its path")
      .argument("<id>", "drill, as in the list")
      .addOption(evidenceOption())
      .action(report),
  ];
}
