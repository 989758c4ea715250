// `outlast demo`: the paper's strongly consistent design and its network partition, in one minute, on this machine.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import pc from "picocolors";
import type { DrillResult } from "../../domain/drill.ts";
import type { Plan } from "../../domain/plan.ts";
import { isolateSite } from "../../drills/faults/cut.ts";
import { loseSite } from "../../drills/faults/lose-site.ts";
import { replanBalancers } from "../../drills/replan-balancers.ts";
import { type DrillRequest, runDrill } from "../../drills/run-drill.ts";
import { FILES } from "../../evidence/folder.ts";
import { headline } from "../../evidence/headline.ts";
import { prepareEvidenceRoot } from "../../evidence/prepare-root.ts";
import { shortDuration } from "../../evidence/quantity.ts";
import { objectiveOverRuns } from "../../evidence/summary.ts";
import type { Topology } from "../../lab/topology.ts";
import { formatPlan } from "../../plan/format.ts";
import { loadPlan } from "../../plan/load.ts";
import { newSeed } from "../../runtime/random.ts";
import { interruption } from "../../runtime/process.ts";
import { labName, surroundings } from "../drill-session.ts";
import { evidenceFolder } from "../folders.ts";
import { liveOutput } from "../live-output.ts";
import { openLab, provision } from "../open-lab.ts";

const PLAN_FILE = fileURLToPath(new URL("../../../examples/etcd.yaml", import.meta.url));
const RATE_PER_SECOND = 15;
const DEADLINE_MS = 1000;

const say = (line: string) => void process.stderr.write(`${line}\n`);
const act = (title: string, why: string) => say(`\n${pc.bold(title)}\n${pc.dim(why)}`);

function requestOf(part: Pick<DrillRequest, "fault" | "site" | "seed">, holdMs: number): DrillRequest {
  return {
    ...part,
    peer: null,
    load: { ratePerSecond: RATE_PER_SECOND, deadlineMs: DEADLINE_MS, profiles: ["kernel", "dns", "pinned"] },
    phasesMs: { before: 2_000, hold: holdMs, after: 2_300 },
    series: null,
  };
}

/** The plan that daemons read: with the lab's addresses, and this plan's way of asking for health. */
const daemonPlan = ({ balancer }: Plan, topology: Topology): string =>
  formatPlan({ ...topology.plan, balancer });

async function demonstrate({ evidence, seed }: { evidence?: string; seed?: number }): Promise<void> {
  const signal = interruption();
  const plan = await loadPlan(PLAN_FILE);
  say(pc.bold("Outlast: lose a site for real and measure what its clients saw"));
  say(
    `3 sites, ${plan.links.map((link) => link.roundTripMs).join("/")} ms apart; etcd, front-end, agent and name server in each;`,
  );
  say(
    `a gateway and clients in ${plan.regions.length} regions; ${RATE_PER_SECOND} operations/s per region and kind of client, ${DEADLINE_MS / 1000} s patience`,
  );
  const evidenceRoot = evidence ?? evidenceFolder();
  await prepareEvidenceRoot(evidenceRoot);
  const provisions = await provision(plan, signal);
  const firstSeed = seed ?? newSeed();
  const { lab, topology } = await openLab(plan, provisions, {
    name: labName(plan),
    seed: firstSeed,
    detached: false,
    signal,
    agentArguments: [],
  });
  await using _ = lab;
  const session = {
    plan,
    planText: await readFile(PLAN_FILE, "utf8"),
    provisions,
    evidenceRoot,
    signal,
    live: liveOutput((line) => process.stderr.write(line)),
  };
  const around = await surroundings(session, lab, topology);
  const finish = (result: DrillResult) => {
    say(pc.bold(`\n  ${headline(result)}`));
    for (const reason of result.status.reasons) say(pc.dim(`  ${reason}`));
    return result;
  };

  act(
    "Act 1: a site is lost",
    "The site of the engine's leader: every process in it, its name server too, in one instant.",
  );
  const lost = finish(
    await runDrill(requestOf({ fault: loseSite, site: null, seed: firstSeed }, 4_500), around),
  );
  const other = plan.sites.map((site) => site.name).find((site) => site !== lost.spec.site) ?? null;

  act(
    "Act 2, first half: a site is cut off, and the balancer asks “is the port open?”",
    "Its clients still reach it; it can't reach a majority. The port stays open.",
  );
  const portPlan: Plan = { ...plan, balancer: { ...plan.balancer, check: { kind: "tcp" } } };
  await replanBalancers(daemonPlan(portPlan, topology), around);
  const portCheck = finish(
    await runDrill(requestOf({ fault: isolateSite, site: other, seed: firstSeed + 1 }, 3_500), {
      ...around,
      plan: portPlan,
      planText: formatPlan(portPlan),
    }),
  );

  act(
    "Act 2, second half: the same cut, and the balancer asks “can this site commit?”",
    "The paper's own argument (“if the health check is sophisticated enough”), measured.",
  );
  await replanBalancers(daemonPlan(plan, topology), around);
  const commitCheck = finish(
    await runDrill(requestOf({ fault: isolateSite, site: other, seed: firstSeed + 2 }, 3_500), around),
  );

  const worstOf = (result: DrillResult) => shortDuration(result.status.failedMs);
  const met = objectiveOverRuns([lost, commitCheck].map((result) => result.status.objectiveMet));
  const out = (line: string) => process.stdout.write(`${line}\n`);
  say("");
  out(
    `With a port check the cut-off site's clients failed for ${worstOf(portCheck)}; asked whether it can commit, for ${worstOf(commitCheck)}.`,
  );
  out(
    `Objectives (acts 1 and 2, second half): ${met === true ? "met" : met === false ? "MISSED" : "inconclusive"}.`,
  );
  out(`Report: ${session.evidenceRoot}/${lost.metadata.id}/${FILES.report}`);
  out(`Next: outlast drill run lose-site-with-disks -f examples/etcd.yaml --runs 3`);
  process.exitCode = met === true ? 0 : met === false ? 1 : 5;
}

export function build(): Command {
  return new Command("demo")
    .description("lose a site under live clients, in one minute, on this machine")
    .option("--evidence <folder>", "where evidence is kept")
    .option("--seed <n>", "same seed, same load", Number)
    .action(demonstrate);
}
