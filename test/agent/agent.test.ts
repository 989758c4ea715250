// Three real agents with real members and front-ends on loopback addresses.
import assert from "node:assert/strict";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type AgentStatus, agentStatus } from "../../src/api/agent.ts";
import { cacheFolder } from "../../src/cli/folders.ts";
import type { OutlastEvent } from "../../src/domain/event.ts";
import { etcdEngine } from "../../src/engines/etcd/engine.ts";
import { formatPlan } from "../../src/plan/format.ts";
import { loadPlan } from "../../src/plan/load.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { openProgramLog, removeTree } from "../../src/runtime/files.ts";
import { identityFromStat, isRunning } from "../../src/runtime/process-identity.ts";
import { type Child, outlastCommand, start } from "../../src/runtime/process.ts";
import { until } from "../engines/cluster.ts";
import { measureLateness } from "../lateness.ts";
import { NET } from "../loopback.ts";

const SITES = ["paris", "frankfurt", "london"] as const;
type SiteName = (typeof SITES)[number];

describe("agents", () => {
  const address = (site: SiteName) => `127.${NET}.64.${SITES.indexOf(site) + 1}`;
  const agents = new Map<SiteName, Child>();
  let root = "";
  let plan = "";
  let engineArguments: string[] = [];

  const data = (site: SiteName) => join(root, site);
  const startAgent = async (site: SiteName) => {
    const argv = outlastCommand(
      "agent",
      "-f",
      plan,
      "--site",
      site,
      "--data",
      data(site),
      ...engineArguments,
    );
    const log = await openProgramLog(join(root, `${site}.jsonl`), 1e9);
    agents.set(site, await start(argv, { stdio: ["ignore", log.fd, "inherit"] }));
    await log.close();
  };
  const kill = async (site: SiteName) => {
    agents.get(site)?.process.kill("SIGKILL");
    await agents.get(site)?.exited;
  };
  const status = async (site: SiteName): Promise<AgentStatus | null> => {
    try {
      const response = await fetch(`http://${address(site)}:7400/v1/status`, {
        signal: AbortSignal.timeout(2_000),
      });
      return agentStatus.parse(await response.json());
    } catch {
      return null; // not there yet, or no more
    }
  };
  const able = (site: SiteName, limitMs: number) =>
    until(`${site} can commit`, limitMs, async () => {
      const ready = await fetch(`http://${address(site)}:7400/health/ready`, {
        signal: AbortSignal.timeout(2_000),
      }).catch(() => null);
      return ready?.status === 200 ? await status(site) : null;
    });
  const events = async (site: SiteName): Promise<OutlastEvent[]> => {
    const text = await readFile(join(root, `${site}.jsonl`), "utf8");
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as OutlastEvent);
  };
  const identity = async (site: SiteName, which: "member" | "frontend") =>
    identityFromStat(await readFile(join(data(site), `${which}.process`), "utf8").catch(() => null));
  const killProcess = async (site: SiteName, which: "member" | "frontend") => {
    const running = await identity(site, which);
    if (running !== null && (await isRunning(running))) process.kill(running.pid, "SIGKILL");
  };

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "outlast-agent-"));
    const example = await loadPlan("examples/etcd.yaml");
    const sites = example.sites.map((site) => ({ ...site, address: address(site.name as SiteName) }));
    plan = join(root, "plan.yaml");
    await writeFile(plan, formatPlan({ ...example, sites }));
    const engine = etcdEngine({
      cacheFolder: cacheFolder(),
      progress: (line) => process.stderr.write(`${line}\n`),
    });
    const installed = await engine.provision(null, AbortSignal.timeout(280_000));
    assert.ok(installed.kind === "done", JSON.stringify(installed));
    engineArguments = ["--engine", JSON.stringify(installed.value)];
  });
  after(async () => {
    for (const site of SITES) {
      await kill(site);
      for (const which of ["frontend", "member"] as const) await killProcess(site, which);
    }
    await removeTree(root);
  });

  test("two agents without data wait for the third, because it may have some", async () => {
    await startAgent("paris");
    await startAgent("frankfurt");
    const waiting = await until("paris waits for london alone", 20_000, async () => {
      const seen = await status("paris");
      return seen?.member.because === "london may have data and does not answer" ? seen : null;
    });
    assert.deepEqual([waiting.member.state, waiting.member.data], ["waiting", "empty"]);
    const ready = await fetch(`http://${address("paris")}:7400/health/ready`);
    assert.equal(ready.status, 503);
  });

  test("all three found the cluster, and every site can commit", async () => {
    await startAgent("london");
    for (const site of SITES) {
      const seen = await able(site, 20_000);
      assert.equal(seen.member.data, "present");
    }
  });

  test("a killed member is started again at once", async () => {
    const before = (await status("frankfurt"))?.member.pid;
    const lateness = measureLateness();
    await killProcess("frankfurt", "member");
    await until("another process", 10_000, async () => {
      const seen = await status("frankfurt");
      return seen?.member.pid != null && seen.member.pid !== before ? seen : null;
    });
    await able("frankfurt", 10_000);
    const log = await events("frankfurt");
    const at = log.findLastIndex(({ event }) => event === "member-exited");
    const again = log.slice(at).find(({ event }) => event === "member-started");
    const gapMs = (Number(again?.at) - Number(log[at]?.at)) / 1e6;
    const lateMs = lateness.end();
    assert.ok(gapMs - lateMs < 1_000, `${gapMs} ms, ${lateMs} ms late`);
  });

  test("member and front-end outlive their agent and are taken over by its next life", async () => {
    const before = await able("frankfurt", 10_000);
    await kill("frankfurt");
    const member = await identity("frankfurt", "member");
    assert.ok(member !== null && (await isRunning(member)));
    await startAgent("frankfurt");
    const now = await able("frankfurt", 20_000);
    assert.deepEqual(
      [now.member.attached, now.member.pid, now.frontend.pid],
      [true, before.member.pid, before.frontend.pid],
    );
    await killProcess("frankfurt", "member");
    await until("the end of a member that is nobody's child is noticed", 5_000, async () => {
      const seen = await status("frankfurt");
      return seen?.member.attached === false && seen.member.pid !== null ? seen : null;
    });
    await able("frankfurt", 10_000);
  });

  test("a site that lost its disk comes back empty and is replaced through the living", async () => {
    await kill("london");
    for (const which of ["frontend", "member"] as const) await killProcess("london", which);
    await removeTree(data("london"));
    await startAgent("london");
    await able("london", 30_000);
    const kinds = (await events("london")).map(({ event }) => event);
    assert.equal(kinds.filter((kind) => kind === "member-replaced").length, 1);
  });

  test("two agents of one site: the second refuses to start", async () => {
    const argv = outlastCommand(
      "agent",
      "-f",
      plan,
      "--site",
      "paris",
      "--data",
      data("paris"),
      ...engineArguments,
    );
    const second = await start(argv, { stdio: ["ignore", "ignore", "pipe"] });
    let words = "";
    second.process.stderr?.on("data", (chunk: Buffer) => {
      words += chunk.toString();
    });
    assert.equal((await second.exited).code, 3);
    assert.match(words, /PORT_IN_USE/);
  });

  test("SIGTERM ends agent, member and front-end", async () => {
    for (const site of SITES) {
      const processes = [await identity(site, "member"), await identity(site, "frontend")];
      const sinceMs = systemClock.nowMs();
      const lateness = measureLateness();
      agents.get(site)?.process.kill("SIGTERM");
      assert.equal((await agents.get(site)?.exited)?.code, 0);
      const tookMs = systemClock.nowMs() - sinceMs;
      const lateMs = lateness.end();
      assert.ok(tookMs - lateMs < 2_500, `${site} took ${tookMs} ms, ${lateMs} ms late`);
      for (const each of processes) assert.ok(each !== null && !(await isRunning(each)));
    }
  });
});
