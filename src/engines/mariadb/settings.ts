// The texts that make a member who it is: its number, whom it follows from the next start on, and its accounts. Pure.
import { PORTS } from "../../domain/plan.ts";
import type { MemberSpec } from "../contract.ts";
import { AGENT_ACCOUNT, replicaAccount } from "./layout.ts";

type Place = Pick<MemberSpec, "name" | "address">;

/** From the IPv4 address, so that it is another one for every member and tells which in each position. */
export const serverNumber = (address: string): number =>
  address.split(".").reduce((number, part) => number * 256 + Number(part), 0);

export const literal = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;

/** Effective infinity: 100 years. When it ends semi-synchronous replication would turn itself off. */
export const ACKNOWLEDGEMENT_TIMEOUT_MS = 100 * 365 * 24 * 3_600_000;

/**
 * How `name` follows its source. Its position is what it has applied or, once a primary, written. Both threads stand still
 * before: what was received and not applied is received again.
 */
export const followStatements = (
  name: string,
  source: Place,
  port: number = PORTS.mariadb,
): readonly string[] => [
  "SET GLOBAL gtid_slave_pos = @@global.gtid_current_pos",
  [
    `CHANGE MASTER TO MASTER_HOST=${literal(source.address)}`,
    `MASTER_PORT=${port}`,
    `MASTER_USER=${literal(replicaAccount(name))}`,
    "MASTER_PASSWORD=''",
    "MASTER_USE_GTID=slave_pos",
    "MASTER_CONNECT_RETRY=1",
    "MASTER_HEARTBEAT_PERIOD=1",
  ].join(", "),
  "START SLAVE",
];

/** Run by the server itself before it accepts a connection: one statement a line. */
export const followText = (name: string, source: Place | null, port?: number): string =>
  [
    "-- Written by outlast; what is changed here by hand is overwritten.",
    ...(source === null
      ? ["-- Follows nobody."]
      : followStatements(name, source, port).map((each) => `${each};`)),
    "",
  ].join("\n");

/** To any loopback address one comes from 127.0.0.1. */
const comesFrom = (address: string): string => (address.startsWith("127.") ? "127.0.0.1" : address);

/** The accounts that a member needs; each exists once, whatever was there before. No passwords yet (docs/engines.md). */
export function accountStatements(members: MemberSpec["members"], listenAddress?: string): readonly string[] {
  const own = listenAddress === undefined ? [] : [listenAddress];
  const addresses = [...members.map(({ address }) => address), ...own].map(comesFrom);
  const agents = [...new Set(["localhost", ...addresses])].map(
    (host) => `${literal(AGENT_ACCOUNT)}@${literal(host)}`,
  );
  return [
    ...agents.flatMap((account) => [
      `CREATE USER IF NOT EXISTS ${account}`,
      `GRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION`,
    ]),
    ...members.flatMap((member) => [
      `CREATE USER IF NOT EXISTS ${replicaOf(member)}`,
      `GRANT REPLICATION SLAVE ON *.* TO ${replicaOf(member)}`,
    ]),
  ];
}

export const replicaOf = ({ name, address }: Place): string =>
  `${literal(replicaAccount(name))}@${literal(comesFrom(address))}`;
