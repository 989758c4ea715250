// How fast does the register judge decide, beside Porcupine 1.3.1 (Go) on the same histories in the same run? The peer
// is stopped at 120 s or 12 GB and counts as that time. `--peer-runs N` (default 5; 0: without the peer).
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Operation } from "../src/domain/history.ts";
import { LIMITS } from "../src/judges/limits.ts";
import { judgeLinearizableRegister } from "../src/judges/linearizable-register.ts";
import { systemClock } from "../src/runtime/clock.ts";
import { removeTree } from "../src/runtime/files.ts";
import { run, runOk } from "../src/runtime/process.ts";
import { registerHistory } from "./judges/register-history.ts";
import { type Bar, report } from "./report.ts";

const RUNS = 5;
const PEER_SECONDS = 120;
const PEER_KILOBYTES = 12 * 1024 * 1024;
const SCENARIOS = [
  { name: "1 key, 10 clients, 20 000 operations", keys: 1, clients: 10, operations: 20_000, factor: 100 },
  {
    name: "16 keys, 80 clients, 100 000 operations",
    keys: 16,
    clients: 80,
    operations: 100_000,
    factor: 100,
  },
  { name: "16 keys, 10 clients, 100 000 operations", keys: 16, clients: 10, operations: 100_000, factor: 1 },
] as const;

const { values } = parseArgs({ options: { "peer-runs": { type: "string", default: "5" } } });
const peerRuns = Number(values["peer-runs"]);
const median = (list: readonly number[]) =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
const folder = await mkdtemp(join(tmpdir(), "outlast-bench-"));

async function buildPeer(): Promise<string> {
  const go = (...args: string[]) => runOk(["go", ...args], { cwd: folder, timeoutMs: 300_000 });
  await runOk(["cp", "bench/judges/porcupine/main.go", folder]);
  await go("mod", "init", "peer");
  await go("get", "github.com/anishathalye/porcupine@v1.3.1");
  await go("build", "-o", "peer", ".");
  return join(folder, "peer");
}

/** Seconds, and whether they are a lower bound because it was stopped. */
async function peerSeconds(
  program: string,
  file: string,
  valid: boolean,
): Promise<{ seconds: number; stopped: boolean }> {
  const { code, stdout } = await run(
    ["sh", "-c", `ulimit -v ${PEER_KILOBYTES}; exec "$0" "$1"`, program, file],
    {
      timeoutMs: (PEER_SECONDS + 60) * 1_000,
    },
  );
  const [verdict, seconds] = stdout.trim().split(" ");
  if (code !== 0 || verdict === "Unknown") return { seconds: PEER_SECONDS, stopped: true };
  if (verdict !== (valid ? "Ok" : "Illegal")) throw new Error(`the peer says ${verdict}, planted: ${valid}`);
  return { seconds: Number(seconds), stopped: false };
}

const lineOf = ({ process, key, op, input, output, invoked, completed }: Operation) =>
  `${process} ${key?.slice(1)} ${op === "write" ? "w" : "r"} ${Number((op === "write" ? input : output) ?? -1)} ${invoked} ${completed}\n`;

const bars: Bar[] = [];
try {
  const peer = peerRuns > 0 ? await buildPeer() : null;
  for (const { name, factor, ...spec } of SCENARIOS)
    for (const planted of [false, true]) {
      const operations = registerHistory({ ...spec, seed: 1, planted });
      const ours: number[] = [];
      for (let each = 0; each < RUNS; each += 1) {
        const start = systemClock.nowMs();
        const { verdict } = judgeLinearizableRegister(operations, LIMITS);
        ours.push((systemClock.nowMs() - start) / 1_000);
        if (verdict !== (planted ? "invalid" : "valid"))
          throw new Error(`${name}: ${verdict}, planted: ${planted}`);
      }
      const file = join(folder, "history.txt");
      await writeFile(file, operations.map(lineOf).join(""));
      const theirs: { seconds: number; stopped: boolean }[] = [];
      for (let each = 0; peer !== null && each < peerRuns; each += 1)
        theirs.push(await peerSeconds(peer, file, !planted));
      const ratio = median(theirs.map(({ seconds }) => seconds)) / median(ours);
      const stopped = theirs.some((each) => each.stopped);
      const what = `${name}, ${planted ? "one violation" : "valid"}`;
      bars.push({
        name: what,
        figure: Number(median(ours).toFixed(4)),
        unit: "s",
        bar: null,
        met: null,
        runs: ours,
      });
      bars.push({
        name: `${what}: times the peer's speed${stopped ? " (at least: the peer was stopped)" : ""}`,
        figure: peer === null ? null : Number(ratio.toFixed(1)),
        unit: "×",
        bar: `>= ${factor}`,
        met: peer === null ? null : ratio >= factor,
        runs: theirs,
      });
    }
} finally {
  await removeTree(folder);
}
await report("judges", bars, { peer: "porcupine 1.3.1", peerRuns });
