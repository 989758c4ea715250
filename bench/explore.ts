// The production decision functions of src/recovery, explored: exhaustively within bounds that grow until the time is over,
// then each wrong rule planted and looked for, then seeded walks beyond the bounds.
//   npm run -s bench -- explore [--minutes 30] [--gib 8] [--walk-steps 10000000] [--seed N]
// Bars: no violation and no deadlock; every planted mutation is found.
import { parseArgs } from "node:util";
import { systemClock } from "../src/runtime/clock.ts";
import { newSeed } from "../src/runtime/random.ts";
import { modelOf } from "./explore/model.ts";
import { MUTATIONS } from "./explore/mutations.ts";
import { plantedIsFound } from "./explore/planted.ts";
import { search } from "./explore/search.ts";
import { STAGES } from "./explore/stages.ts";
import { walks } from "./explore/walk.ts";
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
const say = (line: string) => process.stderr.write(`${line}\n`);

const bars: Bar[] = [];
let states = 0;
let complete = 0;
const wrong: string[] = [];
for (const [name, bounds] of STAGES) {
  const ms = leftMs(0.6);
  if (ms === 0) break;
  const found = search(modelOf(bounds), { states: 1e9, ms, bytes, settleEvery: 997 }, systemClock.nowMs);
  states += found.states;
  if (found.complete) complete += 1;
  say(
    `${name}: ${found.states} states, depth ${found.depth}, ${found.complete ? "complete" : `stopped by ${found.stoppedBy ?? "a violation"}`}, ${found.settled} looked at for deadlocks`,
  );
  bars.push({
    name: `states: ${name}${found.complete ? "" : " (not complete)"}`,
    figure: found.states,
    unit: "states",
    bar: null,
    met: null,
    runs: [{ bounds, ...found }],
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

const missed: string[] = [];
for (const [index, mutation] of MUTATIONS.entries()) {
  const ms = leftMs(0.6 + (0.25 * (index + 1)) / MUTATIONS.length);
  const { found, violation, steps } = plantedIsFound(mutation, { seed, ms }, systemClock.nowMs);
  if (!found) missed.push(mutation.name);
  say(`${found ? "found" : "MISSED"}: ${mutation.name}: ${violation ?? "nothing"} after ${steps} steps`);
}
bars.push({
  name: "planted mutations found",
  figure: MUTATIONS.length - missed.length,
  unit: `of ${MUTATIONS.length}`,
  bar: `= ${MUTATIONS.length}`,
  met: missed.length === 0,
  runs: missed,
});

const walkStartMs = systemClock.nowMs();
const walked = walks({}, { seed, steps: Number(values["walk-steps"]), until: () => leftMs(1) === 0 });
const seconds = (systemClock.nowMs() - walkStartMs) / 1_000;
if (walked.violation !== null)
  say(`${walked.violation} (seed ${walked.seed})\n${walked.trace.map((step) => `  ${step}`).join("\n")}`);
say(
  `walked ${walked.steps} steps, ${walked.takeovers} takeovers, ${Math.round(walked.steps / seconds)} steps/s, seed ${seed}`,
);
bars.push({
  name: `violations in ${walked.steps} walked steps, ${walked.takeovers} takeovers (seed ${seed})`,
  figure: walked.violation === null ? 0 : 1,
  unit: "",
  bar: "= 0",
  met: walked.violation === null,
  runs: [walked],
});
await report("explore", bars);
