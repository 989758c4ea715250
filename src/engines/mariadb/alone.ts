// A stopped member's server started alone: no network, one socket file in a folder of ours, so that only we can ask it. It
// ends in order when the body has ended.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "../../domain/outcome.ts";
import { asOrdinaryUser } from "../../linux/ordinary-user.ts";
import type { Clock } from "../../runtime/clock.ts";
import { openProgramLog, removeTree } from "../../runtime/files.ts";
import { start } from "../../runtime/process.ts";
import type { Installation, MemberSpec } from "../contract.ts";
import { refusal } from "../running-member.ts";
import { type Connections, startConnections } from "./connections.ts";
import { serverArguments, type Settings } from "./launch.ts";
import { AGENT_ACCOUNT } from "./layout.ts";

const START_MAX_MS = 120_000;
const STOP_GRACE_MS = 60_000;
const LOG_MAX_BYTES = 4 * 1024 * 1024;

export interface Alone {
  readonly installed: Installation;
  readonly member: MemberSpec;
  /** Its data, which need not be in its place. */
  readonly data: string;
  /** New data has no account of ours yet. */
  readonly user?: string;
  readonly settings?: Settings;
  readonly clock: Clock;
}

export async function withServerAlone<T>(
  { installed, member, data, user = AGENT_ACCOUNT, settings = {}, clock }: Alone,
  signal: AbortSignal,
  body: (connections: Connections, socketFile: string, signal: AbortSignal) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const where = `site ${member.name}, ${data}`;
  const folder = await mkdtemp(join(tmpdir(), "outlast-alone-"));
  const log = await openProgramLog(join(member.dataFolder, "alone.log"), LOG_MAX_BYTES);
  const socketFile = join(folder, "socket");
  const inherited = member.lock === undefined ? [] : [member.lock];
  const argv = serverArguments(installed, member, data, {
    // Its orderly end writes all of it out, and what ended otherwise is thrown away.
    "sync-binlog": "0",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-buffer-pool-dump-at-shutdown": "OFF",
    ...settings,
    "skip-networking": "ON",
    socket: socketFile,
    "read-only": "OFF",
  });
  try {
    await using child = await start(asOrdinaryUser(argv), {
      stdio: ["ignore", log.fd, log.fd, ...inherited],
    });
    const ended = new AbortController();
    void child.exited.then(() => ended.abort());
    await using connections = startConnections({
      to: { socketFile },
      user,
      where,
      connectionsMax: 1,
      session: "sql_log_bin=0",
    });
    const bounded = AbortSignal.any([signal, ended.signal]);
    const ready = await untilAnswering(connections, clock, bounded, where);
    const result = ready.kind === "done" ? await body(connections, socketFile, bounded) : ready;
    await child.stop(STOP_GRACE_MS);
    return result;
  } finally {
    await log.close();
    await removeTree(folder);
  }
}

async function untilAnswering(
  connections: Connections,
  clock: Clock,
  signal: AbortSignal,
  where: string,
): Promise<Outcome<unknown>> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(START_MAX_MS)]);
  for (;;) {
    const asked = await connections.query({ text: "SELECT 1", readOnly: true }, bounded);
    if (asked.kind === "done") return asked;
    if (bounded.aborted)
      return refusal(
        "NOT_STARTED_ALONE",
        `its server could not be started alone: ${asked.failure.what}`,
        where,
        "look at alone.log beside the data",
      );
    await clock.sleep(50, bounded);
  }
}
