// The actions on a stopped member's data: found, reseed. New data is made beside its place and renamed when whole; what was
// there before goes only then.
import { rename } from "node:fs/promises";
import { done, OutlastError, type Outcome } from "../../domain/outcome.ts";
import { PORTS } from "../../domain/plan.ts";
import { makeFolder, readText, removeTree, writeFileAtomic } from "../../runtime/files.ts";
import { type Finished, run } from "../../runtime/process.ts";
import type { Installation, MemberSpec, Proof } from "../contract.ts";
import { lsnOf, postmasterPid, readControlData } from "./control-data.ts";
import { programOf } from "./launch.ts";
import { AGENT_ROLE, APPLICATION_DATABASE, layoutOf } from "./layout.ts";
import { asOrdinaryUser } from "../../linux/ordinary-user.ts";
import { refusal } from "../running-member.ts";
import { writeSettings } from "./running.ts";
import { CLUSTER_STATEMENTS, DATABASE_STATEMENTS, singleUserInput } from "./schema.ts";

/** A copy of a large database takes as long as it takes: the caller's signal bounds it. */
const COPY_MAX_MS = 7 * 24 * 3_600_000;

/** Runs one of PostgreSQL's tools to its end; its own words when it fails. */
export async function runTool(
  argv: readonly string[],
  signal: AbortSignal,
  where: string,
  input = "",
  lock?: number,
): Promise<Outcome<Finished>> {
  try {
    const inherit = lock === undefined ? [] : [lock];
    const env = { LC_ALL: "C", PGCONNECT_TIMEOUT: "5" };
    const finished = await run(asOrdinaryUser(argv), { signal, env, timeoutMs: COPY_MAX_MS, input, inherit });
    if (finished.code === 0) return done(finished);
    const words = `${finished.stderr.trim() || finished.stdout.trim()}`.split("\n").slice(-6).join("; ");
    const tool = argv[0]?.split("/").at(-1) ?? "";
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

export async function refuseRunning(member: Pick<MemberSpec, "name" | "dataFolder">): Promise<Outcome> {
  const pid = await postmasterPid(member);
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
export async function hasPostgresqlData(dataFolder: string): Promise<boolean> {
  const { data, rewinding } = layoutOf(dataFolder);
  return (await readText(rewinding)) === null && (await readText(`${data}/PG_VERSION`)) !== null;
}

async function stoppedProof(
  what: string,
  installed: Installation,
  member: MemberSpec,
  signal: AbortSignal,
): Promise<Outcome<Proof>> {
  const control = await readControlData(installed, member, signal);
  if (control.kind !== "done") return control;
  const { timeline, checkpoint, system } = control.value;
  return done({
    what: `${what}, cluster ${system}, timeline ${timeline}, checkpoint at ${lsnOf(checkpoint)}`,
    timeline,
    position: checkpoint,
  });
}

async function putInPlace(member: Pick<MemberSpec, "dataFolder">, made: string): Promise<void> {
  const { data, rewinding } = layoutOf(member.dataFolder);
  // Another member's ALTER SYSTEM would win over our settings.
  await writeFileAtomic(`${made}/postgresql.auto.conf`, "");
  await removeTree(data);
  await rename(made, data);
  await removeTree(rewinding);
}

export async function found(
  installed: Installation,
  member: MemberSpec,
  signal: AbortSignal,
): Promise<Outcome<Proof>> {
  const where = whereOf(member);
  const stopped = await refuseRunning(member);
  if (stopped.kind !== "done") return stopped;
  if ((await readText(`${layoutOf(member.dataFolder).data}/PG_VERSION`)) !== null)
    return refusal("DATA_PRESENT", "there is a cluster's data already", where, "start the member instead");
  await makeFolder(member.dataFolder);
  const made = `${layoutOf(member.dataFolder).data}.new`;
  await removeTree(made);
  await writeSettings(member, { source: null, acknowledgement: { count: 0, members: [] } });
  const initdb = [
    programOf(installed, "initdb"),
    `--pgdata=${made}`,
    `--username=${AGENT_ROLE}`,
    "--auth=trust", // replaced by our own access file
    "--data-checksums", // pg_rewind needs them, and so does everybody who wants to trust a disk
    "--encoding=UTF8",
    "--locale=C",
    "--no-instructions",
    ...(member.unsafeNoFsync === true ? ["--no-sync"] : []),
  ];
  const initialised = await runTool(initdb, signal, where, "", member.lock);
  if (initialised.kind !== "done") return initialised;
  for (const [database, statements] of [
    ["postgres", CLUSTER_STATEMENTS],
    [APPLICATION_DATABASE, DATABASE_STATEMENTS],
  ] as const) {
    const single = [programOf(installed, "postgres"), "--single", "-j", "-D", made];
    const filled = await runTool(
      [...single, "-c", "exit_on_error=on", "-c", "jit=off", database],
      signal,
      where,
      singleUserInput(statements),
      member.lock,
    );
    if (filled.kind !== "done") return filled;
  }
  await putInPlace(member, made);
  return await stoppedProof("founded", installed, member, signal);
}

export async function reseed(
  installed: Installation,
  member: MemberSpec,
  source: Pick<MemberSpec, "name" | "address">,
  signal: AbortSignal,
): Promise<Outcome<Proof>> {
  const where = whereOf(member);
  const stopped = await refuseRunning(member);
  if (stopped.kind !== "done") return stopped;
  const made = `${layoutOf(member.dataFolder).data}.new`;
  await makeFolder(member.dataFolder);
  await removeTree(made);
  const copied = await runTool(
    [
      programOf(installed, "pg_basebackup"),
      `--pgdata=${made}`,
      `--host=${source.address}`,
      `--port=${member.replicationPort ?? PORTS.postgresql}`,
      `--username=${AGENT_ROLE}`,
      "--no-password",
      "--wal-method=stream",
      "--checkpoint=fast",
      ...(member.unsafeNoFsync === true ? ["--no-sync"] : []),
    ],
    signal,
    where,
    "",
    member.lock,
  );
  if (copied.kind !== "done") {
    await removeTree(made);
    return copied;
  }
  await writeSettings(member, { source: source.address, acknowledgement: { count: 0, members: [] } });
  await putInPlace(member, made);
  return await stoppedProof(`copied from ${source.name}`, installed, member, signal);
}
