// `outlast load`: the open-loop clients of one region, until SIGTERM or the end of their duration. Events on standard
// output, a summary as the last line.
import { Command, InvalidArgumentError, Option } from "commander";
import type { HistoryHeader } from "../../domain/history.ts";
import { OutlastError } from "../../domain/outcome.ts";
import type { Plan } from "../../domain/plan.ts";
import { readHistory } from "../../history/read.ts";
import { openHistoryWriter } from "../../history/write.ts";
import type { ClientProfile } from "../../load/client.ts";
import { PROFILE_NAMES, PROFILES, type ProfileName } from "../../load/profiles.ts";
import { readBack } from "../../load/read-back.ts";
import { runLoad } from "../../load/run-load.ts";
import { runTag } from "../../load/schedule.ts";
import { loadPlan } from "../../plan/load.ts";
import { systemClock } from "../../runtime/clock.ts";
import { startLog } from "../../runtime/log.ts";
import { interruption } from "../../runtime/process.ts";
import { newSeed } from "../../runtime/random.ts";
import { version } from "../version.ts";
import { clientOf } from "../wiring.ts";

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("expected a number over 0");
}

function seedOf(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw new InvalidArgumentError("expected an integer from 0 to 4294967295");
}

function nanoseconds(text: string): bigint {
  if (/^\d{1,20}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError("expected nanoseconds of CLOCK_MONOTONIC");
}

function profileList(text: string): ProfileName[] {
  const names = [...new Set(text.split(","))];
  const unknown = names.filter((name) => !(PROFILE_NAMES as string[]).includes(name));
  if (unknown.length === 0) return names as ProfileName[];
  throw new InvalidArgumentError(`no profile ${unknown.join(", ")}; there are ${PROFILE_NAMES.join(", ")}`);
}

interface Options {
  readonly file: string;
  readonly region: string;
  readonly profiles: ProfileName[];
  readonly rate: number;
  readonly deadline: number;
  readonly seed?: number;
  readonly history: string;
  readonly originNs?: bigint;
  readonly maxDuration?: number;
  readonly ramp?: number;
  readonly resolver?: string;
}

interface ReadBackOptions extends Options {
  readonly keysOf: string[];
  readonly within: number;
}

export function build(): Command {
  return new Command("load")
    .requiredOption("-f, --file <plan>", "the plan, with addresses")
    .requiredOption("--region <region>", "the client region")
    .option("--profiles <list>", `of ${PROFILE_NAMES.join(", ")}`, profileList, ["kernel"] as ProfileName[])
    .option("--rate <number>", "operations per second of each profile", positive, 100)
    .option("--ramp <ms>", "the rate grows evenly for so long, from now on", positive)
    .option("--deadline <ms>", "from when an operation was scheduled", positive, 1000)
    .option("--seed <seed>", "the same seed schedules the same operations", seedOf)
    .requiredOption("--history <file>", "the history to write; must not exist")
    .addOption(
      new Option("--origin-ns <ns>", "CLOCK_MONOTONIC at time 0 of the history").argParser(nanoseconds),
    )
    .option("--max-duration <seconds>", "ends by itself", positive)
    .option("--resolver <address>", "the region's recursive resolver")
    .action(async (options: Options) => {
      const stop = interruption();
      await load(await planOf(options), options, stop);
    })
    .addCommand(
      new Command("read-back")
        .description("afterwards: reads all that clients wrote, from the quorum and from every replica")
        .requiredOption("--keys-of <history>", "the clients' histories, once for each", collect)
        .option("--within <seconds>", "gives up after this long", positive, 30)
        .action(async (_own: unknown, command: Command) => {
          const stop = interruption();
          const options: ReadBackOptions = command.optsWithGlobals();
          await readBackAll(await planOf(options), options, stop);
        }),
    );
}

const collect = (value: string, before: string[] = []): string[] => [...before, value];

async function planOf({ file, region }: Options): Promise<Plan> {
  const plan = await loadPlan(file);
  if (plan.regions.some((known) => known.name === region)) return plan;
  throw new OutlastError(
    {
      code: "UNKNOWN_REGION",
      definite: true,
      what: `no client region ${region} in plan ${plan.name}`,
      where: "--region",
      next: `name one of ${plan.regions.map(({ name }) => name).join(", ")}`,
    },
    2,
  );
}

const clock = systemClock;
const READ_BACK_REQUEST_MS = 5_000;

function headerOf(originNs: bigint, meta: Readonly<Record<string, unknown>>): HistoryHeader {
  const sinceOriginMs = Number(clock.nowNs() - originNs) / 1e6;
  return {
    history: "outlast/v1",
    origin: new Date(Date.parse(clock.wall()) - sinceOriginMs).toISOString(),
    uncertaintyNs: 0,
    meta: { monotonicOriginNs: originNs.toString(), ...meta },
  };
}

async function load(plan: Plan, options: Options, stop: AbortSignal): Promise<void> {
  const { region, rate, deadline } = options;
  const log = startLog("load", region);
  const originNs = options.originNs ?? clock.nowNs();
  const seed = options.seed ?? newSeed();
  const engineClient = await clientOf(plan.workload.engine);
  const meta = { seed, region, profiles: options.profiles, ratePerSecond: rate, deadlineMs: deadline };
  await using history = await openHistoryWriter(options.history, headerOf(originNs, meta));
  await using stack = new AsyncDisposableStack();
  const profiles = new Map<string, ClientProfile>();
  const resolver = options.resolver ?? null;
  for (const name of options.profiles)
    profiles.set(name, stack.use(PROFILES[name]({ plan, resolver, engineClient, clock })));
  log.emit({ event: "started", pid: process.pid, version: version() });
  const summary = await runLoad(
    {
      settings: {
        seed,
        region,
        regions: plan.regions.length,
        profiles: options.profiles.length,
        ratePerSecond: rate,
        rampMs: options.ramp ?? 0,
        tag: runTag(originNs),
      },
      profiles,
      deadlineMs: deadline,
      originNs,
      maxDurationMs: options.maxDuration === undefined ? null : options.maxDuration * 1000,
      history,
      clock,
      log,
    },
    stop,
  );
  await history.close();
  log.emit({ event: "stopping", because: stop.aborted ? String(stop.reason) : "the end of its duration" });
  process.stdout.write(`${JSON.stringify(summary)}\n`);
}

async function readBackAll(plan: Plan, options: ReadBackOptions, stop: AbortSignal): Promise<void> {
  const registers = new Set<string>();
  let originNs = options.originNs;
  for (const source of options.keysOf)
    for await (const { header, operations } of readHistory(source)) {
      const origin = header.meta?.["monotonicOriginNs"];
      originNs ??= typeof origin === "string" ? BigInt(origin) : clock.nowNs();
      for (const { op, key } of operations)
        if (op !== "append" && key !== undefined && key !== "journal") registers.add(key);
    }
  originNs ??= clock.nowNs();
  await using history = await openHistoryWriter(options.history, headerOf(originNs, { readBack: true }));
  const found = await readBack(
    {
      plan,
      originNs,
      registers,
      history,
      requestMs: READ_BACK_REQUEST_MS,
      withinMs: options.within * 1000,
      clock,
    },
    stop,
  );
  await history.close();
  process.stdout.write(`${JSON.stringify(found)}\n`);
  process.exitCode = found.complete ? 0 : 5;
}
