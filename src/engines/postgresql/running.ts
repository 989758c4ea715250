// A running member, asked and told as the agent: its state, its settings file and their reload, waits for an effect.
import { done, type Failure, type Outcome } from "../../domain/outcome.ts";
import type { Clock } from "../../runtime/clock.ts";
import { makeFolder, readText, writeFileAtomic } from "../../runtime/files.ts";
import type { Member, MemberSpec, Observation, Proof, ReplicationView } from "../contract.ts";
import type { Connections, Row } from "./connections.ts";
import { layoutOf } from "./layout.ts";
import { attachPostgresql, startAgentConnections } from "./member.ts";
import { accessText, type Settings, settingsText } from "./settings.ts";

export const refusal = (code: string, what: string, where: string, next: string): Outcome<never> => ({
  kind: "failed",
  failure: { code, definite: true, what, where, next },
});

const notSeen = (what: string, where: string): Failure => ({
  code: "EFFECT_NOT_SEEN",
  definite: false,
  what,
  where,
  next: "ask again: what is done already is not done twice",
});

const LOOK_MS = 10;

export interface Running extends Member, AsyncDisposable {
  sql(text: string, signal: AbortSignal): Promise<Outcome<readonly Row[]>>;
  /** failed when it does not answer. */
  view(signal: AbortSignal): Promise<Outcome<Observation & { readonly replication: ReplicationView }>>;
  /** Looks until it is so; unknown when the signal ends it. */
  until(
    what: string,
    holds: (seen: ReplicationView) => boolean,
    signal: AbortSignal,
  ): Promise<Outcome<ReplicationView>>;
}

export function startRunning(
  member: Pick<MemberSpec, "name" | "address" | "listenAddress" | "replicationPort" | "members">,
  clock: Clock,
  connections: Connections = startAgentConnections(member),
): Running {
  const attached = attachPostgresql(member, clock, connections);
  const running: Running = {
    observe: (signal) => attached.observe(signal),
    sql: (text, signal) => connections.query({ name: null, text }, signal),
    async view(signal) {
      const seen = await attached.observe(signal);
      const where = `site ${member.name}`;
      if (seen.kind === "unknown")
        return refusal("MEMBER_NOT_ANSWERING", seen.reason, where, "start the member, or look at its log");
      const { replication } = seen.value;
      if (replication === undefined) throw new RangeError("observed without its replication");
      return done({ ...seen.value, replication });
    },
    async until(what, holds, signal) {
      for (;;) {
        const seen = await running.view(signal);
        if (seen.kind === "done" && holds(seen.value.replication)) return done(seen.value.replication);
        if (signal.aborted) {
          const last = seen.kind === "done" ? "it answered something else" : seen.failure.what;
          return { kind: "unknown", failure: notSeen(`${what}: not seen in time: ${last}`, member.name) };
        }
        await clock.sleep(LOOK_MS, signal);
      }
    },
    [Symbol.asyncDispose]: () => attached[Symbol.asyncDispose](),
  };
  return running;
}

/** On disk before anybody is told to read them. */
export async function writeSettings(
  member: Pick<MemberSpec, "name" | "dataFolder" | "members" | "listenAddress" | "replicationPort">,
  settings: Settings,
): Promise<void> {
  const layout = layoutOf(member.dataFolder);
  await makeFolder(member.dataFolder);
  for (const [file, text] of [
    [layout.access, accessText(member.members, member.listenAddress)],
    [layout.settings, settingsText(member.name, settings, member.replicationPort)],
  ] as const)
    if ((await readText(file)) !== text) await writeFileAtomic(file, text);
}

export const proofOf = (what: string, seen: ReplicationView): Proof => ({
  what,
  timeline: seen.timeline,
  position: seen.flushed,
});
