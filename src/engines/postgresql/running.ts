// A running member, asked and told as the agent: its state, its settings file and their reload, waits for an effect.
import { done, type Outcome } from "../../domain/outcome.ts";
import type { Clock } from "../../runtime/clock.ts";
import { makeFolder, readText, writeFileAtomic } from "../../runtime/files.ts";
import type { Member, MemberSpec, Observation, ReplicationView } from "../contract.ts";
import { untilSeen, viewOf } from "../running-member.ts";
import type { Connections, Row } from "./connections.ts";
import { layoutOf } from "./layout.ts";
import { attachPostgresql, startAgentConnections } from "./member.ts";
import { accessText, type Settings, settingsText } from "./settings.ts";

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
    view: (signal) => viewOf(attached, member.name, signal),
    async until(what, holds, signal) {
      const look = () => running.view(signal);
      const seen = await untilSeen(
        what,
        look,
        ({ replication }) => holds(replication),
        member.name,
        clock,
        signal,
      );
      return seen.kind === "done" ? done(seen.value.replication) : seen;
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
