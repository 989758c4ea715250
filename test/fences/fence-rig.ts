// Inside namespaces that run-fence-rig.ts makes: a site with a real kernel fence, a peer and a client. Carries out every drill
// of drills.ts once as it should be and once for each plant, and prints one JSON object.
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { systemClock as clock } from "../../src/runtime/clock.ts";
import { type Child, runOk, start } from "../../src/runtime/process.ts";
import { DRILLS, type Answer, type Role, type Stage } from "./drills.ts";
import { PLANTS } from "./plants.ts";
import { agent, client, engine } from "./roles.ts";

const [role = "main", argument = ""] = process.argv.slice(2);

async function startRole(namespace: string, name: string, more = ""): Promise<Role> {
  const self = fileURLToPath(import.meta.url);
  const child: Child = await start(["ip", "netns", "exec", namespace, process.execPath, self, name, more], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers: Answer[] = [];
  let wake = () => {};
  let ended = false;
  void child.exited.then(() => {
    ended = true;
    wake();
  });
  createInterface({ input: child.process.stdout as NodeJS.ReadableStream }).on("line", (line) => {
    answers.push(JSON.parse(line) as Answer);
    wake();
  });
  const next = async (): Promise<Answer> => {
    const untilMs = clock.nowMs() + 60_000;
    for (;;) {
      const answer = answers.shift();
      if (answer !== undefined) return answer;
      if (ended || clock.nowMs() > untilMs)
        throw new Error(
          `${name} ${namespace}: no answer ${JSON.stringify(await (ended ? child.exited : null))}`,
        );
      await Promise.race([new Promise<void>((resolve) => (wake = resolve)), clock.sleep(500)]);
    }
  };
  const send = (command: object) => void child.process.stdin?.write(`${JSON.stringify(command)}\n`);
  await next(); // ready
  return {
    send,
    next,
    ask: (command) => {
      send(command);
      return next();
    },
    signal: (name_) => process.kill(child.pid, name_),
    stop: () => child.stop(500),
  };
}

async function buildNetwork(): Promise<void> {
  const ip = (...words: string[]) => runOk(["ip", ...words]);
  await runOk(["mount", "-t", "tmpfs", "tmpfs", "/run"]);
  for (const name of ["client", "site", "peer"]) {
    await ip("netns", "add", name);
    await ip("-n", name, "link", "set", "lo", "up");
  }
  const wire = async (other: string, device: string, here: readonly string[], there: readonly string[]) => {
    await ip("link", "add", "e0", "netns", other, "type", "veth", "peer", "name", device, "netns", "site");
    for (const address of there) await ip("-n", other, "addr", "add", address, "dev", "e0", ...dad(address));
    for (const address of here)
      await ip("-n", "site", "addr", "add", address, "dev", device, ...dad(address));
    await ip("-n", other, "link", "set", "e0", "up");
    await ip("-n", "site", "link", "set", device, "up");
    for (const address of here)
      await ip("-n", other, "route", "add", "default", "via", address.split("/")[0] ?? "");
  };
  await wire("client", "c0", ["10.78.1.1/24", "fd78::1/64"], ["10.78.1.2/24", "fd78::2/64"]);
  await wire("peer", "p0", ["10.77.1.1/16", "fd77::1/64"], ["10.77.2.1/16", "fd77::2/64"]);
}
/** Duplicate detection of IPv6 would take a second. */
const dad = (address: string) => (address.includes(":") ? ["nodad"] : []);

const inSite = (...argv: string[]) => runOk(["ip", "netns", "exec", "site", ...argv]);

async function main(): Promise<void> {
  const wanted = (name: string) => new RegExp(argument).test(name);
  await buildNetwork();
  const clientRole = await startRole("client", "client");
  const peerRole = await startRole("peer", "client", "5433");
  const agentRole = await startRole("site", "agent");
  let engineRole: Role | null = null; // once its address is there
  let epoch = 0;
  const carryOut = async (drillName: string, plantName: string) => {
    const drill = DRILLS[drillName];
    if (drill === undefined) throw new RangeError(`no drill ${drillName}`);
    await agentRole.ask({ act: "install", plant: plantName });
    engineRole ??= await startRole("site", "engine");
    for (const argv of PLANTS[plantName]?.also ?? []) await inSite(...argv);
    epoch += 10;
    const stage: Stage = {
      agent: agentRole,
      client: clientRole,
      peer: peerRole,
      engine: engineRole,
      epoch,
      inSite,
    };
    const result = await drill(stage);
    // For whoever runs it by hand, or reads why it did not end.
    process.stderr.write(`${drillName} / ${plantName}: ${JSON.stringify(result)}\n`);
    await agentRole.ask({ act: "let-go" });
    await agentRole.ask({ act: "remove" });
    await runOk(["ip", "netns", "exec", "site", "sh", "-c", "ip rule del priority 1; true"]); // of a plant
    return result;
  };
  const asItShouldBe: Record<string, unknown> = {};
  for (const name of Object.keys(DRILLS)) if (wanted(name)) asItShouldBe[name] = await carryOut(name, "");
  const planted: Record<string, unknown> = {};
  for (const [name, { drill }] of Object.entries(PLANTS))
    if (wanted(drill)) planted[name] = await carryOut(drill, name);
  process.stdout.write(`${JSON.stringify({ asItShouldBe, planted })}\n`);
  process.exit(0); // the namespace, and everyone in it, ends with this process
}

const roles: Record<string, () => Promise<void>> = {
  main,
  engine,
  agent,
  client: () => client(argument),
};
await roles[role]?.();
