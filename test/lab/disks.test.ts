// Disks that can lose power, on real loop devices: what was synchronised stays, the rest goes, and nothing is left behind.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { whyNoLoopDevices } from "../../src/linux/loop-devices.ts";
import type { Lab } from "../../src/lab/start-lab.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { run, start } from "../../src/runtime/process.ts";
import { bareConfig, echo, echoServer, inPlace, startBareLab } from "./bare-lab.ts";
import { labProcesses, machineState } from "./leftovers.ts";

const PARIS = "10.77.1.1";
const SITES = ["paris", "frankfurt", "london"] as const;
const DISK = { paris: "s1", frankfurt: "s2", london: "s3" } as const;
const why = await whyNoLoopDevices();
const skip = why === null ? false : `DISKS_NEED_ROOT ${why.failure.what}`;
let clean: Awaited<ReturnType<typeof machineState>>;
let lab: Lab;

const config = async () => ({
  ...(await bareConfig({ paris: [echoServer] })),
  disks: "loop" as const,
  diskBytesPerPlace: 32 * 1024 * 1024,
});

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = systemClock.nowMs() + 20_000;
  while (!(await condition())) {
    assert.ok(systemClock.nowMs() < deadlineMs, `not within 20 s: ${what}`);
    await systemClock.sleep(20);
  }
}

const loopsOf = async (name: string): Promise<string[]> =>
  (await run(["losetup", "--list", "--noheadings"])).stdout
    .split("\n")
    .filter((line) => line.includes(`.outlast-${name}-`));

const shell = async (place: (typeof SITES)[number], script: string): Promise<string> =>
  (await inPlace(lab, place, "sh", "-c", `cd /run/outlast/disks/${DISK[place]} && ${script}`)).stdout.trim();

const files = (place: (typeof SITES)[number]) => shell(place, "ls -I lost+found | tr '\\n' ' '");

const powerOff = (places: readonly string[]) => ({
  id: "off",
  fault: "power-loss",
  target: "paris",
  deadlineMs: 60_000,
  changes: [{ kind: "power-off" as const, places }],
});
const heal = () => lab.call("heal", { id: "off", because: "test" });

before(async () => {
  if (why !== null) return;
  clean = await machineState();
  lab = await startBareLab(await config());
});
after(() => lab?.[Symbol.asyncDispose]());

test("a site that loses power is silent, and returns with what it had synchronised and nothing else", {
  skip,
}, async () => {
  await shell("paris", "echo 1 > kept && sync kept . && echo 2 > gone && echo 3 >> kept");
  await shell("frankfurt", "echo 1 > untouched");
  await lab.call("apply", powerOff(["paris"]));
  assert.equal(await echo(lab, "clients/eu-west", PARIS), null);
  assert.equal((await loopsOf(lab.name)).length, 2);
  await heal();
  await until(
    "paris answers",
    async () => (await echo(lab, "clients/eu-west", PARIS).catch(() => null)) !== null,
  );
  assert.equal(await files("paris"), "kept");
  assert.equal(await shell("paris", "cat kept"), "1");
  assert.equal(await files("frankfurt"), "untouched");
});

test("all sites can lose power at once", { skip }, async () => {
  for (const site of SITES) await shell(site, "echo 1 > all && sync all . && echo 2 > gone");
  await lab.call("apply", powerOff(SITES));
  assert.deepEqual(await loopsOf(lab.name), []);
  await heal();
  for (const site of SITES) {
    const found = (await files(site)).split(" ");
    assert.ok(found.includes("all"), `${site}: ${found.join(" ")}`);
    assert.ok(!found.includes("gone"), `${site}: ${found.join(" ")}`);
  }
});

test("a site lost with its disks returns with an empty one, which then can lose power too", {
  skip,
}, async () => {
  await shell("london", "echo 1 > old && sync old .");
  const changes = [{ kind: "lose-place" as const, place: "london", wipeDisks: true }];
  await lab.call("apply", { ...powerOff([]), fault: "lose-site-with-disks", target: "london", changes });
  await heal();
  assert.equal(await files("london"), "");
  await shell("london", "echo 1 > new");
  await lab.call("apply", powerOff(["london"]));
  await heal();
  assert.equal(await files("london"), "");
});

test("where disks are in memory a loss of power is refused, and the site stays up", async () => {
  await using other = await startBareLab(await bareConfig({ paris: [echoServer] }));
  await assert.rejects(other.call("apply", powerOff(["paris"])), /not synchronised/);
  const { places, changes } = await other.call("status", {});
  assert.ok(places.every((place) => place.up));
  assert.deepEqual(changes, []);
});

test("in a user namespace disks that lose power are refused by name", async () => {
  const script = `
    import { startDisks } from "${new URL("../../src/lab/disks/start-disks.ts", import.meta.url).href}";
    await startDisks({ lab: "no", bytesPerDisk: 1, env: {} }).catch((error) => console.log(error.failure.code, error.exitCode));`;
  const node = [process.execPath, "--input-type=module", "-e", script];
  const { stdout } = await run(["unshare", "--user", "--map-root-user", "--", ...node]);
  assert.equal(stdout.trim(), "DISKS_NEED_ROOT 3");
});

/** The process that made the lab's disks. */
function disksPid(name: string): number {
  const found = labProcesses(name).find((line) => / disks --lab /.test(line));
  assert.ok(found !== undefined, "no process has the disks");
  return Number(found.split(" ")[0]);
}

const ends = {
  "goes down": async (one: Lab) => one[Symbol.asyncDispose](),
  "loses its keeper by SIGKILL": async (one: Lab) => void process.kill(one.keeperPid, "SIGKILL"),
  "loses its disks' process by SIGKILL": async (one: Lab) => void process.kill(disksPid(one.name), "SIGKILL"),
};
for (const [how, end] of Object.entries(ends))
  test(`no loop device, mount, file or process is left when a lab ${how}`, { skip }, async () => {
    const one = await startBareLab(await config());
    assert.equal((await loopsOf(one.name)).length, SITES.length);
    await end(one);
    await until("all processes have ended", () => labProcesses(one.name).length === 0);
    await until("all loop devices are free", async () => (await loopsOf(one.name)).length === 0);
    await one[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose](); // that of the tests above: `clean` is from before it
    assert.deepEqual(await machineState(), clean);
    assert.ok(!readFileSync("/proc/self/mounts", "utf8").includes("/run/outlast"));
    assert.ok(!readdirSync("/var/tmp").some((name) => name.startsWith(".outlast-")));
  });

test("no loop device, file or process is left when the starter of a lab is killed, however early", {
  skip,
}, async () => {
  const name = `test-early-${process.pid}`;
  const script = `
    import { bareConfig, startBareLab } from "${new URL("./bare-lab.ts", import.meta.url).href}";
    await startBareLab({ ...(await bareConfig()), name: "${name}", disks: "loop", diskBytesPerPlace: 33554432 });
    setInterval(() => {}, 1000);`;
  const starter = await start([process.execPath, "--input-type=module", "-e", script], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  await until("the disks' process runs", () => labProcesses(name).some((line) => / disks --lab /.test(line)));
  process.kill(starter.pid, "SIGKILL");
  await until("all processes have ended", () => labProcesses(name).length === 0);
  await until("all loop devices are free", async () => (await loopsOf(name)).length === 0);
  assert.deepEqual(await machineState(), clean);
});
