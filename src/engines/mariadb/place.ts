// A member that runs, and how an action asks and tells it.
import type { Outcome } from "../../domain/outcome.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Installation, MemberSpec, ReplicationView } from "../contract.ts";
import { refusal } from "../running-member.ts";
import type { Connections } from "./connections.ts";
import { whereOf } from "./copies.ts";
import type { Answered } from "./member.ts";

export const LOOK_TIMEOUT_MS = 2_000;

export interface Place {
  readonly installed: Installation;
  readonly member: MemberSpec;
  readonly connections: Connections;
  /** What it writes stays on this member. */
  readonly local: Connections;
  readonly clock: Clock;
  readonly look: () => Promise<Outcome<Answered>>;
  readonly view: () => Promise<Outcome<ReplicationView>>;
  readonly signal: AbortSignal;
}

export const notPrimary = (member: MemberSpec) =>
  refusal("NOT_PRIMARY", `${member.name} is a standby`, whereOf(member), "ask the primary, or promote it");
