// One judgement of a file in a process of its own: `measured-run.ts MODEL FILE` prints its verdict, seconds, processor
// seconds and peak memory as JSON. Started by bench/judges, which adds the time that the process took to start.
import { judgeRegisterFile } from "../../src/cli/judge-register-file.ts";
import { importHistory } from "../../src/history/import.ts";
import { judgeOf, LIMITS } from "../../src/judges/judge.ts";
import { LINEARIZABLE_REGISTER } from "../../src/judges/linearizable-register.ts";
import { systemClock } from "../../src/runtime/clock.ts";

const [model = "", file = ""] = process.argv.slice(2);
const start = systemClock.nowMs();
const judge = judgeOf(model);
if (judge === null) throw new Error(`no model ${model}`);
const verdict =
  model === LINEARIZABLE_REGISTER
    ? await judgeRegisterFile(file, LIMITS)
    : judge.judge(await importHistory(file), LIMITS);
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
