// Judging in a process of its own, which is ended at the limits of time and memory: whatever a history does to a judge,
// the answer is a verdict. What was not decided by then is unknown, with the reason.
import { createInterface } from "node:readline";
import { OutlastError } from "../domain/outcome.ts";
import type { Judged } from "../evidence/verdict/judged.ts";
import { systemClock } from "../runtime/clock.ts";
import { readText } from "../runtime/files.ts";
import { outlastCommand, start } from "../runtime/process.ts";
import type { JudgeMessage } from "./judge-messages.ts";

export interface JudgingLimits {
  /** null: as long as it takes. */
  readonly timeMs: number | null;
  readonly memoryBytes: number;
}

export interface Judging {
  /** In the order in which the models were asked for; only those that were decided. */
  readonly judged: readonly Judged[];
  /** Why the others were not; null when all were. */
  readonly stopped: string | null;
  /** Not 0: the process refused its input, and has said why on standard error. */
  readonly exitCode: number;
}

const LOOK_EVERY_MS = 50;
/** Room of the language's heap beyond the limit: the limit is to be met first, because it ends in words. */
const HEAP_MARGIN_MB = 512;
const MB = 1024 * 1024;

async function memoryOf(pid: number): Promise<number> {
  const status = await readText(`/proc/${pid}/status`).catch(() => null); // it has just ended
  const match = /^VmRSS:\s+(\d+) kB/m.exec(status ?? "");
  return match === null ? 0 : Number(match[1]) * 1024;
}

function stageWords(stage: JudgeMessage | null): string {
  switch (stage?.stage) {
    case "reading":
      return `reading ${stage.file}${stage.operations === 0 ? "" : `, ${stage.operations} operations so far`}`;
    case "judging":
      return `judging ${stage.model}`;
    case "judged":
      return `${stage.judged.verdict.model} is judged`;
    case undefined:
      return "starting";
    default:
      return stage satisfies never;
  }
}

/** `tell` hears once in a while what it is doing. */
export async function watchJudging(
  args: readonly string[],
  limits: JudgingLimits,
  tell: (words: string, elapsedMs: number) => void,
  signal: AbortSignal,
): Promise<Judging> {
  const [node = "", ...command] = outlastCommand("judge", "--in-process", ...args);
  const heapMb = Math.ceil(limits.memoryBytes / MB) + HEAP_MARGIN_MB;
  const began = systemClock.nowMs();
  await using child = await start([node, `--max-old-space-size=${heapMb}`, ...command], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const judged: Judged[] = [];
  let stage: JudgeMessage | null = null;
  let stopped: string | null = null;
  const { stdout } = child.process;
  if (stdout === null) throw new RangeError("watchJudging: no pipe");
  const reader = createInterface({ input: stdout });
  reader.on("line", (line) => {
    stage = JSON.parse(line) as JudgeMessage;
    if (stage.stage === "judged") judged.push(stage.judged);
  });
  const closed = new Promise<void>((resolve) => reader.once("close", resolve));
  const ended = new AbortController();
  const exited = child.exited.then((exit) => {
    ended.abort();
    return exit;
  });
  while (!ended.signal.aborted) {
    await systemClock.sleep(LOOK_EVERY_MS, AbortSignal.any([ended.signal, signal]));
    if (signal.aborted) break;
    const elapsedMs = systemClock.nowMs() - began;
    const memory = await memoryOf(child.pid);
    const words = stageWords(stage);
    tell(`${words} (${Math.round(memory / MB)} MB)`, elapsedMs);
    if (limits.timeMs !== null && elapsedMs > limits.timeMs)
      stopped = `stopped at the time limit of ${limits.timeMs / 1000} s while ${words}`;
    else if (memory > limits.memoryBytes)
      stopped = `stopped at the memory limit of ${Math.round(limits.memoryBytes / MB)} MB while ${words}`;
    if (stopped !== null) {
      child.process.kill("SIGKILL"); // it may be in the middle of a computation and would hear nothing else
      break;
    }
  }
  if (signal.aborted) {
    child.process.kill("SIGKILL");
    throw new OutlastError(
      {
        code: "INTERRUPTED",
        definite: true,
        what: `interrupted while ${stageWords(stage)}`,
        where: "outlast judge",
        next: "start it again when wanted",
      },
      130,
    );
  }
  const { code, signal: by } = await exited;
  await closed;
  if (code === null && stopped === null)
    stopped = `the judging process was ended by ${by ?? "a signal"} while ${stageWords(stage)}, most likely for want of memory`;
  return { judged, stopped, exitCode: code ?? 0 };
}
