// How long clients go without service when the primary's site is lost or cut off: recovery agents over synchronous PostgreSQL,
// three sites at 10 ms, the clients of each region straight at the sites' fences. Every run is a lab of its own.
//   npm run -s bench -- recovery [--lose 10] [--cut 10] [--rate 50]
import { parseArgs } from "node:util";
import { cacheFolder } from "../src/cli/folders.ts";
import { OutlastError } from "../src/domain/outcome.ts";
import { median } from "../src/evidence/summary.ts";
import { provideTools } from "../src/linux/tools.ts";
import { loadPlan } from "../src/plan/load.ts";
import { oneRecoveryRun, type RecoveryFault, type RecoveryRun } from "./recovery/one-run.ts";
import { type Bar, report } from "./report.ts";

const PLAN_FILE = "bench/plans/three-sites-10ms-postgresql.yaml";
const DEADLINE_MS = 200;
const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    lose: { type: "string", default: "10" },
    cut: { type: "string", default: "10" },
    rate: { type: "string", default: "50" },
  },
});
const wanted: Readonly<Record<RecoveryFault, number>> = {
  "lose-site": Number(values.lose),
  "cut-off": Number(values.cut),
};
const say = (line: string) => void process.stderr.write(`${line}\n`);
const signal = new AbortController().signal;
const plan = await loadPlan(PLAN_FILE);
const names = ["ip", "nft", "ethtool", "conntrack", "nsenter", "unshare"] as const;
const tools = await provideTools(names, cacheFolder(), signal, say);
if (tools.kind !== "done") throw new OutlastError(tools.failure);

const runs: RecoveryRun[] = [];
for (let round = 0; round < Math.max(...Object.values(wanted)); round += 1)
  for (const fault of ["lose-site", "cut-off"] as const) {
    if (round >= wanted[fault]) continue;
    const load = { ratePerSecond: Number(values.rate), deadlineMs: DEADLINE_MS, seed: 7_000 + round };
    const run = await oneRecoveryRun(plan, fault, tools.value, load, signal);
    say(`${fault}, run ${round + 1}: ${JSON.stringify(run)}`);
    runs.push(run);
  }

const rounded = (value: number | null) => (value === null ? null : Math.round(value));
function bar(fault: RecoveryFault, what: string, of: (run: RecoveryRun) => number | null): Bar[] {
  const all = runs.filter((run) => run.fault === fault).map(of);
  if (all.length === 0) return [];
  const known = all.filter((value) => value !== null);
  const whole = known.length === all.length;
  const one = (name: string, figure: number | null, limit: number): Bar => ({
    name: `${fault}: ${what}, ${name}`,
    figure: rounded(figure),
    unit: "ms",
    bar: `<= ${limit}`,
    met: figure === null ? false : figure <= limit,
    runs: all.map(rounded),
  });
  return [
    one("median", whole ? median(known) : null, 1_200),
    one("worst", whole ? Math.max(...known) : null, 2_000),
  ];
}
const lost = runs.map((run) => run.lost);
await report("recovery", [
  ...(["lose-site", "cut-off"] as const).flatMap((fault) => [
    ...bar(fault, "first acknowledged write", (run) => run.firstAcknowledgedMs),
    ...bar(fault, "recovery time", (run) => run.recoveryTimeMs),
  ]),
  {
    name: "acknowledged writes lost",
    figure: lost.reduce((sum: number, each) => sum + (each ?? 0), 0),
    unit: "",
    bar: "= 0",
    met: lost.every((each) => each === 0),
    runs: lost,
  },
]);
