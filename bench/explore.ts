// The production decision functions of src/recovery, explored: exhaustively within bounds that grow until the time is over,
// then each wrong rule planted and looked for, then seeded walks beyond the bounds.
//   npm run -s bench -- explore [--minutes 30] [--gib 8] [--walk-steps 10000000] [--seed N]
// Bars: no violation and no deadlock; every planted mutation is found. Each bound says how many states it has, or how many of
// them were reached when time or memory was over.
import { parseArgs } from "node:util";
import { systemClock } from "../src/runtime/clock.ts";
import { newSeed } from "../src/runtime/random.ts";
import { modelOf } from "./explore/model.ts";
import { MUTATIONS, WORKFLOW_MUTATIONS } from "./explore/mutations.ts";
import { plantedIsFound } from "./explore/planted.ts";
import { search } from "./explore/search.ts";
import { STAGES } from "./explore/stages.ts";
import { walks } from "./explore/walk.ts";
import { WORKFLOW_RULES, walksOfWorkflows } from "./explore/workflow-walk.ts";
import { type Bar, report } from "./report.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    gib: { type: "string", default: "8" },
    "walk-steps": { type: "string", default: "10000000" },
    seed: { type: "string" },
  },
});
const seed = values.seed === undefined ? newSeed() : Number(values.seed);
const totalMs = Number(values.minutes) * 60_000;
const bytes = Number(values.gib) * 2 ** 30;
const startMs = systemClock.nowMs();
const leftMs = (share: number) => Math.max(0, share * totalMs - (systemClock.nowMs() - startMs));
const cpuSeconds = () => process.cpuUsage().user / 1e6;
const say = (line: string) => process.stderr.write(`${line}\n`);

/** Of the whole time; what is left of one part is the next one's. */
const SEARCHING = 0.5;
const HUNTING = 0.9;
const WORKFLOW_SHARE = 0.2;
/** A single bound takes at most so much of the time that is left for searching, but the last takes all. */
const ONE_BOUND = 0.5;

const bars: Bar[] = [];
const wrong: string[] = [];
let states = 0;
let complete = 0;
for (const [index, { name, bounds }] of STAGES.entries()) {
  const ms = leftMs(SEARCHING) * (index === STAGES.length - 1 ? 1 : ONE_BOUND);
  if (ms < 1_000) break;
  const fromSeconds = cpuSeconds();
  const found = search(modelOf(bounds), { states: 1e9, ms, bytes, settleEvery: 20 }, systemClock.nowMs);
  const seconds = cpuSeconds() - fromSeconds;
  states += found.states;
  if (found.complete) complete += 1;
  const end = found.complete ? "complete" : `stopped by ${found.stoppedBy ?? "a violation"}`;
  const rate = Math.round(found.states / seconds);
  say(
    `${name}: ${found.states} states, ${found.depth} steps deep, ${end}; ${seconds.toFixed(1)} s of CPU, ${rate} states/s; ${found.settled} asked for deadlocks`,
  );
  bars.push({
    name: `states: ${name}${found.complete ? "" : " (not complete)"}`,
    figure: found.states,
    unit: "states",
    bar: null,
    met: null,
    runs: [{ bounds, ...found, cpuSeconds: seconds }],
  });
  if (found.violation !== null) {
    wrong.push(found.violation);
    say(`${found.violation}\n${found.trace.map((step) => `  ${step}`).join("\n")}`);
  }
}
bars.unshift({
  name: `violations and deadlocks in ${states} states, ${complete} of ${STAGES.length} bounds complete`,
  figure: wrong.length,
  unit: "",
  bar: "= 0",
  met: wrong.length === 0,
  runs: wrong,
});

const planted = MUTATIONS.length + WORKFLOW_MUTATIONS.length;
const missed: string[] = [];
for (const [index, mutation] of MUTATIONS.entries()) {
  const ms = leftMs(SEARCHING + ((HUNTING - SEARCHING) * (index + 1)) / MUTATIONS.length);
  const { found, violation, steps } = plantedIsFound(mutation, { seed, ms }, systemClock.nowMs);
  if (!found) missed.push(mutation.name);
  say(`${found ? "found" : "MISSED"}: ${mutation.name}: ${violation ?? "nothing"} after ${steps} steps`);
}
for (const { name, rules, finds } of WORKFLOW_MUTATIONS) {
  const { violation, steps } = walksOfWorkflows(rules, seed, 1_000_000);
  const found = finds.test(violation ?? "");
  if (!found) missed.push(name);
  say(`${found ? "found" : "MISSED"}: ${name}: ${violation ?? "nothing"} after ${steps} steps`);
}
bars.push({
  name: "planted mutations found",
  figure: planted - missed.length,
  unit: `of ${planted}`,
  bar: `= ${planted}`,
  met: missed.length === 0,
  runs: missed,
});

const wanted = Number(values["walk-steps"]);
const walkFromSeconds = cpuSeconds();
const walked = walks({}, { seed, steps: wanted * (1 - WORKFLOW_SHARE), until: () => leftMs(1) === 0 });
const workflows = walksOfWorkflows(WORKFLOW_RULES, seed, wanted * WORKFLOW_SHARE);
const steps = walked.steps + workflows.steps;
const rate = Math.round(steps / (cpuSeconds() - walkFromSeconds));
for (const { violation, seed: failed, trace } of [walked, workflows])
  if (violation !== null)
    say(`${violation} (seed ${failed})\n${trace.map((step) => `  ${step}`).join("\n")}`);
say(
  `walked ${walked.steps} steps with ${walked.takeovers} takeovers and ${walked.changes} changes of the voters, ${workflows.steps} with ${workflows.ended} workflows, ${rate} steps/s, seed ${seed}`,
);
const violations = [walked, workflows].filter(({ violation }) => violation !== null);
bars.push({
  name: `violations in ${steps} walked steps, ${walked.takeovers} takeovers, ${workflows.ended} workflows (seed ${seed})`,
  figure: violations.length,
  unit: "",
  bar: "= 0",
  met: violations.length === 0,
  runs: [walked, workflows],
});
await report("explore", bars);
