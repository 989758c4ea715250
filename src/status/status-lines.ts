// A workload's status for people: what matters first, then the conditions, then each site.
import { isKept } from "./join-answers.ts";
import type { Condition, SiteStatus, Survival, WorkloadStatus } from "./workload-status.ts";

const MARKS = { True: "yes", False: "NO", Unknown: "unknown" } as const;

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.floor(ms / 3_600_000)} h` : `${Math.floor(ms / 86_400_000)} days`;
}

const survivalWords = (survival: Survival): string => {
  const { domain, promised, now, atMost, limitedBy } = survival;
  const count = (many: number) => `${many} more ${domain}${many === 1 ? "" : "s"}`;
  const surely =
    atMost > now ? `survives ${count(now)} for certain, ${atMost} at most` : `survives ${count(now)}`;
  const kept = isKept(survival);
  const end = kept === true ? "" : kept === false ? ": NOT KEPT" : ": nobody can tell";
  return `${surely}, ${promised} promised${end} (limited by: ${limitedBy})`;
};

const conditionLine = ({ type, status, reason, message, ageMs }: Condition): string =>
  `  ${type.padEnd(10)} ${MARKS[status].padEnd(8)}${ageMs === null ? "" : `for ${duration(ageMs)}  `}${reason}: ${message}`;

function siteLine({ site, answers, role, because, epoch, lagBytes, lagMs, data, vote }: SiteStatus): string {
  if (!answers) return `  ${site}: unknown, its agent does not answer (${because})`;
  const behind =
    lagBytes === null || role === "primary"
      ? []
      : [`${lagBytes} bytes behind${lagMs === null ? "" : `, ${duration(lagMs)}`}`];
  const missing = [
    ...(data === "no" ? ["its data does not count"] : []),
    ...(vote === "no" ? ["no vote"] : []),
  ];
  const parts = [role, ...(epoch === null ? [] : [`epoch ${epoch}`]), ...behind, ...missing, because];
  return `  ${site}: ${parts.join(", ")}`;
}

export function statusLines(status: WorkloadStatus): string[] {
  const { name, phase, primary, epoch, asPromised, conditions, survives, lag, sites, running } = status;
  const head = [
    `${name}: ${phase}`,
    ...(primary === null ? [] : [`primary ${primary}`]),
    ...(epoch === null ? [] : [`epoch ${epoch}`]),
    asPromised === null ? "whether as promised is unknown" : asPromised ? "as promised" : "NOT as promised",
    ...(status.paused === true ? ["paused"] : []),
  ].join(", ");
  return [
    head,
    ...survives.map((each) => `  ${survivalWords(each)}`),
    ...conditions.map(conditionLine),
    ...(lag === null
      ? []
      : [
          `  lag of ${lag.standby}: ${lag.bytes} bytes${lag.ms === null ? "" : `, ${duration(lag.ms)}`}${lag.lastSyncTime === null ? "" : `, in step at ${lag.lastSyncTime}`}`,
        ]),
    ...status.disagreements.map((words) => `  disagreement: ${words}`),
    ...(running === null ? [] : [`  running: ${running.workflow}, step ${running.step ?? "none"}`]),
    ...(status.lastProof === null ? [] : [`  last proof: ${status.lastProof}`]),
    ...sites.map(siteLine),
  ];
}
