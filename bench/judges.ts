// The judges' bars (docs/judges.md): how fast they decide beside Porcupine on the same histories in the same run, how time
// and memory grow with the history, and whether every history is decided as planted. Runs whole, or in pieces: `--only PART`
// runs the parts whose name contains PART and keeps the others' figures in bench/results/judges.json; `--list` names them.
// `--peer-runs N` (default 5; 0: without the peer).
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Operation } from "../src/domain/history.ts";
import { loadHistory } from "../src/history/read.ts";
import { LIMITS } from "../src/judges/limits.ts";
import { judgeLinearizableRegister } from "../src/judges/linearizable-register.ts";
import { systemClock } from "../src/runtime/clock.ts";
import { readText, removeTree } from "../src/runtime/files.ts";
import { run } from "../src/runtime/process.ts";
import { fewValues } from "./judges/few-values.ts";
import { buildPeer, PEER, type PeerRun, runPeer, writePeerFile } from "./judges/peer.ts";
import { writeRegisterFile } from "./judges/register-file.ts";
import { registerHistory } from "./judges/register-history.ts";
import { writeTransactionFile } from "./judges/transaction-file.ts";
import { type Bar, report } from "./report.ts";

const RUNS = 5;
const { values } = parseArgs({
  options: {
    "peer-runs": { type: "string", default: "5" },
    only: { type: "string" },
    list: { type: "boolean", default: false },
  },
});
const runsOfPeer = Number(values["peer-runs"]);
const folder = await mkdtemp(join(tmpdir(), "outlast-bench-"));

const median = (list: readonly number[]) =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
const round = (value: number) => Number(value.toPrecision(4));

/**
 * What is measured beside the peer: the judgement alone, without reading and starting, of ours and of theirs each after
 * judging the same for so long. What compilers and first pages cost is in neither.
 */
const WARM_MS = 1_000;

interface Timed {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

interface Beside {
  readonly ours: readonly Timed[];
  readonly theirs: readonly PeerRun[];
}

/** One after the other in turn, so that whatever else the machine does meets both. Throws when not decided as planted. */
async function runsBeside(operations: readonly Operation[], expected: string, what: string): Promise<Beside> {
  const file = join(folder, "history.txt");
  if (runsOfPeer > 0) await writePeerFile(file, operations);
  const program = runsOfPeer > 0 ? await buildPeer() : "";
  const ours: Timed[] = [];
  const theirs: PeerRun[] = [];
  const peerGoesOn = () =>
    theirs.length < runsOfPeer && theirs.filter(({ stopped }) => stopped).length <= runsOfPeer / 2;
  while (ours.length < RUNS || peerGoesOn()) {
    if (ours.length < RUNS) ours.push(judgeWarm(operations, expected, what));
    if (!peerGoesOn()) continue;
    const run = await runPeer(program, file);
    if (!run.stopped && run.verdict !== expected)
      throw new Error(`the peer says ${run.verdict}, planted: ${expected}`);
    theirs.push(run);
  }
  return { ours, theirs };
}

function judgeWarm(operations: readonly Operation[], expected: string, what: string): Timed {
  for (const start = systemClock.nowMs(); systemClock.nowMs() - start < WARM_MS; )
    judgeLinearizableRegister(operations, LIMITS);
  const cpu = process.cpuUsage();
  const start = systemClock.nowMs();
  const { verdict, reason } = judgeLinearizableRegister(operations, LIMITS);
  const seconds = (systemClock.nowMs() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  if (verdict !== expected) throw new Error(`${what}: ${verdict} (${reason}), planted: ${expected}`);
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}

const secondsEach = (runs: readonly Timed[]) => median(runs.map(({ seconds }) => seconds));
const cpuEach = (runs: readonly Timed[]) => median(runs.map(({ cpuSeconds }) => cpuSeconds));

/** Our seconds, how many times as long the peer takes, and the same in processor time. */
function beside(name: string, { ours, theirs }: Beside, factor: number): Bar[] {
  const stopped = theirs.some((each) => each.stopped) ? ", at least: it was stopped" : "";
  const times = (what: string, ratio: number, runs: Bar["runs"]): Bar => ({
    name: `${name}: times the peer's ${what}${stopped}`,
    figure: theirs.length === 0 ? null : round(ratio),
    unit: "×",
    bar: `>= ${factor}`,
    met: theirs.length === 0 ? null : ratio >= factor,
    runs,
  });
  return [
    { name, figure: round(secondsEach(ours)), unit: "s", bar: null, met: null, runs: ours },
    times("speed", secondsEach(theirs) / secondsEach(ours), theirs),
    times("speed in processor time", cpuEach(theirs) / cpuEach(ours), []),
  ];
}

async function overlap(keys: number, clients: number, operations: number, factor: number): Promise<Bar[]> {
  const bars: Bar[] = [];
  for (const planted of [false, true]) {
    const history = registerHistory({ keys, clients, operations, seed: 1, planted });
    const expected = planted ? "invalid" : "valid";
    const name = `${keys} keys, ${clients} clients, ${operations} operations, ${planted ? "one violation" : "valid"}`;
    bars.push(...beside(name, await runsBeside(history, expected, name), factor));
  }
  return bars;
}

interface Measured {
  readonly verdict: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly steps: number;
}

/** Runs in processes of their own; `seconds` with their start. */
async function measured(model: string, file: string, expected: string, runs = RUNS): Promise<Measured[]> {
  const all: Measured[] = [];
  while (all.length < runs) {
    const start = systemClock.nowMs();
    const { code, stdout, stderr } = await run(
      [
        process.execPath,
        "--disable-warning=ExperimentalWarning",
        "bench/judges/measured-run.ts",
        model,
        file,
      ],
      { timeoutMs: 600_000 },
    );
    if (code !== 0) throw new Error(`${file}: ${stderr.slice(-500)}`);
    const result = JSON.parse(stdout) as Measured;
    if (result.verdict !== expected) throw new Error(`${file}: ${result.verdict}, planted: ${expected}`);
    all.push({ ...result, seconds: (systemClock.nowMs() - start) / 1_000 });
  }
  return all;
}

const secondsOf = (runs: readonly Measured[]) => median(runs.map(({ seconds }) => seconds));
const gigabytesOf = (runs: readonly Measured[]) => Math.max(...runs.map(({ peakBytes }) => peakBytes)) / 1e9;

function withinBars(
  name: string,
  runs: readonly Measured[],
  secondsMax: number,
  gigabytesMax: number | null,
): Bar[] {
  const seconds = secondsOf(runs);
  const gigabytes = gigabytesOf(runs);
  return [
    { name, figure: round(seconds), unit: "s", bar: `<= ${secondsMax}`, met: seconds <= secondsMax, runs },
    {
      name: `${name}: processor time`,
      figure: round(median(runs.map(({ cpuSeconds }) => cpuSeconds))),
      unit: "s",
      bar: null,
      met: null,
      runs: [],
    },
    {
      name: `${name}: peak memory`,
      figure: round(gigabytes),
      unit: "GB",
      bar: gigabytesMax === null ? null : `<= ${gigabytesMax}`,
      met: gigabytesMax === null ? null : gigabytes <= gigabytesMax,
      runs: [],
    },
  ];
}

const REGISTER_SHAPE = { keys: 16, clients: 80, seed: 1 };
const registerFile = (operations: number, mixed: boolean, planted = false): string => {
  const path = join(
    folder,
    `register-${operations}-${mixed ? "mixed" : "plain"}-${planted ? "planted" : "valid"}.jsonl`,
  );
  writeRegisterFile(path, { ...REGISTER_SHAPE, operations, mixed, planted });
  return path;
};
const REGISTER = "linearizable-register";

async function tenMillion(): Promise<Bar[]> {
  const size = 10_000_000;
  const name = "10 million operations from a file, 16 keys, 80 clients";
  const plainFile = registerFile(size, false);
  const plain = await measured(REGISTER, plainFile, "valid");
  await removeTree(plainFile);
  const plantedFile = registerFile(size, false, true);
  const planted = await measured(REGISTER, plantedFile, "invalid", 1);
  await removeTree(plantedFile);
  return [
    ...withinBars(`${name}, valid`, plain, 30, 2),
    ...withinBars(`${name}, one violation (one run)`, planted, 30, 2),
  ];
}

async function tenMillionMixed(): Promise<Bar[]> {
  const size = 10_000_000;
  const name = "10 million operations, 20 % refused compare-and-sets, 5 % unknown outcomes";
  const plainFile = registerFile(size, false);
  const plain = await measured(REGISTER, plainFile, "valid", 1);
  await removeTree(plainFile);
  const mixed = await measured(REGISTER, registerFile(size, true), "valid");
  const ratio = secondsOf(mixed) / secondsOf(plain);
  return [
    ...withinBars(name, mixed, 150, 2),
    {
      name: `${name}: times as long as without`,
      figure: round(ratio),
      unit: "×",
      bar: "<= 5",
      met: ratio <= 5,
      runs: [],
    },
  ];
}

/** Rows of a table; each time compared with the one before, by n log n. */
async function growth(
  what: string,
  sizes: readonly number[],
  runsOf: (size: number) => Promise<readonly Measured[]>,
): Promise<Bar[]> {
  const bars: Bar[] = [];
  let before: { size: number; seconds: number } | null = null;
  for (const size of sizes) {
    const runs = await runsOf(size);
    // Without the start of a process, which would flatter the growth.
    const seconds = median(runs.map((each) => each.cpuSeconds));
    const allowed: number =
      before === null ? 0 : (before.seconds * size * Math.log(size)) / (before.size * Math.log(before.size));
    bars.push({
      name: `growth, ${what}: ${size} (processor time)`,
      figure: round(seconds),
      unit: "s",
      bar: before === null ? null : `<= ${round(allowed)} (n log n)`,
      met: before === null ? null : seconds <= allowed,
      runs,
    });
    before = { size, seconds };
  }
  return bars;
}

const SIZES = [10_000, 100_000, 1_000_000];

async function registerGrowth(): Promise<Bar[]> {
  const grow = (mixed: boolean) =>
    growth(`registers${mixed ? ", mixed" : ""}`, SIZES, (size) =>
      measured(REGISTER, registerFile(size, mixed), "valid"),
    );
  return [...(await grow(false)), ...(await grow(true))];
}

/** The etcd histories, all together: few values, so the search. */
async function searchEtcd(): Promise<Bar[]> {
  const bars: Bar[] = [];
  const known = JSON.parse(await readFile("test/judges/histories/verdicts.json", "utf8")) as Record<
    string,
    { verdict: string }
  >;
  const names = (await readdir("test/judges/histories")).filter((name) => name.endsWith(".jsonl"));
  const all: Beside[] = [];
  for (const file of names) {
    const { operations } = await loadHistory(`test/judges/histories/${file}`);
    all.push(await runsBeside(operations, known[file]?.verdict ?? "", file));
  }
  const sum = (of: (each: Beside) => readonly Timed[]): Timed => ({
    seconds: all.reduce((total, each) => total + secondsEach(of(each)), 0),
    cpuSeconds: all.reduce((total, each) => total + cpuEach(of(each)), 0),
  });
  const ours = [sum((each) => each.ours)];
  const theirs: PeerRun[] =
    runsOfPeer === 0 ? [] : [{ ...sum((each) => each.theirs), stopped: false, verdict: "valid" }];
  bars.push(...beside(`${names.length} etcd histories, medians added up`, { ours, theirs }, 1));
  return bars;
}

/** Larger histories of few values. */
async function searchFew(clients: number, operations: number, distinct: number): Promise<Bar[]> {
  const bars: Bar[] = [];
  for (const planted of [false, true]) {
    const history = fewValues({ operations, clients, values: distinct, seed: 1, planted });
    const expected = planted ? "invalid" : "valid";
    const name = `${distinct} values, ${clients} clients, ${operations} operations, ${planted ? "one violation" : "valid"}`;
    bars.push(...beside(name, await runsBeside(history, expected, name), 1));
  }
  return bars;
}

async function searchLimit(): Promise<Bar[]> {
  const hard = fewValues({ operations: 2_000, clients: 60, values: 40, seed: 1, planted: true });
  const { verdict } = judgeLinearizableRegister(hard, { steps: 20_000 });
  return [
    {
      name: "beyond its limit (60 clients, 20 000 steps) the search says unknown",
      figure: verdict === "unknown" ? 1 : 0,
      unit: "",
      bar: "= 1",
      met: verdict === "unknown",
      runs: [verdict],
    },
  ];
}

const TRANSACTIONS = "transactions";
const transactionFile = (transactions: number, planted = false): string => {
  const path = join(folder, `transactions-${transactions}-${planted ? "planted" : "valid"}.jsonl`);
  writeTransactionFile(path, { transactions, clients: 20, keys: 16, appendsEach: 64, seed: 1, planted });
  return path;
};

async function transactions(): Promise<Bar[]> {
  const size = 1_000_000;
  const valid = await measured(TRANSACTIONS, transactionFile(size), "valid");
  const planted = await measured(TRANSACTIONS, transactionFile(size, true), "invalid", 1);
  return [
    ...withinBars("1 million list-append transactions from a file, valid", valid, 30, null),
    ...withinBars(
      "1 million list-append transactions from a file, one violation (one run)",
      planted,
      30,
      null,
    ),
  ];
}

const transactionGrowth = () =>
  growth("list-append transactions", SIZES, (size) =>
    measured(TRANSACTIONS, transactionFile(size), "valid", size === 1_000_000 ? 3 : RUNS),
  );

const PARTS: Readonly<Record<string, () => Promise<Bar[]>>> = {
  "overlap-1x10": () => overlap(1, 10, 20_000, 100),
  "overlap-16x80": () => overlap(16, 80, 100_000, 100),
  "spread-16x10": () => overlap(16, 10, 100_000, 1),
  "ten-million": tenMillion,
  "mixed-ten-million": tenMillionMixed,
  "growth-registers": registerGrowth,
  "search-etcd": searchEtcd,
  "search-5x1000": () => searchFew(5, 1_000, 5),
  "search-10x1000": () => searchFew(10, 1_000, 5),
  "search-10x10000": () => searchFew(10, 10_000, 5),
  "search-20x1000": () => searchFew(20, 1_000, 3),
  "search-limit": searchLimit,
  transactions,
  "growth-transactions": transactionGrowth,
};

interface Part {
  readonly date: string;
  /** Processes that wanted a core, over the minute before: what else the machine did. */
  readonly load: number;
  readonly bars: readonly Bar[];
}

async function partsBefore(): Promise<Record<string, Part>> {
  const text = await readText("bench/results/judges.json");
  if (text === null) return {};
  return (JSON.parse(text) as { parts?: Record<string, Part> }).parts ?? {};
}

if (values.list) process.stdout.write(`${Object.keys(PARTS).join("\n")}\n`);
else
  try {
    const chosen = Object.keys(PARTS).filter((name) => name.includes(values.only ?? ""));
    for (const name of chosen) {
      const load = loadavg()[0] ?? 0;
      const bars = await (PARTS[name] as () => Promise<Bar[]>)();
      // Kept at once: the next part may be interrupted.
      const parts = { ...(await partsBefore()), [name]: { date: new Date().toISOString(), load, bars } };
      const all = Object.keys(PARTS).flatMap((each) => parts[each]?.bars ?? []);
      await report("judges", all, { peer: PEER, peerRuns: runsOfPeer, parts });
    }
  } finally {
    await removeTree(folder);
  }
