// How fast can the load generator go, and how exactly does it keep its times? One process of it, kernel profile, against
// a trivial HTTP server process on loopback. It keeps up with a rate when every operation succeeds and 99.9 % are sent
// within LATE_MS of their time. A drill needs 4 profiles x 100/s; its bars allow 30 ms of lateness (20 % of 150 ms).
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { formatPlan } from "../src/plan/format.ts";
import { parsePlan } from "../src/plan/parse.ts";
import { removeTree } from "../src/runtime/files.ts";
import { outlastCommand, run, start } from "../src/runtime/process.ts";
import type { LoadSummary } from "../src/load/run-load.ts";
import { type Bar, report } from "./report.ts";

const HOST = "127.76.0.1";
const PORT = 8080;
const LATE_MS = 30;
const SECONDS = 3;
const RUNS = 3;
const DRILL_RATE = 400;
const RATES = [1_000, 2_000, 3_000, 4_000, 6_000, 8_000, 12_000] as const;

const folder = await mkdtemp(join(tmpdir(), "outlast-bench-"));
const parsed = parsePlan(await readFile("examples/etcd.yaml", "utf8"), "examples/etcd.yaml");
if (!("plan" in parsed)) throw new Error("examples/etcd.yaml has errors");
const { plan } = parsed;
const planFile = join(folder, "plan.yaml");
await writeFile(
  planFile,
  formatPlan({ ...plan, balancer: { ...plan.balancer, virtualAddress: HOST, port: PORT } }),
);
const region = plan.regions[0]?.name ?? "";
let histories = 0;

async function generate(rate: number): Promise<LoadSummary> {
  histories += 1;
  const history = join(folder, `history-${histories}.jsonl`);
  const { code, stdout, stderr } = await run(
    outlastCommand(
      "load",
      `--file=${planFile}`,
      `--region=${region}`,
      "--profiles=kernel",
      `--rate=${rate}`,
      "--deadline=1000",
      `--seed=${histories}`,
      `--history=${history}`,
      `--max-duration=${SECONDS}`,
    ),
  );
  if (code !== 0) throw new Error(`the generator ended with ${code}: ${stderr}`);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as LoadSummary;
}

const keepsUp = ({ ok, scheduled, latenessMs }: LoadSummary) =>
  ok === scheduled && latenessMs !== null && latenessMs.p999 <= LATE_MS;
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;

const server = await start([process.execPath, "bench/loopback-server.ts", HOST, String(PORT)], {
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  await once(server.process.stdout as NodeJS.ReadableStream, "data");
  const atDrillRate: LoadSummary[] = [];
  for (let i = 0; i < RUNS; i += 1) atDrillRate.push(await generate(DRILL_RATE));
  const climbed: LoadSummary[] = [];
  let saturation = atDrillRate.every(keepsUp) ? DRILL_RATE : 0;
  for (const rate of RATES) {
    const summary = await generate(rate);
    climbed.push(summary);
    process.stderr.write(
      `${rate}/s: ${summary.ok} of ${summary.scheduled} ok, late p99.9 ${summary.latenessMs?.p999} ms\n`,
    );
    if (!keepsUp(summary)) break;
    saturation = rate;
  }
  const late = (of: "p50" | "p99" | "p999" | "max") =>
    median(atDrillRate.map(({ latenessMs }) => latenessMs?.[of] ?? Number.POSITIVE_INFINITY));
  const p999 = late("p999");
  const bars: Bar[] = [
    {
      name: "highest rate it keeps up with",
      figure: saturation,
      unit: "operations/s",
      bar: `>= ${2 * DRILL_RATE}`,
      met: saturation >= 2 * DRILL_RATE,
      runs: climbed,
    },
    {
      name: `lateness p99.9 at ${DRILL_RATE}/s, median of ${RUNS}`,
      figure: p999,
      unit: "ms",
      bar: `<= ${LATE_MS}`,
      met: p999 !== null && p999 <= LATE_MS,
      runs: atDrillRate,
    },
    ...(["p50", "p99", "max"] as const).map((of) => ({
      name: `lateness ${of} at ${DRILL_RATE}/s`,
      figure: late(of),
      unit: "ms",
      bar: null,
      met: null,
      runs: [],
    })),
  ];
  await report("load", bars, { secondsPerRun: SECONDS, deadlineMs: 1000 });
} finally {
  await server.stop();
  await removeTree(folder);
}
