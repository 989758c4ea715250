// The two settings that change while a member runs, in a file of their own, and who may connect. Pure texts.
import { PORTS } from "../../domain/plan.ts";
import type { Acknowledgement, MemberSpec } from "../contract.ts";
import { AGENT_ROLE, APPLICATION_DATABASE, APPLICATION_ROLE } from "./layout.ts";

export interface Settings {
  /** null: streams from nobody. */
  readonly source: string | null;
  readonly acknowledgement: Acknowledgement;
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** How this member connects to its source; its name is how the source knows it. */
export const sourceConnection = (name: string, source: string, port: number): string =>
  [
    `host=${source}`,
    `port=${port}`,
    `user=${AGENT_ROLE}`,
    "dbname=postgres",
    `application_name=${name}`,
    "connect_timeout=2",
    "tcp_user_timeout=5000",
  ].join(" ");

/** "" when count is 0; names in double quotes, as site names may hold a "-". */
export function namesText({ count, members }: Acknowledgement): string {
  if (count === 0) return "";
  if (count > members.length) throw new RangeError(`${count} acknowledgements of ${members.length} members`);
  return `ANY ${count} (${members.map((name) => `"${name}"`).join(", ")})`;
}

/** null: not in the words of namesText. */
export function parseNames(text: string): Acknowledgement | null {
  if (text.trim() === "") return { count: 0, members: [] };
  const match = /^ANY (\d+) \(("[a-z0-9-]+"(?:, "[a-z0-9-]+")*)\)$/.exec(text.trim());
  if (match === null) return null;
  return { count: Number(match[1]), members: (match[2] ?? "").split(", ").map((name) => name.slice(1, -1)) };
}

export const settingsText = (
  name: string,
  { source, acknowledgement }: Settings,
  port: number = PORTS.postgresql,
): string =>
  [
    "# Written by outlast; what is changed here by hand is overwritten.",
    `primary_conninfo = ${literal(source === null ? "" : sourceConnection(name, source, port))}`,
    `synchronous_standby_names = ${literal(namesText(acknowledgement))}`,
    "",
  ].join("\n");

/**
 * The superuser and replication: from the members' addresses only. Applications: from anywhere that reaches the port. No
 * passwords yet (docs/engines.md). "local" serves the isolated start of rewind; otherwise no socket file exists.
 */
export function accessText(members: MemberSpec["members"], listenAddress?: string): string {
  // To any loopback address one comes from 127.0.0.1.
  const own = listenAddress === undefined ? [] : [{ address: listenAddress }];
  const addresses = [...members, ...own].map(({ address }) =>
    address.startsWith("127.") ? "127.0.0.1" : address,
  );
  return [
    "# Written by outlast.",
    `local all ${AGENT_ROLE} trust`,
    ...[...new Set(addresses)].flatMap((address) => [
      `host all ${AGENT_ROLE} ${address}/32 trust`,
      `host replication ${AGENT_ROLE} ${address}/32 trust`,
    ]),
    `host ${APPLICATION_DATABASE} ${APPLICATION_ROLE} 0.0.0.0/0 trust`,
    "",
  ].join("\n");
}
