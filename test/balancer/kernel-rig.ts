// Inside a user namespace of its own (kernel-path.test.ts starts it): a client, a gateway with a real kernel path and two sites,
// each in a network namespace. Prints one JSON object with what happened and when, in ms after the route was changed.
//
//   client 10.78.1.2 ── 10.78.1.1 gateway 10.77.N.254 ── 10.77.N.1 site N        virtual address 10.79.0.1:8080
//
// argv: ROLE …; the main role starts the others, which take commands as JSON lines and answer in the same way.
import { createServer, type Socket, connect } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startKernelPath } from "../../src/balancer/kernel/plane.ts";
import { examplePlan } from "../../src/balancer/plan-example.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { TOOLS_ON_PATH } from "../../src/linux/network-tools.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { startLog } from "../../src/runtime/log.ts";
import { type Child, run, runOk, start } from "../../src/runtime/process.ts";
import { measureLateness } from "../lateness.ts";

const [role = "main", argument = ""] = process.argv.slice(2);
const VIP = "10.79.0.1";
const PORT = 8080;
const clock = systemClock;

function rigPlan(): Plan {
  const plan = examplePlan();
  const [paris, frankfurt] = plan.sites;
  if (paris === undefined || frankfurt === undefined)
    throw new RangeError("the example plan has three sites");
  return {
    ...plan,
    sites: [
      { ...paris, address: "10.77.1.1" },
      { ...frankfurt, address: "10.77.2.1" },
    ],
  };
}

const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const commands = async function* () {
  for await (const line of createInterface({ input: process.stdin })) yield JSON.parse(line);
};

/** How late timers of this process were since it was last asked: what this machine could not do at that time. */
function watchLateness(): () => number {
  let worstMs = 0;
  let lastMs = clock.nowMs();
  setInterval(() => {
    const nowMs = clock.nowMs();
    worstMs = Math.max(worstMs, nowMs - lastMs - 5);
    lastMs = nowMs;
  }, 5).unref();
  return () => {
    const was = worstMs;
    worstMs = 0;
    return was;
  };
}

// ---- site: says its name, answers "ping", is silent on anything else
function site(name: string): void {
  const server = createServer((socket) => {
    socket.write(`${name}\n`);
    socket.on("data", (data) => {
      if (data.toString() === "ping") socket.write("pong");
    });
    socket.on("error", () => socket.destroy());
  });
  server.listen({ port: PORT, host: "0.0.0.0", backlog: 4_096 }, () => say({ ready: name }));
}

// ---- gateway
async function gateway(): Promise<void> {
  const log = startLog("balancer", "gateway/eu-west", clock, (line) => process.stdout.write(line));
  const path = await startKernelPath({
    plan: rigPlan(),
    region: "eu-west",
    generation: 0,
    tools: TOOLS_ON_PATH,
    log,
  });
  const latenessMs = watchLateness();
  say({ ready: "gateway" });
  for await (const command of commands()) {
    if (command.stop === true) break;
    if (command.lateness === true) {
      say({ latenessMs: latenessMs() });
      continue;
    }
    const atMs = clock.nowMs();
    await path.apply(command);
    say({ applied: command.serial, atMs, doneMs: clock.nowMs() });
  }
  await path[Symbol.asyncDispose]();
  say({ stopped: true });
}

// ---- client
interface Held {
  readonly socket: Socket;
  site: string;
  endedMs: number | null;
  error: string;
  connectedMs: number | null;
  localPort: number | null;
}

function open(localPort?: number): Held {
  const held: Held = {
    socket: connect({ host: VIP, port: PORT, ...(localPort === undefined ? {} : { localPort }) }),
    site: "",
    endedMs: null,
    error: "",
    connectedMs: null,
    localPort: null,
  };
  held.socket.on("connect", () => {
    held.connectedMs = clock.nowMs();
    held.localPort = held.socket.localPort ?? null;
  });
  held.socket.on("data", (data) => {
    if (held.site === "") held.site = data.toString().trim();
  });
  held.socket.on("error", (error: NodeJS.ErrnoException) => {
    held.error = error.code ?? error.message;
    held.endedMs = clock.nowMs();
  });
  held.socket.on("end", () => {
    held.endedMs ??= clock.nowMs();
  });
  return held;
}

async function client(): Promise<void> {
  const kept = new Map<string, Held[]>();
  say({ ready: "client" });
  for await (const { open: name, count, expect, write, report, close, portsOf } of commands()) {
    if (name !== undefined) {
      const all: Held[] = [];
      for (let at = 0; at < count; at += 1) {
        all.push(open(kept.get(portsOf)?.[at]?.localPort ?? undefined));
        if (at % 200 === 199) await clock.sleep(20);
      }
      kept.set(name, all);
      const untilMs = clock.nowMs() + 10_000;
      while (expect && all.some((held) => held.site === "") && clock.nowMs() < untilMs) await clock.sleep(10);
      say({
        opened: name,
        sites: all.map((held) => held.site || held.error).filter((one, at, list) => list.indexOf(one) === at),
        open: all.filter((held) => held.site !== "").length,
      });
    } else if (write !== undefined) {
      for (const held of kept.get(write) ?? []) held.socket.write("hang");
      say({ wrote: write });
    } else if (close !== undefined) {
      for (const held of kept.get(close) ?? []) held.socket.destroy();
      say({ closed: close });
    } else if (report !== undefined) {
      say({
        report: (kept.get(report) ?? []).map(({ site: from, endedMs, error, connectedMs }) => ({
          site: from,
          endedMs,
          error,
          connectedMs,
        })),
      });
    }
  }
}

// ---- main
interface Role {
  ask(command: object): Promise<Record<string, unknown>>;
  next(): Promise<Record<string, unknown>>;
  readonly events: Record<string, unknown>[];
  readonly child: Child;
}

async function startRole(namespace: string, name: string, more = ""): Promise<Role> {
  const self = fileURLToPath(import.meta.url);
  const child = await start(["ip", "netns", "exec", namespace, process.execPath, self, name, more], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const events: Record<string, unknown>[] = [];
  const answers: Record<string, unknown>[] = [];
  let wake = () => {};
  createInterface({ input: child.process.stdout as NodeJS.ReadableStream }).on("line", (line) => {
    const value = JSON.parse(line) as Record<string, unknown>;
    (value.event === undefined ? answers : events).push(value);
    wake();
  });
  const next = async () => {
    const untilMs = clock.nowMs() + 20_000;
    for (;;) {
      const answer = answers.shift();
      if (answer !== undefined) return answer;
      if (clock.nowMs() > untilMs) throw new Error(`${name}: no answer`);
      await Promise.race([new Promise<void>((resolve) => (wake = resolve)), clock.sleep(1_000)]);
    }
  };
  const role: Role = {
    child,
    events,
    next,
    ask: (command) => {
      child.process.stdin?.write(`${JSON.stringify(command)}\n`);
      return next();
    },
  };
  await next(); // ready
  return role;
}

async function buildNetwork(): Promise<void> {
  const ip = (...words: string[]) => runOk(["ip", ...words]);
  await runOk(["mount", "-t", "tmpfs", "tmpfs", "/run"]);
  for (const name of ["client", "gw", "s1", "s2"]) {
    await ip("netns", "add", name);
    await ip("-n", name, "link", "set", "lo", "up");
  }
  const wire = async (a: string, aAddress: string, bDevice: string, bAddress: string) => {
    await ip("link", "add", "e0", "netns", a, "type", "veth", "peer", "name", bDevice, "netns", "gw");
    await ip("-n", a, "addr", "add", aAddress, "dev", "e0");
    await ip("-n", a, "link", "set", "e0", "up");
    await ip("-n", "gw", "addr", "add", bAddress, "dev", bDevice);
    await ip("-n", "gw", "link", "set", bDevice, "up");
    await ip("-n", a, "route", "add", "default", "via", bAddress.split("/")[0] ?? "");
  };
  await wire("client", "10.78.1.2/24", "c0", "10.78.1.1/24");
  await wire("s1", "10.77.1.1/24", "g1", "10.77.1.254/24");
  await wire("s2", "10.77.2.1/24", "g2", "10.77.2.254/24");
}

/** Silence in both directions: no error comes back, neighbours still answer. */
const cut = (namespace: string) =>
  runOk(["ip", "netns", "exec", namespace, "nft", "-f", "-"], {
    input: `table ip cut {
  chain in { type filter hook prerouting priority -400; policy drop; }
  chain out { type filter hook output priority -400; policy drop; }
}
`,
  });
const heal = (namespace: string) =>
  runOk(["ip", "netns", "exec", namespace, "nft", "delete", "table", "ip", "cut"]);

/** `ip netns exec` becomes the program itself: its process id is the child's. */
async function killInside({ child }: Role): Promise<void> {
  process.kill(child.pid, "SIGKILL");
  await child.exited;
}

type Reported = { site: string; endedMs: number | null; error: string; connectedMs: number | null }[];

async function main(): Promise<void> {
  const many = Number(argument || "200");
  await buildNetwork();
  await startRole("s1", "site", "paris");
  await startRole("s2", "site", "frankfurt");
  const gw = await startRole("gw", "gateway");
  const clients = await startRole("client", "client");
  const result: Record<string, unknown> = {};
  const both = ["paris", "frankfurt"];
  const reportOf = async (name: string): Promise<Reported> =>
    ((await clients.ask({ report: name })) as { report: Reported }).report;

  result.refusedBeforeAnyRoute = await clients.ask({ open: "early", count: 1, expect: false });
  await clock.sleep(50);
  result.early = await clients.ask({ report: "early" });

  await gw.ask({ serial: 1, weights: { paris: 1 }, usable: both });
  result.opened = await clients.ask({ open: "idle", count: 3, expect: true });
  await clients.ask({ open: "pending", count: 3, expect: true });
  await clients.ask({ write: "pending" });
  await clients.ask({ open: "unacknowledged", count: 3, expect: true });
  result.many = await clients.ask({ open: "many", count: many, expect: true });
  await clock.sleep(100);
  await cut("s1");
  await clients.ask({ write: "unacknowledged" });
  await clients.ask({ open: "opening", count: 3, expect: false });
  await clock.sleep(400);
  await gw.ask({ lateness: true });
  const applied = await gw.ask({ serial: 2, weights: { frankfurt: 1 }, usable: ["frankfurt"] });
  // A client that takes the port of its dead connection again, as soon as that has ended.
  const untilMs = clock.nowMs() + 5_000;
  while ((await reportOf("idle")).some(({ endedMs }) => endedMs === null) && clock.nowMs() < untilMs)
    await clock.sleep(5);
  result.reused = await clients.ask({ open: "reused", count: 3, expect: true, portsOf: "idle" });
  await clock.sleep(2_500);
  result.latenessMs = (await gw.ask({ lateness: true })).latenessMs;
  const fromMs = Number(applied.atMs);
  result.applyMs = Number(applied.doneMs) - fromMs;
  for (const name of ["idle", "pending", "unacknowledged", "opening", "many"]) {
    const report = await reportOf(name);
    const after = report.map(({ endedMs, connectedMs }) => (name === "opening" ? connectedMs : endedMs));
    result[name] = {
      count: report.length,
      never: after.filter((at) => at === null).length,
      worstMs: Math.max(...after.map((at) => (at ?? Number.POSITIVE_INFINITY) - fromMs)),
      errors: [...new Set(report.map(({ error }) => error))],
      sites: [...new Set(report.map(({ site: from }) => from))],
    };
  }
  // It returns: old connections stay dead, new ones go there under a new generation.
  await heal("s1");
  await gw.ask({ serial: 3, weights: { paris: 1 }, usable: both });
  result.returned = await clients.ask({ open: "returned", count: 3, expect: true });
  // It leaves the route but can still serve: its connections live on.
  await gw.ask({ serial: 4, weights: { frankfurt: 1 }, usable: both });
  await clock.sleep(200);
  result.drained = (await reportOf("returned")).map(({ endedMs }) => endedMs);
  result.moved = await clients.ask({ open: "moved", count: 3, expect: true });
  // Both by weight.
  await gw.ask({ serial: 5, weights: { paris: 1, frankfurt: 1 }, usable: both });
  result.weighted = await clients.ask({ open: "weighted", count: 60, expect: true });
  // Another program's flush.
  const flushMs = clock.nowMs();
  const lateness = measureLateness();
  await runOk(["ip", "netns", "exec", "gw", "nft", "flush", "ruleset"]);
  while (!gw.events.some(({ event }) => event === "plane-repaired") && clock.nowMs() - flushMs < 5_000)
    await clock.sleep(10);
  result.repairedMs = clock.nowMs() - flushMs - lateness.end(); // what the machine was late is not the repair's
  result.repaired = await clients.ask({ open: "repaired", count: 3, expect: true });
  // Its process is killed and starts again: connections of the earlier life still belong to their sites.
  gw.child.process.stdin?.end();
  await killInside(gw);
  const second = await startRole("gw", "gateway");
  await second.ask({ serial: 6, weights: { frankfurt: 1 }, usable: ["frankfurt"] });
  await clock.sleep(500);
  result.adopted = (await reportOf("weighted")).map(
    ({ site: from, endedMs }) => `${from} ${endedMs === null ? "lives" : "ended"}`,
  );
  await second.ask({ stop: true });
  result.events = gw.events.map(({ event, count, tookMs, serial, message }) => ({
    event,
    count,
    tookMs,
    serial,
    message,
  }));
  const left = await run(["ip", "netns", "exec", "gw", "nft", "list", "ruleset"]);
  const devices = await run(["ip", "-n", "gw", "link", "show", "poke"]);
  result.left = left.stdout + (devices.code === 0 ? devices.stdout : "");
  say(result);
  process.exit(0); // the namespace, and everyone in it, ends with this process
}

const roles: Record<string, () => Promise<void> | void> = {
  main,
  gateway,
  client,
  site: () => site(argument),
};
await roles[role]?.();
