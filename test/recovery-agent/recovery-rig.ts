// Inside namespaces that run-recovery-rig.ts makes: three sites with three agents, started by command lines only, and a client that
// writes all the time. Carries out one fault after the other and prints one JSON line for each.
import { appendFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type AgentStatus, agentStatus } from "../../src/api/agent.ts";
import { FENCED_ENGINE_ADDRESS, PORTS } from "../../src/domain/plan.ts";
import { formatPlan } from "../../src/plan/format.ts";
import { loadPlan } from "../../src/plan/load.ts";
import { systemClock as clock } from "../../src/runtime/clock.ts";
import { type Child, outlastCommand, runOk, start } from "../../src/runtime/process.ts";
import {
  addressOf,
  buildNetwork,
  cut,
  heal,
  type SiteName,
  type SitePlace,
  SITES,
  startSite,
} from "./place.ts";
import { type Acknowledged, list, write } from "./writer.ts";

const [role = "main", folder = "", wanted = "lose", runs = "1"] = process.argv.slice(2);
const self = fileURLToPath(import.meta.url);

const places = new Map<SiteName, SitePlace>();
const acknowledged: Acknowledged[] = [];
const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`);
const note = (text: string) => void process.stderr.write(`${Math.round(clock.nowMs())} ${text}\n`);

async function until<T>(what: string, limitMs: number, ask: () => Promise<T | null> | T | null): Promise<T> {
  const untilMs = clock.nowMs() + limitMs;
  for (;;) {
    const value = await ask();
    if (value !== null) return value;
    if (clock.nowMs() > untilMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await clock.sleep(100);
  }
}

/** Asked from the bridge: null also while the site is cut off. */
async function status(site: SiteName): Promise<AgentStatus | null> {
  const limit = AbortSignal.timeout(2_000);
  const address = `http://${addressOf(site)}:${PORTS.agent}/v1/status`;
  const asked = await fetch(address, { signal: limit }).catch(() => null);
  return asked === null ? null : agentStatus.parse(await asked.json());
}

function startAgent(site: SiteName): void {
  const plan = join(folder, "plan.yaml");
  const data = join(folder, site);
  const argv = outlastCommand("agent", "-f", plan, "--site", site, "--data", data, "--no-frontend");
  const quoted = argv.map((word) => `'${word}'`).join(" ");
  places.get(site)?.tell(`mkdir -p ${data}; exec ${quoted} >>${data}.jsonl 2>>${data}.err`);
}

async function startPlace(site: SiteName): Promise<void> {
  places.set(site, await startSite(site));
  startAgent(site);
}

/** Who serves, when all three follow it and both others count. */
const whole = (limitMs: number) =>
  until("one serves and both others count", limitMs, async () => {
    const all = await Promise.all(SITES.map(status));
    const [first] = all;
    const primary = first?.recovery?.primaryship?.primary;
    const serving = all.find((each) => each?.site === primary)?.recovery;
    if (serving?.fenceOpenFor == null || serving.standbys.length !== 2) return null;
    const streams = serving.standbys.every(({ state }) => state === "streaming");
    const counted = serving.primaryship?.standbys.length === 2;
    return streams && counted ? { primary: primary as SiteName, epoch: serving.fenceOpenFor } : null;
  });

async function ids(site: SiteName): Promise<Set<string>> {
  const argv = ["ip", "netns", "exec", site, process.execPath, self, "list", FENCED_ENGINE_ADDRESS];
  return new Set((await runOk(argv)).stdout.split("\n").filter((line) => line !== ""));
}

const missingAt = async (site: SiteName, upTo: number): Promise<string[]> => {
  const there = await ids(site);
  return acknowledged.slice(0, upTo).flatMap(({ id }) => (there.has(id) ? [] : [id]));
};

/** As a person does it, at the agent of that site. */
const ask = (site: SiteName, verb: string, ...words: string[]) => {
  const token = join(folder, site, "token");
  const common = ["-f", join(folder, "plan.yaml"), "--token-file", token, "--via", site, "--by", "rig"];
  return runOk(outlastCommand(verb, ...common, ...words), { timeoutMs: 90_000 });
};

/** What happens to the primary's site, and how it comes back. */
const FAULTS: Readonly<Record<string, (site: SiteName) => Promise<() => Promise<void>>>> = {
  cut: async (site) => {
    await cut(site);
    return async () => void (await heal(site));
  },
  switchover: async (site) => {
    const to = SITES[(SITES.indexOf(site) + 1) % SITES.length] ?? "paris";
    const { stdout } = await ask(site, "switchover", "--to", to);
    note(stdout);
    return async () => undefined;
  },
  /** A person takes it over from a primary that is well: coordinated by another site. */
  failover: async (site) => {
    const to = SITES[(SITES.indexOf(site) + 2) % SITES.length] ?? "paris";
    const { stdout } = await ask(to, "failover", "--to", to);
    note(stdout);
    return async () => undefined;
  },
  /** While takeovers are paused nobody takes over from a fenced primary; resumed, somebody does, and it may come back. */
  fence: async (site) => {
    const other = SITES[(SITES.indexOf(site) + 1) % SITES.length] ?? "paris";
    note((await ask(other, "pause")).stdout);
    note((await ask(site, "fence", "--site", site, "--reason", "a drill")).stdout);
    await clock.sleep(2_500);
    const kept = (await status(other))?.recovery?.primaryship?.primary === site;
    if (!kept) throw new Error("somebody took over although takeovers are paused");
    note((await ask(other, "resume")).stdout);
    return async () => {
      note((await ask(site, "unfence", "--site", site)).stdout);
    };
  },
  /** The engine's process alone. */
  engine: async (site) => {
    const pid = (await status(site))?.member.pid;
    places.get(site)?.tell(`kill -9 ${pid}`);
    return async () => undefined;
  },
  lose: async (site) => {
    await cut(site);
    await places.get(site)?.lose();
    return async () => {
      await heal(site);
      await startPlace(site);
    };
  },
};

async function once(fault: string): Promise<unknown> {
  const { primary, epoch } = await whole(120_000);
  await clock.sleep(1_000 + (epoch % 5) * 37); // somewhere else between two renewals each time
  const atMs = clock.nowMs();
  const last = acknowledged.findLast(({ site }) => site === primary);
  note(`${fault} of ${primary}, epoch ${epoch}`);
  const back = await FAULTS[fault]?.(primary);
  const first = await until(
    "another site acknowledges",
    20_000,
    () => acknowledged.find(({ site, atMs: then }) => site !== primary && then > atMs) ?? null,
  );
  const oldLast = acknowledged.findLast(({ site }) => site === primary);
  await clock.sleep(1_000);
  const lateOld = acknowledged.findLast(({ site }) => site === primary);
  const counted = acknowledged.length;
  const lostAtNew = await missingAt(first.site as SiteName, counted);
  await back?.();
  const again = await whole(120_000);
  const lostAnywhere: string[] = [];
  const upTo = acknowledged.length;
  await clock.sleep(300); // what was acknowledged a moment ago is on its way to the second standby
  for (const site of SITES) {
    const missing = await missingAt(site, upTo);
    note(
      `${site} lacks ${missing.length} of ${upTo}: ${missing.slice(0, 3).join(" ")} … ${missing.at(-1) ?? ""}`,
    );
    lostAnywhere.push(...missing);
  }
  return {
    fault,
    primary,
    next: first.site,
    epoch: again.epoch,
    recoveryMs: Math.round(first.atMs - atMs),
    oldAcknowledgedForMs: oldLast === undefined ? null : Math.round(oldLast.atMs - atMs),
    overlapMs: lateOld === undefined ? 0 : Math.max(0, Math.round(lateOld.atMs - first.atMs)),
    acknowledged: counted,
    lostAtNew: lostAtNew.length,
    lostAnywhere: lostAnywhere.length,
    back: again.primary,
    before: last?.atMs === undefined ? null : Math.round(atMs - last.atMs),
  };
}

async function main(): Promise<void> {
  await buildNetwork();
  const example = await loadPlan("examples/postgresql-synchronous.yaml");
  const sites = example.sites.map((site) => ({ ...site, address: addressOf(site.name as SiteName) }));
  await writeFile(join(folder, "plan.yaml"), formatPlan({ ...example, sites }));
  for (const site of SITES) await startPlace(site);
  const startedMs = clock.nowMs();
  const { primary } = await whole(240_000);
  say({ fault: "start", primary, tookMs: Math.round(clock.nowMs() - startedMs) });
  const writer: Child = await start(["ip", "netns", "exec", "client", process.execPath, self, "write"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  createInterface({ input: writer.process.stdout as NodeJS.ReadableStream }).on("line", (line) => {
    if (line.startsWith("{")) acknowledged.push(JSON.parse(line) as Acknowledged);
  });
  await until("writes are acknowledged", 10_000, () => acknowledged[0] ?? null);
  for (let run = 0; run < Number(runs); run += 1)
    for (const fault of wanted.split(",")) say(await once(fault));
  process.exit(0); // the namespace, and everyone in it, ends with this process
}

async function failed(cause: unknown): Promise<void> {
  for (const site of SITES) {
    note(`${site}: ${JSON.stringify((await status(site))?.recovery ?? null)}`);
    for (const end of ["err", "jsonl"]) {
      const text = await readFile(join(folder, `${site}.${end}`), "utf8").catch(() => "");
      note(text.split("\n").slice(-25).join("\n"));
    }
  }
  appendFileSync(2, `${String(cause)}\n`);
  process.exit(1);
}

const ROLES: Readonly<Record<string, () => Promise<void>>> = {
  main: () => main().catch(failed),
  write,
  list: () => list(folder),
};
await ROLES[role]?.();
