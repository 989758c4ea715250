// Nothing is left behind: after drills in a row, and after drills whose processes are killed at random moments.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { systemClock } from "../../src/runtime/clock.ts";
import { newSeed, seededRandom } from "../../src/runtime/random.ts";
import { outlastCommand, run, start } from "../../src/runtime/process.ts";
import { machineState } from "../lab/leftovers.ts";

const DRILLS = 10;
const KILLED = 5;
let evidence: string;

before(() => {
  evidence = mkdtempSync(join(tmpdir(), "outlast-lab-soak-"));
});
after(() => rmSync(evidence, { recursive: true, force: true }));

const drillCommand = (seed: number) =>
  outlastCommand(
    ..."drill run lose-site -f examples/etcd.yaml --before 1 --hold 2 --after 2 --rate 10 -o json --evidence".split(
      " ",
    ),
    evidence,
    "--seed",
    String(seed),
  );

/** Living processes that a lab of the example plan started: they carry its name in their environment. */
function living(): string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const name = /OUTLAST_LAB=([^\0]*)\0/.exec(readFileSync(`/proc/${pid}/environ`, "utf8"))?.[1];
        const state = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.charAt(0);
        return name !== undefined && state !== "Z" ? [`${pid} of ${name}`] : [];
      } catch {
        return []; // ended while we looked
      }
    });
}

async function untilNothingLives(): Promise<void> {
  const deadlineMs = systemClock.nowMs() + 10_000;
  while (living().length > 0 && systemClock.nowMs() < deadlineMs) await systemClock.sleep(50);
  assert.deepEqual(living(), []);
}

test(`${DRILLS} drills in a row leave no process, interface, mount, rule or file`, async () => {
  const clean = await machineState();
  for (let count = 0; count < DRILLS; count += 1) {
    const finished = await run(drillCommand(count + 1), { timeoutMs: 180_000 });
    assert.ok([0, 1, 5].includes(finished.code ?? 9), `drill ${count + 1}: ${finished.stderr.slice(-2_000)}`);
    const { items } = JSON.parse(finished.stdout) as {
      items: { status: { lostAcknowledgedWrites: number | null } }[];
    };
    assert.equal(items[0]?.status.lostAcknowledgedWrites, 0, `drill ${count + 1}`);
  }
  await untilNothingLives();
  assert.deepEqual(await machineState(), clean);
});

test(`${KILLED} drills of which a process is killed at a random moment leave nothing either`, async (t) => {
  const seed = newSeed();
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  const clean = await machineState();
  for (let count = 0; count < KILLED; count += 1) {
    const drill = await start(drillCommand(1_000 + count), { stdio: ["ignore", "ignore", "ignore"] });
    await systemClock.sleep(500 + random.below(9_000));
    // The drill itself every other time, else any process of its lab: then the drill must end by itself.
    const victims = count % 2 === 0 ? [] : living();
    const victim = victims.length === 0 ? drill.pid : Number(random.pick(victims).split(" ")[0]);
    try {
      process.kill(victim, "SIGKILL");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause; // it had just ended
    }
    await drill.exited;
    await untilNothingLives();
  }
  assert.deepEqual(await machineState(), clean);
});
