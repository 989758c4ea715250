// How a PostgreSQL member is started: pure. Always as a standby: only `promote` makes a primary, so that no restart does.
import { PORTS, type Plan } from "../../domain/plan.ts";
import type { Installation, Launch, MemberSpec } from "../contract.ts";
import { layoutOf } from "./layout.ts";
import { asOrdinaryUser } from "../../linux/ordinary-user.ts";
import type { ProgramName } from "./provision.ts";

export function programOf(installed: Installation, name: ProgramName): string {
  const program = installed.programs[name];
  if (program === undefined) throw new RangeError(`the installation ${installed.source} has no ${name}`);
  return program;
}

/** Marks the data as a standby's, then becomes the program. */
const AS_STANDBY = `: >"$1" && shift && exec "$@"`;

/** The same for every member: a standby refuses to start with less than its primary has. */
const FIXED: Readonly<Record<string, string>> = {
  unix_socket_directories: "", // two members of one machine would collide in the default folder
  max_connections: "200",
  superuser_reserved_connections: "5",
  max_wal_senders: "16",
  max_replication_slots: "16",
  max_prepared_transactions: "0", // one that is left prepared would outlive a failover unseen
  wal_level: "logical", // so that writes that were lost can be told in words
  wal_keep_size: "512MB",
  max_slot_wal_keep_size: "1GB", // a slot never fills the disk; without it lost writes can't be told
  hot_standby: "on",
  hot_standby_feedback: "off",
  synchronous_commit: "on",
  wal_sender_timeout: "5s",
  wal_receiver_timeout: "5s",
  wal_receiver_status_interval: "1s",
  wal_retrieve_retry_interval: "100ms", // after a lost source the next attempt is this far
  recovery_target_timeline: "latest",
  restart_after_crash: "off", // its end shall be seen, and what comes back is a standby
  jit: "off",
  lc_messages: "C",
  log_timezone: "GMT",
  timezone: "GMT",
  log_destination: "stderr",
  logging_collector: "off",
};

const options = (settings: Readonly<Record<string, string>>): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);

/** The command line of postgres over this member's data, with settings that win over the fixed ones. */
export function postgresArguments(
  installed: Installation,
  member: Pick<MemberSpec, "dataFolder" | "unsafeNoFsync">,
  changed: Readonly<Record<string, string>>,
): string[] {
  const { data, settings, access } = layoutOf(member.dataFolder);
  return [
    programOf(installed, "postgres"),
    "-D",
    data,
    ...options({
      config_file: settings,
      hba_file: access,
      ...FIXED,
      fsync: member.unsafeNoFsync === true ? "off" : "on",
      ...changed,
    }),
  ];
}

export function postgresqlLaunch(installed: Installation, member: MemberSpec, plan: Plan): Launch {
  const argv = postgresArguments(installed, member, {
    listen_addresses: member.listenAddress ?? member.address,
    port: String(PORTS.postgresql),
    cluster_name: `${plan.name}/${member.name}`,
  });
  const { data } = layoutOf(member.dataFolder);
  return {
    argv: asOrdinaryUser(["sh", "-c", AS_STANDBY, "sh", `${data}/standby.signal`, ...argv]),
    env: {},
    // "Fast": open transactions are rolled back, the log is written out and sent. SIGTERM would wait for all clients.
    stopGraceMs: 10_000,
    stopSignal: "SIGINT",
  };
}
