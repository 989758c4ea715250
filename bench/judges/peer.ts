// Porcupine 1.3.1, built from its Go module: the peer of bench/judges. Stopped at 120 s or 12 GB it counts as 120 s.
import { access, mkdtemp, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Operation } from "../../src/domain/history.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { run, runOk } from "../../src/runtime/process.ts";

const VERSION = "1.3.1";
export const PEER = `porcupine ${VERSION}`;
const SECONDS_MAX = 120;
const KILOBYTES_MAX = 12 * 1024 * 1024;

export interface PeerRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** It was stopped: the seconds are a lower bound. */
  readonly stopped: boolean;
  readonly verdict: "valid" | "invalid" | "unknown";
}

/** The program; built once in the folder for temporary files. */
export async function buildPeer(): Promise<string> {
  const program = join(tmpdir(), `outlast-bench-porcupine-${VERSION}-3`);
  const built = await access(program).then(
    () => true,
    () => false,
  );
  if (built) return program;
  const folder = await mkdtemp(join(tmpdir(), "outlast-bench-"));
  try {
    const go = (...args: string[]) => runOk(["go", ...args], { cwd: folder, timeoutMs: 300_000 });
    await runOk(["cp", "bench/judges/porcupine/main.go", folder]);
    await go("mod", "init", "peer");
    await go("get", `github.com/anishathalye/porcupine@v${VERSION}`);
    await go("build", "-o", "peer", ".");
    await rename(join(folder, "peer"), program);
  } finally {
    await removeTree(folder);
  }
  return program;
}

/** Operations of registers as the peer reads them; keys and values are numbers, null is -1. */
export async function writePeerFile(path: string, operations: readonly Operation[]): Promise<void> {
  const keys = new Map<string, number>();
  const value = (given: unknown) => (given === null || given === undefined ? -1 : Number(given));
  const lines = operations.flatMap(
    ({ process, key = "", op, input, output, outcome, invoked, completed }) => {
      if (outcome === "fail" || (op === "read" && outcome !== "ok")) return [];
      const number = keys.get(key) ?? keys.size;
      keys.set(key, number);
      const [from, to] = Array.isArray(input) ? (input as unknown[]) : [input, null];
      const kind =
        op === "read" ? "r" : op === "write" ? "w" : outcome === "ok" && output === false ? "n" : "s";
      const [a, b] = op === "read" ? [value(output), -1] : [value(from), value(to)];
      return [`${process} ${number} ${kind} ${a} ${b} ${invoked} ${completed ?? -1}\n`];
    },
  );
  await writeFile(path, lines.join(""));
}

const VERDICTS = { Ok: "valid", Illegal: "invalid", Unknown: "unknown" } as const;

export async function runPeer(program: string, file: string): Promise<PeerRun> {
  const { code, stdout } = await run(
    ["sh", "-c", `ulimit -v ${KILOBYTES_MAX}; exec "$0" "$1"`, program, file],
    { timeoutMs: (SECONDS_MAX + 60) * 1_000 },
  );
  const [word, seconds, cpuSeconds] = stdout.trim().split(" ");
  const verdict = VERDICTS[word as keyof typeof VERDICTS] ?? "unknown";
  if (code !== 0 || verdict === "unknown")
    return { seconds: SECONDS_MAX, cpuSeconds: SECONDS_MAX, stopped: true, verdict: "unknown" };
  return { seconds: Number(seconds), cpuSeconds: Number(cpuSeconds), stopped: false, verdict };
}
