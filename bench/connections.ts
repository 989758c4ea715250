// Connections to a lost site: how long from the change of the route until the client has an error, or (opening) the new
// site. Idle, with a request pending, with unacknowledged data, opening for less than 1 s; and 10 000 at once.
//   npm run -s bench -- connections
import { type Ended, type Rig, runKernelRig } from "../test/balancer/run-kernel-rig.ts";
import { type Bar, report } from "./report.ts";

const RUNS = 5;
const FEW = "20";
const MANY = "10000";
const FEW_BAR_MS = 100;
const MANY_BAR_MS = 2_000;
const KINDS = ["idle", "pending", "unacknowledged", "opening"] as const;

function worst(all: readonly Ended[]): number | null {
  if (all.some(({ never, worstMs }) => never > 0 || worstMs === null)) return null;
  return Math.round(Math.max(...all.map(({ worstMs }) => worstMs ?? 0)) * 10) / 10;
}

function bar(name: string, all: readonly Ended[], limitMs: number): Bar {
  const figure = worst(all);
  return {
    name,
    figure,
    unit: "ms",
    bar: `<= ${limitMs}`,
    met: figure !== null && figure <= limitMs,
    runs: all.map(({ worstMs }) => worstMs),
  };
}

const few: Rig[] = [];
const many: Rig[] = [];
for (let run = 0; run < RUNS; run += 1) {
  process.stderr.write(`run ${run + 1} of ${RUNS}\n`);
  few.push(await runKernelRig(FEW));
  many.push(await runKernelRig(MANY));
}
await report(
  "connections",
  [
    ...KINDS.map((kind) =>
      bar(
        `${kind}, worst of ${RUNS} runs`,
        few.map((rig) => rig[kind]),
        FEW_BAR_MS,
      ),
    ),
    bar(
      `${FEW} at once, worst of ${RUNS} runs`,
      few.map((rig) => rig.many),
      FEW_BAR_MS,
    ),
    bar(
      `${MANY} at once, worst of ${RUNS} runs`,
      many.map((rig) => rig.many),
      MANY_BAR_MS,
    ),
  ],
  { gatewayTimersLateMs: { few: few.map((rig) => rig.latenessMs), many: many.map((rig) => rig.latenessMs) } },
);
