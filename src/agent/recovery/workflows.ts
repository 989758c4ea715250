// Workflows at this site: what people ask for, what is carried on, and what its steps need to know of the other sites.
import { join } from "node:path";
import type { OpenedSet } from "../../domain/primaryship.ts";
import type { Objective } from "../../domain/plan.ts";
import { estimateLoss, judgeLoss } from "../../recovery/loss-budget.ts";
import type { Clock } from "../../runtime/clock.ts";
import { readText, writeFileAtomic } from "../../runtime/files.ts";
import type { Log } from "../../runtime/log.ts";
import { newId } from "../../runtime/random.ts";
import type { WorkflowAnswers } from "../server.ts";
import { carryWorkflowsOn } from "./carry-on.ts";
import type { DataMember } from "./data-member.ts";
import type { Decisions } from "./decisions.ts";
import { startFlowStore } from "./flow-store.ts";
import type { AgentMemory } from "./memory.ts";
import type { RecoveryPlan } from "./options.ts";
import { peerStatus } from "./peers.ts";
import type { StoreMembers } from "./store-members.ts";
import { startWorkflowNews, type WorkflowNews } from "./workflow-news.ts";
import { startWorkflowRequests } from "./workflow-requests.ts";

export interface WorkflowsOptions {
  readonly site: string;
  readonly plan: RecoveryPlan;
  readonly objectives: readonly Objective[];
  readonly member: DataMember;
  readonly memory: AgentMemory;
  readonly decisions: Decisions;
  readonly stores: StoreMembers;
  readonly author: string;
  readonly token: string;
  /** Closes the fence, whatever is held. */
  readonly closeFence: () => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface Workflows {
  readonly answers: WorkflowAnswers;
  readonly news: WorkflowNews;
  run(): Promise<void>;
}

/** The given file's, else one of this agent's own, made at its first start. */
export async function readToken(given: string | null, dataFolder: string): Promise<string> {
  const file = given ?? join(dataFolder, "token");
  const known = (await readText(file))?.trim();
  if (known !== undefined && known !== "") return known;
  const made = newId();
  await writeFileAtomic(file, `${made}\n`);
  return made;
}

/** Those who answer now: do their logs hold every acknowledged write? Pure. */
export function hasEverything(opened: OpenedSet, answering: readonly string[]): boolean {
  if (answering.includes(opened.primary)) return true;
  const voters = opened.standbys.filter((site) => answering.includes(site)).length;
  return opened.acknowledgements > 0 && voters + opened.acknowledgements > opened.standbys.length;
}

export function startWorkflows(options: WorkflowsOptions): Workflows {
  const { site, plan, objectives, memory, decisions, stores, author, clock, signal } = options;
  const flows = startFlowStore(stores, author);
  const sites = plan.members.map(({ name }) => name);
  const peers = plan.members.filter(({ name }) => name !== site);

  const statuses = () =>
    Promise.all(peers.map(async (peer) => ({ peer, status: await peerStatus(peer, signal) })));

  async function lossOfFailover() {
    const opened = decisions.state().view?.opened?.value;
    const all = await statuses();
    const answering = all.flatMap(({ peer, status }) =>
      typeof status !== "string" && status.recovery !== undefined && status.recovery.role !== "down"
        ? [peer.name]
        : [],
    );
    if (decisions.state().member.role !== "down") answering.push(site);
    const complete = opened !== undefined && hasEverything(opened, answering);
    const known = { complete, chosenPosition: 0, chosenAtMs: null, lastKnown: null, closedAtMs: null };
    const estimate = estimateLoss(known, clock.nowMs());
    const allowedMs = Math.min(
      ...objectives.filter(({ survive }) => survive === "site").map((each) => each.recoveryPointMs),
    );
    const judged = judgeLoss(estimate, Number.isFinite(allowedMs) ? allowedMs : 0, null);
    return judged.kind === "refused"
      ? { within: false, what: judged.because }
      : { within: true, what: `nothing that was acknowledged is lost: ${answering.join(", ")} answer` };
  }

  async function tellEpochs(): Promise<string> {
    const own = decisions.state().member.history.at(-1);
    const words = (name: string, epoch: number | undefined, upTo: number | null | undefined) =>
      `${name}: epoch ${epoch ?? "unknown"}, log up to ${upTo ?? "unknown"}`;
    const others = (await statuses()).map(({ peer, status }) =>
      typeof status === "string"
        ? `${peer.name}: ${status}`
        : words(peer.name, status.recovery?.logEpoch ?? undefined, status.recovery?.position),
    );
    return [words(site, own?.branch, own?.upTo), ...others].join("; ");
  }

  async function setFenced(why: string | null): Promise<void> {
    await memory.change(() => ({ fencedBecause: why }));
    if (why === null) return decisions.trust();
    decisions.distrust(why);
    options.closeFence();
  }

  return {
    news: startWorkflowNews(flows, decisions, signal),
    answers: startWorkflowRequests({ site, sites, token: options.token, decisions, flows, signal }),
    run: () =>
      carryWorkflowsOn({ ...options, sites, flows, judgeLoss: lossOfFailover, setFenced, tellEpochs }),
  };
}
