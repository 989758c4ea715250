// Whose acknowledgement commits wait for: any one of the standbys whose accounts are open.
import { done, type Outcome } from "../../domain/outcome.ts";
import type { Acknowledgement, MemberSpec, Proof } from "../contract.ts";
import { proofOf, refusal, untilSeen } from "../running-member.ts";
import { inOrder, whereOf } from "./copies.ts";
import { replicaAccount, replicaName } from "./layout.ts";
import { acknowledgementOf, type Answered, isStandby } from "./member.ts";
import { notPrimary, type Place } from "./place.ts";
import { accountStatements, replicaOf } from "./settings.ts";

export const words = ({ count, members }: Acknowledgement): string =>
  count === 0 ? "nobody (asynchronous)" : `any one of ${members.join(", ")}`;

export const sameMembers = (a: Acknowledgement | null, b: Acknowledgement): boolean =>
  a !== null &&
  a.count === b.count &&
  (b.count === 0 || (a.members.length === b.members.length && b.members.every((n) => a.members.includes(n))));

export function impossible(member: MemberSpec, { count, members }: Acknowledgement): Outcome<never> | null {
  const known = member.members.map(({ name }) => name);
  const unknown = members.filter((name) => !known.includes(name));
  const why =
    count > 1
      ? `a commit of MariaDB waits for any one standby, never for ${count}`
      : count > members.length
        ? `${count} acknowledgements of ${members.length} members`
        : unknown.length > 0
          ? `${unknown.join(", ")} is no member`
          : null;
  return why === null
    ? null
    : refusal("ACKNOWLEDGEMENT_NOT_POSSIBLE", why, whereOf(member), "name members, and ask for one of them");
}

/**
 * Who may stream, and so acknowledge: those that are named; everybody when nobody's acknowledgement counts. A locked account
 * keeps the connection that it has, so its streams are ended and seen gone.
 */
export async function admit(
  place: Place,
  acknowledgement: Acknowledgement,
  seen: Answered,
): Promise<Outcome<unknown>> {
  const { member, connections, clock, signal } = place;
  const locked = (name: string) => acknowledgement.count > 0 && !acknowledgement.members.includes(name);
  const known = new Map((seen.accounts ?? []).map((each) => [each.account, each.locked]));
  const isNew = member.members.filter(({ name }) => !known.has(replicaAccount(name)));
  const changed = member.members.filter(
    ({ name }) => (known.get(replicaAccount(name)) ?? false) !== locked(name),
  );
  if (isNew.length + changed.length > 0) {
    // Kept to this member: another primary has other standbys.
    const written = await inOrder(
      place.local,
      [
        ...accountStatements(isNew, member.listenAddress),
        ...changed.map(
          (each) => `ALTER USER ${replicaOf(each)} ACCOUNT ${locked(each.name) ? "LOCK" : "UNLOCK"}`,
        ),
      ],
      signal,
    );
    if (written.kind !== "done") return written;
  }
  const left = (of: Answered) =>
    (of.threads ?? []).filter(
      ({ command, account }) => command === "Binlog Dump" && locked(replicaName(account) ?? account),
    );
  const before = await place.look();
  if (before.kind !== "done") return before;
  for (const { id } of left(before.value)) {
    const killed = await connections.query({ text: `KILL ${id}` }, signal);
    if (killed.kind !== "done" && !/unknown thread id/i.test(killed.failure.what)) return killed;
  }
  return await untilSeen(
    "streams of others have ended",
    place.look,
    (of) => left(of).length === 0,
    member.name,
    clock,
    signal,
  );
}

export const setWaiting = ({ count }: Acknowledgement): string =>
  `SET GLOBAL rpl_semi_sync_master_enabled = ${count > 0 ? "ON" : "OFF"}`;

export async function acknowledge(
  place: Place,
  acknowledgement: Acknowledgement,
  what = "is the primary",
): Promise<Outcome<Proof>> {
  const { member, connections, clock, signal } = place;
  const before = await place.look();
  if (before.kind !== "done") return before;
  if (isStandby(before.value)) return notPrimary(member);
  const refused = impossible(member, acknowledgement);
  if (refused !== null) return refused;
  // Fewer first: nobody that is not named may acknowledge once this is done.
  const admitted = await admit(place, acknowledgement, before.value);
  if (admitted.kind !== "done") return admitted;
  const told = await connections.query({ text: setWaiting(acknowledgement) }, signal);
  if (told.kind !== "done") return told;
  const set = await untilSeen(
    "its standbys are set",
    place.look,
    (seen) => sameMembers(acknowledgementOf(seen), acknowledgement),
    member.name,
    clock,
    signal,
  );
  if (set.kind !== "done") return set;
  const view = await place.view();
  if (view.kind !== "done") return view;
  return done(proofOf(`${what}; commits wait for ${words(acknowledgement)}`, view.value));
}
