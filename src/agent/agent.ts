// The agent of a site: keeps its member and its front-end running, looks at both, and answers "can this site commit?".
// No store, lease or fence yet: under `distributed` the consensus is the engine's.
import { join } from "node:path";
import { AGENT_ROUTES, type AgentStatus } from "../api/agent.ts";
import { addressOf } from "../domain/address.ts";
import type { SiteReport } from "../domain/health.ts";
import { OutlastError } from "../domain/outcome.ts";
import type { Plan } from "../domain/plan.ts";
import type { Engine, Installation, MemberSpec } from "../engines/contract.ts";
import type { Clock } from "../runtime/clock.ts";
import { makeFolder } from "../runtime/files.ts";
import type { Log } from "../runtime/log.ts";
import { siteReport } from "./decide.ts";
import { agesOf, type FactAges, factsOf, noteFacts } from "./fact-ages.ts";
import { startFrontend } from "./frontend.ts";
import { watchLinks } from "./link-watch.ts";
import { MEMBER_IDENTITY, startMember } from "./member.ts";
import { announceReturn, endPeerConnections } from "./peer-connections.ts";
import { startAgentServer } from "./server.ts";
import { attachProcess } from "./supervise.ts";

export interface AgentOptions {
  readonly plan: Plan;
  readonly site: string;
  readonly dataFolder: string;
  readonly engine: Engine;
  readonly installed: Installation;
  /** The command line of the front-end. */
  readonly frontendArgv: readonly string[];
  readonly unsafeNoFsync: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const LOOK_INTERVAL_MS = 200;

/** Throws OutlastError (PORT_IN_USE, ADDRESS_MISSING, UNKNOWN_SITE). */
export async function startAgent(options: AgentOptions): Promise<AsyncDisposable> {
  const { plan, site, dataFolder, engine, installed, clock, log } = options;
  const spec = memberSpec(options);
  await makeFolder(dataFolder);
  await using stack = new AsyncDisposableStack();
  const stop = new AbortController();
  let status: () => AgentStatus = () => {
    throw new RangeError("asked before it started");
  };
  let report: () => SiteReport = () => ({ site, ableToCommit: false, because: "starting", epoch: null });
  // First the port: two agents of one site must not both look after its member.
  const peers = spec.members.filter(({ name }) => name !== site);
  const returned = async (name: string, address: string) => {
    const peer = peers.find((one) => one.name === name && one.address === address);
    return peer === undefined ? null : endPeerConnections(peer, log);
  };
  stack.use(
    await startAgentServer(spec.address, { site, status: () => status(), report: () => report(), returned }),
  );
  if ((await attachProcess(join(dataFolder, MEMBER_IDENTITY), clock)) === null)
    await announceReturn(site, peers, stop.signal);
  const member = startMember({ plan, engine, installed, spec, dataFolder, clock, log });
  const frontend = startFrontend({
    argv: options.frontendArgv,
    identityFile: join(dataFolder, "frontend.process"),
    readyUrl: `http://${spec.address}:${plan.balancer.port}${AGENT_ROUTES.ready.path}`,
    clock,
    log,
  });
  // Both at once: the whole agent has to end within a second.
  stack.defer(async () => {
    await Promise.all([member[Symbol.asyncDispose](), frontend[Symbol.asyncDispose]()]);
  });
  report = () =>
    siteReport({ site, member: member.status().observed, frontend: frontend.report() }, clock.nowMs());
  let ages: FactAges = {};
  status = () => ({
    site,
    heldForMs: agesOf(ages, clock.nowMs()),
    engine: { kind: installed.engine, version: installed.version, source: installed.source },
    member: agentView(member.status()),
    frontend: { pid: frontend.pid(), report: frontend.report() },
  });
  const looking = (async () => {
    while (!stop.signal.aborted) {
      await Promise.all([member.look(stop.signal), frontend.look(stop.signal)]);
      ages = noteFacts(ages, factsOf(status(), report()), clock.nowMs());
      await clock.sleep(LOOK_INTERVAL_MS, stop.signal);
    }
  })();
  const links = watchLinks({ plan, site, peers, clock, log }, stop.signal);
  stack.defer(async () => {
    stop.abort();
    await Promise.all([looking, links]);
  });
  return stack.move();
}

const agentView = (seen: ReturnType<ReturnType<typeof startMember>["status"]>): AgentStatus["member"] => ({
  ...seen,
  observed:
    seen.observed.kind === "unknown"
      ? seen.observed
      : { ...seen.observed, value: { ...seen.observed.value, alarms: [...seen.observed.value.alarms] } },
});

function memberSpec({ plan, site, dataFolder, unsafeNoFsync }: AgentOptions): MemberSpec {
  const members = plan.sites.map(({ name, address }) => ({
    name,
    address: addressOf(address, `site ${name}`),
  }));
  const self = members.find(({ name }) => name === site);
  if (self === undefined)
    throw new OutlastError(
      {
        code: "UNKNOWN_SITE",
        definite: true,
        what: `no site ${site} in plan ${plan.name}`,
        where: "--site",
        next: `name one of ${members.map(({ name }) => name).join(", ")}`,
      },
      2,
    );
  return {
    ...self,
    dataFolder: join(dataFolder, "member"),
    members,
    cluster: "existing",
    ...(unsafeNoFsync ? { unsafeNoFsync } : {}),
  };
}
