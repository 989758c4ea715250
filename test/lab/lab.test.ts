// The lab itself, on real namespaces: distances, cuts, lost sites, deadlines, and that nothing is left.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { connectLab, findLabs } from "../../src/lab/find-labs.ts";
import { type Lab, startLab } from "../../src/lab/start-lab.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { outlastCommand, run, start } from "../../src/runtime/process.ts";
import { bareConfig, echo, echoServer, inPlace, startBareLab, toolPaths } from "./bare-lab.ts";
import { labProcesses, machineState } from "./leftovers.ts";

const PARIS = "10.77.1.1";
const FRANKFURT = "10.77.2.1";
const LONDON = "10.77.3.1";
let lab: Lab;

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadlineMs = systemClock.nowMs() + 10_000;
  while (!(await condition())) {
    assert.ok(systemClock.nowMs() < deadlineMs, `not within 10 s: ${what}`);
    await systemClock.sleep(20);
  }
}

before(async () => {
  lab = await startBareLab(
    await bareConfig({ paris: [echoServer], frankfurt: [echoServer], london: [echoServer] }),
  );
  await until("echo servers", async () => {
    const answers = await Promise.all(
      [PARIS, FRANKFURT, LONDON].map((address) => echo(lab, "clients/eu-west", address).catch(() => null)),
    );
    return answers.every((answer) => answer !== null);
  });
});
after(() => lab[Symbol.asyncDispose]());

test("a packet between two sites takes as long as the plan says, and clients are where the plan puts them", async () => {
  await lab.call("fidelity", { reset: true });
  const samples = async (from: string, address: string) => {
    const all: number[] = [];
    for (let count = 0; count < 5; count += 1) all.push((await echo(lab, from, address)) ?? Number.NaN);
    return Math.min(...all); // the fastest: this test is about distance, not about a busy machine
  };
  const near = await samples("clients/eu-west", PARIS);
  const far = await samples("clients/eu-west", FRANKFURT);
  const { roundTripMs, packets, latenessMs } = await lab.call("fidelity", { reset: false });
  // A round trip is two packets, each as late as the relay was at worst; the rest is for its two ends.
  const lateMs = 2 * latenessMs.max;
  const words = `relay at worst ${latenessMs.max} ms late`;
  assert.ok(near >= 1.5 && near < 8 + lateMs, `2 ms planned, ${near} ms measured, ${words}`);
  assert.ok(far >= 11 && far < 20 + lateMs, `12 ms planned, ${far} ms measured, ${words}`);
  assert.ok(packets > 20);
  assert.ok(
    roundTripMs.some(({ between }) => between.includes("frankfurt") && between.includes("gateway/eu-west")),
  );
});

test("a cut is silent, holds one direction if asked, and heals", async () => {
  const cut = { id: "cut", fault: "cut-one-way", target: "paris", deadlineMs: 60_000 };
  await lab.call("apply", {
    ...cut,
    changes: [{ kind: "links", ends: [{ from: "paris", to: "frankfurt" }], set: { cut: true } }],
  });
  assert.equal(await echo(lab, "paris", FRANKFURT), null);
  assert.notEqual(await echo(lab, "paris", LONDON), null);
  assert.notEqual(await echo(lab, "clients/eu-west", PARIS), null);
  await lab.call("heal", { id: "cut", because: "test" });
  assert.notEqual(await echo(lab, "paris", FRANKFURT), null);
});

test("a slower link is slower at once", async () => {
  await lab.call("apply", {
    id: "slow",
    fault: "slow-link",
    target: "paris",
    deadlineMs: 60_000,
    changes: [{ kind: "links", ends: [{ from: "paris", to: "*" }], set: { delayMs: 80 } }],
  });
  const slow = await echo(lab, "clients/eu-west", PARIS);
  assert.ok(slow !== null && slow >= 80, `${slow} ms`);
  await lab.call("heal", { id: "slow", because: "test" });
});

test("a lost site is silent with all its processes and returns with its disk; with its disks lost it returns empty", async () => {
  await inPlace(lab, "paris", "sh", "-c", "echo kept > /run/outlast/disks/s1/file");
  for (const wipeDisks of [false, true]) {
    await lab.call("apply", {
      id: "lost",
      fault: "lose-site",
      target: "paris",
      deadlineMs: 60_000,
      changes: [{ kind: "lose-place", place: "paris", wipeDisks }],
    });
    assert.equal(await echo(lab, "clients/eu-west", PARIS), null);
    const status = await lab.call("status", {});
    assert.equal(status.places.find((place) => place.name === "paris")?.up, false);
    assert.equal(status.changes.length, 1);
    await lab.call("heal", { id: "lost", because: "test" });
    await until(
      "paris answers again",
      async () => (await echo(lab, "clients/eu-west", PARIS).catch(() => null)) !== null,
    );
    const { stdout } = await inPlace(
      lab,
      "paris",
      "sh",
      "-c",
      "cat /run/outlast/disks/s1/file 2>/dev/null || echo gone",
    );
    assert.equal(stdout.trim(), wipeDisks ? "gone" : "kept");
  }
});

test("a change that nobody reverts is reverted by the keeper at its deadline", async () => {
  const changes = [{ kind: "links" as const, ends: [{ from: "*", to: "london" }], set: { cut: true } }];
  await lab.call("apply", { id: "forgotten", fault: "cut-pair", target: "london", deadlineMs: 300, changes });
  await until("healed", async () => (await lab.call("status", {})).changes.length === 0);
  assert.notEqual(await echo(lab, "clients/eu-west", LONDON), null);
});

test("a full disk refuses writes until it heals; a killed process is started again; a frozen one stands still", async () => {
  const write = () => inPlace(lab, "frankfurt", "sh", "-c", "echo x > /run/outlast/disks/s2/file");
  await lab.call("apply", {
    id: "full",
    fault: "disk-full",
    target: "frankfurt",
    deadlineMs: 60_000,
    changes: [{ kind: "fill-disk", place: "frankfurt" }],
  });
  assert.notEqual((await write()).code, 0);
  await lab.call("heal", { id: "full", because: "test" });
  assert.equal((await write()).code, 0);
  const kill = { id: "kill", fault: "kill", target: "frankfurt", deadlineMs: 60_000 };
  await lab.call("apply", {
    ...kill,
    changes: [{ kind: "kill-process", place: "frankfurt", process: "node" }],
  });
  await lab.call("heal", { id: "kill", because: "test" });
  await until(
    "restarted",
    async () => (await echo(lab, "clients/eu-west", FRANKFURT).catch(() => null)) !== null,
  );
});

test("a second lab does not collide with the first, and a second one of the same name is refused", async () => {
  const config = await bareConfig({ paris: [echoServer] });
  await using other = await startBareLab(config);
  assert.notEqual(await echo(lab, "clients/eu-west", PARIS), null);
  assert.ok(findLabs().some((found) => found.name === other.name));
  await assert.rejects(startBareLab(config), /LAB_EXISTS/);
  assert.throws(() => connectLab("no-such-lab"), /LAB_NOT_FOUND/);
});

test("a lab that can't be built ends at once with the reason, and leaves nothing", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "outlast-path-"));
  context.after(() => removeTree(folder));
  const { stdout } = await run(["sh", "-c", "for p in sh mount sleep; do command -v $p; done"]);
  const programs = [...stdout.trim().split("\n"), ...(await toolPaths())];
  for (const path of programs.filter((one) => basename(one) !== "ethtool"))
    await symlink(path, join(folder, basename(path)));
  const config = await bareConfig({ paris: [echoServer] });
  const options = { detached: false, toolFolders: [], path: folder, signal: AbortSignal.timeout(60_000) };
  await assert.rejects(startLab(config, options), /LAB_NOT_STARTED[^]*ethtool: not found/);
  await until("everything has ended", async () => labProcesses(config.name).length === 0);
});

test("nothing is left when a lab goes down, when its keeper is killed, and when its starter is killed", async () => {
  const clean = await machineState();
  const quiet = await startBareLab(await bareConfig({ paris: [echoServer] }));
  await quiet[Symbol.asyncDispose]();
  assert.deepEqual(labProcesses(quiet.name), []);

  const killed = await startBareLab(await bareConfig({ paris: [echoServer] }));
  assert.ok(labProcesses(killed.name).length > 5);
  process.kill(killed.keeperPid, "SIGKILL");
  await until("everything has ended", async () => labProcesses(killed.name).length === 0);
  await killed[Symbol.asyncDispose]();

  const name = `test-starter-${process.pid}`;
  const script = `
    import { bareConfig, echoServer, startBareLab } from "${new URL("./bare-lab.ts", import.meta.url).href}";
    await startBareLab({ ...(await bareConfig({ paris: [echoServer] })), name: "${name}" });
    console.log("up"); setInterval(() => {}, 1000);`;
  const starter = await start([process.execPath, "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => starter.process.stdout?.once("data", resolve));
  assert.ok(labProcesses(name).length > 5);
  process.kill(starter.pid, "SIGKILL");
  await until("everything has ended", async () => labProcesses(name).length === 0);
  assert.deepEqual(await machineState(), clean);
});

test("nothing in a site has a handle to the lab: no socket, no logs, no process of it", async () => {
  const { stdout } = await inPlace(
    lab,
    "paris",
    "sh",
    "-c",
    "ls -A /run/outlast/keeper; ls /proc | grep -c '^[0-9]'; cat /proc/1/cmdline",
  );
  const [processes, ...init] = stdout.split("\n");
  assert.ok(Number(processes) < 10, stdout); // its own, not the keeper's
  assert.match(init.join(" "), /^sh/);
  assert.ok(readdirSync(lab.pathOf("/run/outlast/keeper")).includes("control.sock")); // where the keeper has it
  assert.ok(outlastCommand("agent").every((argument) => !argument.includes("keeper")));
});
