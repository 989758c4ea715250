// nftables through `nft`: one script is one transaction, all of it or none. Values that go into a script are checked here,
// so that a name from a plan can never become a rule.
import { OutlastError } from "../domain/outcome.ts";
import { run, runOk, start } from "../runtime/process.ts";
import type { NetworkTools } from "./network-tools.ts";

const NFT_TIMEOUT_MS = 10_000;

/** A name of a table, set or chain from any text: `outlast` + what is allowed of it. */
export const ownedName = (owner: string): string =>
  `outlast_${owner.replaceAll(/[^A-Za-z0-9]/g, "_")}`.slice(0, 63);

export function nftAddress(address: string): string {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) throw new RangeError(`not an IPv4 address: ${address}`);
  return address;
}

export function nftPort(port: number): string {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`not a port: ${port}`);
  return String(port);
}

export function nftMark(mark: number): string {
  if (!Number.isInteger(mark) || mark < 1 || mark > 0xffffffff) throw new RangeError(`not a mark: ${mark}`);
  return `0x${mark.toString(16).padStart(8, "0")}`;
}

/** Throws PROGRAM_FAILED with nft's own words; then nothing of the script is in effect. */
export async function applyScript(tools: NetworkTools, script: string, signal?: AbortSignal): Promise<void> {
  const waiting = signal === undefined ? {} : { signal };
  await runOk([tools.nft, "-f", "-"], { input: script, timeoutMs: NFT_TIMEOUT_MS, ...waiting });
}

/** The table as nft prints it; null when there is none. `elements`: with what sets hold, for how long, and with counters. */
export async function listTable(
  tools: NetworkTools,
  table: string,
  signal?: AbortSignal,
  how: { readonly family: "ip" | "inet"; readonly elements: boolean } | null = null,
): Promise<string | null> {
  const waiting = signal === undefined ? {} : { signal };
  const detail = how === null ? ["-s"] : how.elements ? [] : ["-s", "-t"];
  const argv = [tools.nft, ...detail, "list", "table", how?.family ?? "ip", table];
  const finished = await run(argv, { timeoutMs: NFT_TIMEOUT_MS, ...waiting });
  if (finished.code === 0) return finished.stdout;
  if (/No such file or directory/.test(finished.stderr)) return null;
  return (await runOk(argv, { timeoutMs: NFT_TIMEOUT_MS, ...waiting })).stdout; // throws with nft's words
}

/** A running `nft -i`: a transaction takes 1–2 ms there, where starting a program takes 10 ms, and 60 on a busy machine. */
export interface NftSession extends AsyncDisposable {
  /** All of the commands or none. Throws PROGRAM_FAILED; when the session itself is gone, a program is started instead. */
  transact(commands: readonly string[], signal?: AbortSignal): Promise<void>;
}

/** Its answer shows that everything before it is done. */
const SENTINEL = "describe ct mark";
const SENTINEL_ANSWER = /^ct expression/m;
const SESSION_TIMEOUT_MS = 1_000;

export async function startNftSession(tools: NetworkTools): Promise<NftSession> {
  const child = await start([tools.nft, "-i"], { stdio: ["pipe", "pipe", "pipe"] });
  const { stdin, stdout, stderr } = child.process;
  let gone = false;
  let said = "";
  let complaint = "";
  let wake = () => {};
  void child.exited.then(() => {
    gone = true;
    wake();
  });
  stdin?.on("error", () => {
    gone = true;
  });
  stdout?.setEncoding("utf8").on("data", (piece: string) => {
    said = (said + piece).slice(-4_096);
    wake();
  });
  stderr?.setEncoding("utf8").on("data", (piece: string) => {
    complaint = (complaint + piece).slice(-4_096);
  });
  const ask = async (line: string): Promise<"done" | "silent"> => {
    said = "";
    complaint = "";
    stdin?.write(`${line}\n${SENTINEL}\n`);
    const timeout = AbortSignal.timeout(SESSION_TIMEOUT_MS);
    timeout.addEventListener("abort", () => wake(), { once: true });
    while (!SENTINEL_ANSWER.test(said)) {
      if (gone || timeout.aborted) return "silent";
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    // What it complained about was written before the answer: it is read in this turn of the loop at the latest.
    await new Promise((resolve) => setImmediate(resolve));
    return "done";
  };
  return {
    transact: async (commands, signal) => {
      if (commands.length === 0) return;
      const answer = gone ? "silent" : await ask(commands.join("; "));
      if (answer === "silent") {
        gone = true;
        // It may have been carried out or not; a whole script tells, and fails if it was.
        return applyScript(tools, `${commands.join("\n")}\n`, signal);
      }
      if (!complaint.includes("Error")) return;
      throw new OutlastError({
        code: "PROGRAM_FAILED",
        definite: true,
        what: `nft refused: ${complaint.trim().slice(-600)}`,
        where: commands.join("; ").slice(0, 600),
        next: "run the same commands by hand to see more",
      });
    },
    [Symbol.asyncDispose]: () => child.stop(500),
  };
}

export interface Monitor extends AsyncDisposable {
  /** Resolves when the program has ended by itself. */
  readonly ended: Promise<void>;
}

/** Calls `onDestroy` when anything of the table was removed, by anybody, ourselves included. */
export async function startMonitor(
  tools: NetworkTools,
  table: string,
  onDestroy: () => void,
): Promise<Monitor> {
  const child = await start([tools.nft, "monitor", "destroy"], { stdio: ["ignore", "pipe", "ignore"] });
  const pattern = new RegExp(`\\bip ${table}\\b`);
  let rest = "";
  child.process.stdout?.setEncoding("utf8").on("data", (piece: string) => {
    const lines = (rest + piece).split("\n");
    rest = (lines.pop() ?? "").slice(-4_096);
    if (lines.some((line) => pattern.test(line))) onDestroy();
  });
  return {
    ended: child.exited.then(() => undefined),
    [Symbol.asyncDispose]: () => child.stop(500),
  };
}
