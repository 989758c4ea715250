// The actions on a stopped member's data: found, reseed. New data is made beside its place and renamed when whole; what was
// there before goes only then. A copy is a dump of rows and statements: MariaDB's protocol has no copy of files.
import { readlink, realpath, rename } from "node:fs/promises";
import { join } from "node:path";
import { done, type Outcome, OutlastError } from "../../domain/outcome.ts";
import { PORTS } from "../../domain/plan.ts";
import { asOrdinaryUser } from "../../linux/ordinary-user.ts";
import type { Clock } from "../../runtime/clock.ts";
import { makeFolder, readText, removeTree, writeFileAtomic } from "../../runtime/files.ts";
import { type Finished, run } from "../../runtime/process.ts";
import { newId } from "../../runtime/random.ts";
import type { Installation, MemberSpec, Proof } from "../contract.ts";
import { refusal } from "../running-member.ts";
import { withServerAlone } from "./alone.ts";
import type { Connections, Row } from "./connections.ts";
import { parseGtid, sequenceOf } from "./gtid.ts";
import { type Identity, writeIdentity } from "./identity.ts";
import { programOf } from "./launch.ts";
import { AGENT_ACCOUNT, layoutOf } from "./layout.ts";
import { clusterStatements } from "./schema.ts";
import { followText, literal, serverNumber } from "./settings.ts";

type Source = Pick<MemberSpec, "name" | "address">;

/** A copy of a large database takes as long as it takes: the caller's signal bounds it. */
const COPY_MAX_MS = 7 * 24 * 3_600_000;

/** Runs one of MariaDB's tools to its end; its own words when it fails. */
export async function runTool(
  argv: readonly string[],
  signal: AbortSignal,
  where: string,
  lock?: number,
): Promise<Outcome<Finished>> {
  try {
    const inherit = lock === undefined ? [] : [lock];
    const env = { LC_ALL: "C", MARIADB_HOME: "/nonexistent" };
    const finished = await run(asOrdinaryUser(argv), { signal, env, timeoutMs: COPY_MAX_MS, inherit });
    if (finished.code === 0) return done(finished);
    const words = `${finished.stderr.trim() || finished.stdout.trim()}`.split("\n").slice(-6).join("; ");
    const tool =
      argv
        .find((word) => word.includes("mariadb"))
        ?.split("/")
        .at(-1) ?? "";
    return refusal(
      "TOOL_FAILED",
      `${tool} ended with ${finished.code ?? finished.signal}: ${words}`,
      where,
      "look at its words, then try again",
    );
  } catch (cause) {
    if (cause instanceof OutlastError) return { kind: "failed", failure: cause.failure };
    throw cause;
  }
}

export const whereOf = (member: Pick<MemberSpec, "name" | "dataFolder">): string =>
  `site ${member.name}, ${member.dataFolder}`;

/** The process that runs over this data now; null: none does. It stands in its data folder. */
export async function serverPid(member: Pick<MemberSpec, "dataFolder">): Promise<number | null> {
  const { data } = layoutOf(member.dataFolder);
  const pid = Number.parseInt((await readText(join(data, "mariadbd.pid"))) ?? "", 10);
  if (!(pid > 0)) return null;
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(data)) ? pid : null;
  } catch (cause) {
    if (["ENOENT", "ESRCH"].includes((cause as NodeJS.ErrnoException).code ?? "")) return null;
    throw cause;
  }
}

export async function refuseRunning(member: Pick<MemberSpec, "name" | "dataFolder">): Promise<Outcome> {
  const pid = await serverPid(member);
  return pid === null
    ? done(undefined)
    : refusal(
        "MEMBER_RUNNING",
        `process ${pid} runs over this data`,
        whereOf(member),
        "stop the member first",
      );
}

/** What an interrupted rewind left does not count: it can only be seeded again. */
export async function hasMariadbData(dataFolder: string): Promise<boolean> {
  const { identity, rewinding } = layoutOf(dataFolder);
  return (await readText(rewinding)) === null && (await readText(identity)) !== null;
}

/** On disk before anybody is told to read it. */
export async function writeFollow(
  member: Pick<MemberSpec, "name" | "dataFolder" | "replicationPort">,
  source: Source | null,
): Promise<void> {
  const { follow } = layoutOf(member.dataFolder);
  await makeFolder(member.dataFolder);
  const text = followText(member.name, source, member.replicationPort);
  if ((await readText(follow)) !== text) await writeFileAtomic(follow, text);
}

async function putInPlace(member: Pick<MemberSpec, "dataFolder">, made: string): Promise<void> {
  const { data, rewinding } = layoutOf(member.dataFolder);
  await removeTree(data);
  await rename(made, data);
  await removeTree(rewinding);
}

/** MariaDB's own tables in a new folder, with no account but the one that `withServerAlone` then replaces. */
async function makeData(
  installed: Installation,
  member: MemberSpec,
  made: string,
  signal: AbortSignal,
): Promise<Outcome> {
  await makeFolder(member.dataFolder);
  await removeTree(made);
  const argv = [
    programOf(installed, "mariadb-install-db"),
    "--no-defaults",
    `--datadir=${made}`,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
    "--skip-name-resolve",
    "--skip-log-bin",
  ];
  const initialised = await runTool(argv, signal, whereOf(member), member.lock);
  return initialised.kind === "done" ? done(undefined) : initialised;
}

/** One after the other; the first that fails ends it. */
export async function inOrder(
  connections: Connections,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<Outcome<readonly Row[]>> {
  let last: Outcome<readonly Row[]> = done([]);
  for (const text of statements) {
    last = await connections.query({ text }, signal);
    if (last.kind !== "done") return last;
  }
  return last;
}

export async function found(
  installed: Installation,
  member: MemberSpec,
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome<Proof>> {
  const where = whereOf(member);
  const stopped = await refuseRunning(member);
  if (stopped.kind !== "done") return stopped;
  if ((await readText(layoutOf(member.dataFolder).identity)) !== null)
    return refusal("DATA_PRESENT", "there is a cluster's data already", where, "start the member instead");
  const made = `${layoutOf(member.dataFolder).data}.new`;
  await writeFollow(member, null);
  const initialised = await makeData(installed, member, made, signal);
  if (initialised.kind !== "done") return initialised;
  const identity: Identity = {
    system: newId(),
    timelines: [{ timeline: 1, began: 1, server: serverNumber(member.address) }],
  };
  const filled = await withServerAlone(
    { installed, member, data: made, user: "root", clock },
    signal,
    (connections, _socket, bounded) =>
      inOrder(connections, [...clusterStatements(identity.system, member), ...ONLY_OUR_ACCOUNTS], bounded),
  );
  if (filled.kind !== "done") return filled;
  await writeIdentity(made, identity);
  await putInPlace(member, made);
  return done({ what: `founded, cluster ${identity.system}`, timeline: 1, position: 0 });
}

/** What comes with a new folder could be used from this machine without a password. */
const ONLY_OUR_ACCOUNTS = [
  "DELETE FROM mysql.global_priv WHERE User IN ('root', '')",
  "DELETE FROM mysql.proxies_priv",
  "FLUSH PRIVILEGES",
];

export async function reseed(
  installed: Installation,
  member: MemberSpec,
  source: Source,
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome<Proof>> {
  const where = whereOf(member);
  const stopped = await refuseRunning(member);
  if (stopped.kind !== "done") return stopped;
  const made = `${layoutOf(member.dataFolder).data}.new`;
  const dump = join(member.dataFolder, "copy.sql");
  try {
    const initialised = await makeData(installed, member, made, signal);
    if (initialised.kind !== "done") return initialised;
    const dumped = await runTool(
      [
        "sh",
        "-c",
        'to=$1; shift; exec "$@" >"$to"',
        "sh",
        dump,
        programOf(installed, "mariadb-dump"),
        "--no-defaults",
        `--host=${source.address}`,
        `--port=${member.replicationPort ?? PORTS.mariadb}`,
        `--user=${AGENT_ACCOUNT}`,
        "--all-databases",
        "--single-transaction",
        "--master-data=1", // with --gtid: where the copy stands, set when it is loaded
        "--gtid",
        "--routines",
        "--triggers",
        "--events",
        "--hex-blob",
        "--flush-privileges",
        "--default-character-set=utf8mb4",
      ],
      signal,
      where,
      member.lock,
    );
    if (dumped.kind !== "done") return dumped;
    const loaded = await withServerAlone(
      { installed, member, data: made, user: "root", clock },
      signal,
      async (connections, socketFile, bounded) => {
        const filled = await runTool(
          [
            "sh",
            "-c",
            'from=$1; shift; exec "$@" <"$from"',
            "sh",
            dump,
            programOf(installed, "mariadb"),
            "--no-defaults",
            `--socket=${socketFile}`,
            "--user=root",
            "--init-command=SET SESSION sql_log_bin=0",
            "--default-character-set=utf8mb4",
          ],
          bounded,
          where,
          member.lock,
        );
        return filled.kind === "done" ? await settle(connections, bounded) : filled;
      },
    );
    if (loaded.kind !== "done") return loaded;
    const { identity, position } = loaded.value;
    await writeIdentity(made, identity);
    await writeFollow(member, source);
    await putInPlace(member, made);
    return done({
      what: `copied from ${source.name}, cluster ${identity.system}, at ${position}`,
      timeline: identity.timelines.at(-1)?.timeline ?? 0,
      position: sequenceOf(position),
    });
  } finally {
    await removeTree(dump);
    await removeTree(made);
  }
}

/** Its binary log begins where the copy stands, so that who asks it for something older later is told so. */
async function settle(
  connections: Connections,
  signal: AbortSignal,
): Promise<Outcome<{ readonly identity: Identity; readonly position: string }>> {
  const asked = await connections.query(
    {
      text: `SELECT (SELECT \`system\` FROM outlast.cluster) AS \`system\`, @@global.gtid_slave_pos AS position,
(SELECT JSON_ARRAYAGG(JSON_OBJECT('timeline', timeline, 'began', began, 'server', server) ORDER BY timeline)
  FROM outlast.timelines) AS timelines`,
      values: [],
      readOnly: true,
    },
    signal,
  );
  if (asked.kind !== "done") return asked;
  const [row] = asked.value;
  const position = String(row?.["position"]);
  if (parseGtid(position) !== null) {
    const begun = await inOrder(
      connections,
      ["RESET MASTER", `SET GLOBAL gtid_binlog_state = ${literal(position)}`],
      signal,
    );
    if (begun.kind !== "done") return begun;
  }
  const timelines = JSON.parse(String(row?.["timelines"])) as Identity["timelines"];
  return done({ identity: { system: String(row?.["system"]), timelines }, position });
}
