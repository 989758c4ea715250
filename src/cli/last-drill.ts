// The newest drill of this plan whose evidence is here, in one line: what was last shown to work.
import { listEvidence } from "../evidence/load.ts";

/** null: there is none. */
export async function lastDrill(evidenceRoot: string, planName: string): Promise<string | null> {
  const found = (await listEvidence(evidenceRoot)).find(
    (one) => one.kind === "drill" && one.result.metadata.planName === planName,
  );
  if (found?.kind !== "drill") return null;
  const { metadata, spec, status } = found.result;
  const met = { true: "objective met", false: "objective missed", null: "inconclusive" }[
    String(status.objectiveMet) as "true" | "false" | "null"
  ];
  const where = spec.site === null ? "" : ` of ${spec.site}`;
  return `drill ${spec.scenario}${where}, ${metadata.start}: ${status.phase === "complete" ? met : status.phase} (${metadata.id})`;
}
