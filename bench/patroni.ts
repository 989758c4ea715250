// The peer: how long clients go without service when the primary's site is lost, under Patroni and under Outlast, on the same
// PostgreSQL, the same sites at 10 ms, the same clients and the same judge. Patroni's clients go straight to the member that
// answers as primary; ours through the balancer. Runs alternate.
//   npm run -s bench -- patroni [--ours 7] [--default 5] [--fastest 5] [--rate 50]
import { parseArgs } from "node:util";
import { cacheFolder } from "../src/cli/folders.ts";
import { engineOf } from "../src/cli/wiring.ts";
import { OutlastError, type Outcome } from "../src/domain/outcome.ts";
import { median } from "../src/evidence/summary.ts";
import { provideTools } from "../src/linux/tools.ts";
import { loadPlan } from "../src/plan/load.ts";
import { onePeerRun, type PeerRun } from "./patroni/one-run.ts";
import { PATRONI_VERSION, providePatroni } from "./patroni/provision.ts";
import { PEERS } from "./patroni/settings.ts";
import { type Bar, report } from "./report.ts";

const PLAN_FILE = "bench/plans/three-sites-10ms-postgresql.yaml";
const DEADLINE_MS = 200;
const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    default: { type: "string", default: "5" },
    fastest: { type: "string", default: "5" },
    rate: { type: "string", default: "50" },
  },
});
const wanted: Readonly<Record<string, number>> = {
  default: Number(values.default),
  fastest: Number(values.fastest),
};
const say = (line: string) => void process.stderr.write(`${line}\n`);
const signal = new AbortController().signal;
const must = <T>(outcome: Outcome<T>): T => {
  if (outcome.kind !== "done") throw new OutlastError(outcome.failure);
  return outcome.value;
};

const plan = await loadPlan(PLAN_FILE);
const options = { cacheFolder: cacheFolder(), progress: say };
const tools = must(
  await provideTools(["ip", "nft", "ethtool", "nsenter", "unshare"], cacheFolder(), signal, say),
);
const programs = {
  postgresql: must(await (await engineOf("postgresql", options)).provision(plan.workload.version, signal)),
  etcd: must(await (await engineOf("etcd", options)).provision("3.6.16", signal)),
  patroni: await providePatroni(cacheFolder(), signal),
};

const runs: PeerRun[] = [];
for (let round = 0; round < Math.max(...Object.values(wanted)); round += 1)
  for (const settings of PEERS) {
    if (round >= (wanted[settings.name] ?? 0)) continue;
    const load = { ratePerSecond: Number(values.rate), deadlineMs: DEADLINE_MS, seed: 5_000 + round };
    const run = await onePeerRun(plan, settings, programs, tools, load, signal);
    say(`${settings.name}, run ${round + 1}: ${JSON.stringify(run)}`);
    runs.push(run);
  }

const figures = (name: string, of: (run: PeerRun) => number | null) =>
  runs.filter((run) => run.settings === name).map(of);
const rounded = (value: number | null) => (value === null ? null : Math.round(value));
const bars = PEERS.flatMap(({ name }): Bar[] =>
  (
    [
      ["first acknowledged write", (run: PeerRun) => run.firstAcknowledgedMs],
      ["recovery time", (run: PeerRun) => run.recoveryTimeMs],
    ] as const
  ).map(([what, of]) => {
    const all = figures(name, of);
    return {
      name: `Patroni ${PATRONI_VERSION}, ${name}: ${what}, median`,
      figure: all.includes(null) || all.length === 0 ? null : rounded(median(all)),
      unit: "ms",
      bar: null,
      met: null,
      runs: all.map(rounded),
    };
  }),
);
await report("patroni", bars, {
  ratePerSecond: Number(values.rate),
  deadlineMs: DEADLINE_MS,
  settings: PEERS,
  runs,
});
process.exit();
