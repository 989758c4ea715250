// Writes a sample drill as a drill run would: through the evidence folder's own calls.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildReport } from "../../src/evidence/build-report.ts";
import { createEvidence } from "../../src/evidence/folder.ts";
import type { Sample } from "./sample-drill.ts";

export async function writeSample(root: string, { result, operations, planText }: Sample): Promise<string> {
  const { id, planName, start, series } = result.metadata;
  const evidence = await createEvidence(root, { id, planName, planText, start, spec: result.spec, series });
  const { predicted, environment, marks, events } = result.status;
  if (predicted !== null) await evidence.writePrediction(predicted, predicted.writtenAt);
  if (environment !== null) await evidence.writeEnvironment(environment);
  const header = { history: "outlast/v1", origin: start, uncertaintyNs: 0 };
  const lines = [
    header,
    ...operations,
    ...marks.map(({ mark, name, atMs }) => ({ mark, name, at: atMs * 1e6 })),
  ];
  await writeFile(evidence.historyPath, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const stamped = events.map(({ atMs: _placed, ...event }) => `${JSON.stringify(event)}\n`);
  await writeFile(join(evidence.logsFolder, "all.jsonl"), stamped.join(""));
  const timeline = await evidence.mergeEvents(5_000_000_000_000n);
  const whole = { ...result, metadata: evidence.metadata };
  const page = await buildReport(
    {
      id,
      folder: evidence.folder,
      result: whole,
      planText,
      events: timeline.events,
      brokenEventLines: timeline.brokenLines,
      historyPath: evidence.historyPath,
    },
    [whole],
  );
  await evidence.complete(whole, page);
  return evidence.folder;
}
