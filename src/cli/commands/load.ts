// `outlast load`: the open-loop clients of one region, until SIGTERM or the end of their duration. Events on standard
// output, a summary as the last line.
import { Command, InvalidArgumentError, Option } from "commander";
import { OutlastError } from "../../domain/outcome.ts";
import { openHistoryWriter } from "../../history/write.ts";
import type { ClientProfile } from "../../load/client.ts";
import { PROFILE_NAMES, PROFILES, type ProfileName } from "../../load/profiles.ts";
import { runLoad } from "../../load/run-load.ts";
import { runTag } from "../../load/schedule.ts";
import { loadPlan } from "../../plan/load.ts";
import { systemClock } from "../../runtime/clock.ts";
import { startLog } from "../../runtime/log.ts";
import { interruption } from "../../runtime/process.ts";
import { newSeed } from "../../runtime/random.ts";
import { version } from "../version.ts";

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
  readonly resolver?: string;
}

export function build(): Command {
  return new Command("load")
    .requiredOption("-f, --file <plan>", "the plan, with addresses")
    .requiredOption("--region <region>", "the client region")
    .option("--profiles <list>", `of ${PROFILE_NAMES.join(", ")}`, profileList, ["kernel"] as ProfileName[])
    .option("--rate <number>", "operations per second of each profile", positive, 100)
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
      const plan = await loadPlan(options.file);
      if (!plan.regions.some((region) => region.name === options.region))
        throw new OutlastError(
          {
            code: "UNKNOWN_REGION",
            definite: true,
            what: `no client region ${options.region} in plan ${plan.name}`,
            where: "--region",
            next: `name one of ${plan.regions.map((region) => region.name).join(", ")}`,
          },
          2,
        );
      const clock = systemClock;
      const log = startLog("load", options.region);
      const originNs = options.originNs ?? clock.nowNs();
      const seed = options.seed ?? newSeed();
      const sinceOriginMs = Number(clock.nowNs() - originNs) / 1e6;
      const { etcdEngineClient } = await import("../../engines/etcd/client.ts");
      await using history = await openHistoryWriter(options.history, {
        history: "outlast/v1",
        origin: new Date(Date.parse(clock.wall()) - sinceOriginMs).toISOString(),
        uncertaintyNs: 0,
        meta: {
          monotonicOriginNs: originNs.toString(),
          seed,
          region: options.region,
          profiles: options.profiles,
          ratePerSecond: options.rate,
          deadlineMs: options.deadline,
        },
      });
      await using stack = new AsyncDisposableStack();
      const profiles = new Map<string, ClientProfile>();
      for (const name of options.profiles)
        profiles.set(
          name,
          stack.use(
            PROFILES[name]({
              plan,
              resolver: options.resolver ?? null,
              engineClient: etcdEngineClient,
              clock,
            }),
          ),
        );
      log.emit({ event: "started", pid: process.pid, version: version() });
      const summary = await runLoad(
        {
          settings: {
            seed,
            region: options.region,
            regions: plan.regions.length,
            profiles: options.profiles.length,
            ratePerSecond: options.rate,
            tag: runTag(originNs),
          },
          profiles,
          deadlineMs: options.deadline,
          originNs,
          maxDurationMs: options.maxDuration === undefined ? null : options.maxDuration * 1000,
          history,
          clock,
          log,
        },
        stop,
      );
      await history.close();
      log.emit({
        event: "stopping",
        because: stop.aborted ? String(stop.reason) : "the end of its duration",
      });
      process.stdout.write(`${JSON.stringify(summary)}\n`);
    });
}
