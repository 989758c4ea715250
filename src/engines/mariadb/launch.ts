// How a MariaDB member is started: pure. Always as a standby that nobody can write to: only `promote` makes a primary, so
// that no restart does.
import { asOrdinaryUser } from "../../linux/ordinary-user.ts";
import { PORTS, type Plan } from "../../domain/plan.ts";
import type { Installation, Launch, MemberSpec } from "../contract.ts";
import { BINARY_LOG, layoutOf, RELAY_LOG } from "./layout.ts";
import { ACKNOWLEDGEMENT_TIMEOUT_MS, serverNumber } from "./settings.ts";
import type { ProgramName } from "./provision.ts";

export function programOf(installed: Installation, name: ProgramName): string {
  const program = installed.programs[name];
  if (program === undefined) throw new RangeError(`the installation ${installed.source} has no ${name}`);
  return program;
}

export type Settings = Readonly<Record<string, string>>;

const FIXED: Settings = {
  "character-set-server": "utf8mb4",
  "skip-name-resolve": "ON",
  "pid-file": "mariadbd.pid",
  socket: "mariadbd.sock", // in the data folder, which nobody else can enter
  "local-infile": "OFF",
  "event-scheduler": "OFF", // an event would be run by the primary only, and a new primary's are not switched on
  "max-connections": "200",
  "max-connect-errors": "4294967295", // probes that hang up would have the balancer's address refused
  "log-warnings": "2",
  // One domain, strict: what does not fit the history stops replication instead of forking it silently.
  "gtid-domain-id": "0",
  "gtid-strict-mode": "ON",
  "log-bin": BINARY_LOG,
  "log-slave-updates": "ON",
  "binlog-format": "ROW",
  "binlog-row-image": "FULL", // old rows, so that writes that were lost can be told in words
  "binlog-annotate-row-events": "OFF",
  "max-binlog-size": "134217728",
  "binlog-expire-logs-seconds": "604800", // a standby that was away for longer has to be seeded
  "relay-log": RELAY_LOG,
  "skip-slave-start": "ON", // follow.sql starts it
  "slave-net-timeout": "5",
  "slave-parallel-threads": "8", // one alone falls behind a primary that commits in groups
  "read-only": "ON",
  "rpl-semi-sync-slave-enabled": "ON",
  "rpl-semi-sync-master-enabled": "OFF",
  // The default, AFTER_COMMIT, shows others what no standby has yet.
  "rpl-semi-sync-master-wait-point": "AFTER_SYNC",
  "rpl-semi-sync-master-timeout": String(ACKNOWLEDGEMENT_TIMEOUT_MS),
  "rpl-semi-sync-master-wait-no-slave": "ON",
  // After a crash what is in the binary log is committed: the recorded primary has all that was acknowledged, and nothing
  // is thrown away untold. `rewind` starts it once as SLAVE, when the writes that only it has are told (MDEV-33465).
  "init-rpl-role": "MASTER",
  "performance-schema": "OFF",
};

const SAFE: Settings = { "sync-binlog": "1", "sync-relay-log": "1", "innodb-flush-log-at-trx-commit": "1" };
const UNSAFE: Settings = {
  "sync-binlog": "0",
  "sync-relay-log": "0",
  "innodb-flush-log-at-trx-commit": "0",
  "innodb-flush-method": "nosync",
};

/** The command line of mariadbd over `data`, with settings that win over the fixed ones. */
export function serverArguments(
  installed: Installation,
  member: Pick<MemberSpec, "address" | "unsafeNoFsync">,
  data: string,
  changed: Settings,
): string[] {
  const settings = {
    ...FIXED,
    ...(member.unsafeNoFsync === true ? UNSAFE : SAFE),
    "server-id": String(serverNumber(member.address)),
    ...changed,
  };
  return [
    programOf(installed, "mariadbd"),
    "--no-defaults",
    `--datadir=${data}`,
    ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
  ];
}

export function mariadbLaunch(installed: Installation, member: MemberSpec, _plan: Plan): Launch {
  const { data, follow } = layoutOf(member.dataFolder);
  return {
    argv: asOrdinaryUser(
      serverArguments(installed, member, data, {
        "bind-address": member.listenAddress ?? member.address,
        port: String(PORTS.mariadb),
        "report-host": member.name,
        "init-file": follow,
      }),
    ),
    env: {},
    stopGraceMs: 10_000,
  };
}
