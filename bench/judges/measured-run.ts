// One judgement of a file in a process of its own: `measured-run.ts MODEL FILE` prints its verdict, seconds, processor
// seconds and peak memory as JSON. Started by bench/judges, which adds the time that the process took to start.
import { judgeStreamed } from "../../src/cli/judge-streamed.ts";
import { LIMITS } from "../../src/judges/limits.ts";
import { systemClock } from "../../src/runtime/clock.ts";

const [model = "", file = ""] = process.argv.slice(2);
const start = systemClock.nowMs();
const verdict = await judgeStreamed(file, model, LIMITS);
if (verdict === null) throw new Error(`${model} needs the whole history`);
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
process.stdout.write(
  JSON.stringify({
    verdict: verdict.verdict,
    seconds: (systemClock.nowMs() - start) / 1_000,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakBytes: maxRSS * 1024,
    steps: verdict.statistics["steps"] ?? 0,
  }),
);
