// A database server with all its tools for this machine, for drivers whose engine comes as programs of the distribution:
// cache, installed, on PATH, the distribution's packages unpacked without root. A version is a series ("15", "10.11": any of
// it) or exactly one ("15.18"); null: the newest series that is here, else the distribution's. Only whole ones count.
import { access, chmod, constants, mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { done, type Failure, type Outcome, OutlastError } from "../domain/outcome.ts";
import type { EngineKind } from "../domain/plan.ts";
import { asOrdinaryUser } from "../linux/ordinary-user.ts";
import { libraryFolders, unpackDebianPackages } from "../linux/packages.ts";
import { readText } from "../runtime/files.ts";
import { installWhole, STAMP, stampOf } from "../runtime/install.ts";
import { findProgram, run } from "../runtime/process.ts";
import type { Installation } from "./contract.ts";

/** What is to be known of an engine's programs. */
export interface EnginePrograms {
  readonly engine: EngineKind;
  /** For people: "PostgreSQL". */
  readonly title: string;
  /** The first one is the server; it says the version. */
  readonly programs: readonly [string, ...string[]];
  /** Of what the server answers to --version. */
  readonly says: RegExp;
  /** Newest first. */
  readonly series: readonly string[];
  readonly seriesOf: (version: string) => string;
  readonly isVersion: RegExp;
  /** Why this version of a supported series won't do; null: it will. */
  readonly unfit?: (version: string) => string | null;
  /** Folders of one installation, searched in this order; several installations. */
  readonly installed: (series: string) => readonly (readonly string[])[];
  /** Where the programs lie around the server's own folder, when it was found on PATH. */
  readonly around: (folder: string) => readonly string[];
  readonly packages: (series: string) => readonly string[];
  /** Libraries that are not worth their download here. */
  readonly without: RegExp | null;
  /** Below the root that the packages were unpacked to. */
  readonly unpacked: (series: string) => readonly string[];
  /** Which series a distribution has: "debian 12". */
  readonly distributions: Readonly<Record<string, string>>;
  /** Added to a program's arguments when it runs from an unpacked root. */
  readonly added?: (name: string, root: string) => readonly string[];
}

export interface ProvisionOptions {
  readonly cacheFolder: string;
  /** One line of progress, for people. */
  readonly progress: (line: string) => void;
  /** For tests: where programs are looked up. */
  readonly find?: (name: string) => Promise<string | null>;
  /** For tests: the folders of installed versions. */
  readonly installed?: (series: string) => readonly string[];
  /** For tests: false: nothing is fetched. */
  readonly packages?: boolean;
}

/** Told at once, never passed over for another source. */
const FINAL = new Set(["INTERRUPTED", "DISK_FULL", "CACHE_NOT_WRITABLE"]);

export async function provisionPrograms(
  of: EnginePrograms,
  version: string | null,
  signal: AbortSignal,
  options: ProvisionOptions,
): Promise<Outcome<Installation>> {
  if (version !== null && !(of.isVersion.test(version) && of.series.includes(of.seriesOf(version)))) {
    const known = [...of.series].reverse().join(", ");
    return refused(of, "ENGINE_VERSION_UNKNOWN", `"${version}" is none of ${known}`, [], version);
  }
  const tried: string[] = [];
  for (const wanted of version === null ? of.series : [version]) {
    const here = await onThisMachine(of, wanted, signal, options, tried);
    if (here !== null) return done(here);
  }
  const fetched = options.packages === false ? null : await fromPackages(of, version, signal, options, tried);
  return fetched ?? refused(of, "ENGINE_NOT_AVAILABLE", "no source has it whole", tried, version);
}

const fits = (of: EnginePrograms, version: string, wanted: string): boolean =>
  version === wanted || (wanted === of.seriesOf(wanted) && of.seriesOf(version) === wanted);
const folderOf = (of: EnginePrograms, cacheFolder: string, wanted: string) =>
  join(cacheFolder, "engines", `${of.engine}-${wanted}`);

async function onThisMachine(
  of: EnginePrograms,
  wanted: string,
  signal: AbortSignal,
  { cacheFolder, find = findProgram, installed }: ProvisionOptions,
  tried: string[],
): Promise<Installation | null> {
  const folder = folderOf(of, cacheFolder, wanted);
  const cached = await stampOf(folder);
  if (cached !== null) return cachedInstallation(of, folder, cached, "cache");
  const series = of.seriesOf(wanted);
  const places = [...(installed === undefined ? of.installed(series) : installed(series).map((at) => [at]))];
  const onPath = await find(of.programs[0]);
  if (onPath !== null) {
    const around = of.around(dirname(await realpath(onPath)));
    if (!places.some(([first]) => first === around[0])) places.push(around);
  }
  for (const place of places) {
    const at = place[0] ?? "";
    const found = await lookInto(of, place, signal);
    if (found === null) continue;
    if ("missing" in found) tried.push(`${at} lacks ${found.missing.join(", ")}`);
    else if (!fits(of, found.version, wanted)) tried.push(`${at} has ${found.version}`);
    else if (of.unfit?.(found.version)) tried.push(`${at}: ${of.unfit(found.version) ?? ""}`);
    else return { engine: of.engine, ...found, source: `installed in ${at}` };
  }
  return null;
}

/** null: this distribution has none, or not whole; look at `tried`. */
async function fromPackages(
  of: EnginePrograms,
  version: string | null,
  signal: AbortSignal,
  { cacheFolder, progress }: ProvisionOptions,
  tried: string[],
): Promise<Outcome<Installation> | null> {
  const wanted = version ?? (await distributionSeries(of));
  if (wanted === null) {
    tried.push(`packages: which ${of.title} this distribution has is not known`);
    return null;
  }
  const folder = folderOf(of, cacheFolder, wanted);
  const built = await installWhole({
    folder,
    signal,
    progress,
    build: async (work) => {
      const filled = await fill(of, { series: of.seriesOf(wanted), work, final: folder, signal, progress });
      return filled.kind === "done" ? await seal(of, work, wanted, signal) : filled;
    },
  });
  if (built.kind === "done") return done(cachedInstallation(of, folder, built.value));
  if (FINAL.has(built.failure.code)) return built;
  tried.push(`packages: ${built.failure.what}`);
  return null;
}

/** The series that this machine's distribution has packages of; null: unknown. */
async function distributionSeries(of: EnginePrograms): Promise<string | null> {
  const release = (await readText("/etc/os-release")) ?? "";
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)`, "m").exec(release)?.[1] ?? "";
  return of.distributions[`${field("ID")} ${field("VERSION_ID")}`] ?? null;
}

interface Found {
  readonly version: string;
  readonly programs: Readonly<Record<string, string>>;
}

const canRun = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** The programs in these folders when they are whole; the missing ones when not; null: there is no server. */
async function lookInto(
  of: EnginePrograms,
  folders: readonly string[],
  signal: AbortSignal,
  libraries: readonly string[] = [],
): Promise<Found | { readonly missing: readonly string[] } | null> {
  const programs: Record<string, string> = {};
  const missing: string[] = [];
  for (const name of of.programs) {
    const at = await firstWith(folders, name);
    if (at === null) missing.push(name);
    else programs[name] = at;
  }
  const server = programs[of.programs[0]];
  if (server === undefined) return null;
  if (missing.length > 0) return { missing };
  const version = await versionOf(of, server, signal, libraries);
  return version === null ? { missing: [`a ${of.programs[0]} that starts`] } : { version, programs };
}

async function firstWith(folders: readonly string[], name: string): Promise<string | null> {
  for (const folder of folders) if (await canRun(join(folder, name))) return join(folder, name);
  return null;
}

/** From --version, run as it will be run later; null when it does not start. */
async function versionOf(
  of: EnginePrograms,
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
  return of.says.exec(asked?.stdout ?? "")?.[1] ?? null;
}

/** Fills `work` with root/ (the packages) and bin/ (one wrapper a program, which sets the library path). */
async function fill(
  of: EnginePrograms,
  build: {
    readonly series: string;
    readonly work: string;
    readonly final: string;
    readonly signal: AbortSignal;
    readonly progress: (line: string) => void;
  },
): Promise<Outcome> {
  const { series, work, final, signal, progress } = build;
  progress(`${of.title} ${series}: fetching the distribution's packages, without installing them ...`);
  const root = join(work, "root");
  await mkdir(root);
  const packages = of.packages(series);
  const unpacked = await unpackDebianPackages(
    packages,
    root,
    join(work, "fetch"),
    signal,
    undefined,
    of.without,
  );
  if (unpacked.kind !== "done") return unpacked;
  const libraries = (await libraryFolders(root)).map((path) => path.replace(work, final)).join(":");
  await mkdir(join(work, "bin"));
  for (const name of of.programs) {
    const at = await firstWith(
      of.unpacked(series).map((folder) => join(root, folder)),
      name,
    );
    if (at === null) continue; // seal tells
    const added = of.added?.(name, join(final, "root")) ?? [];
    const script = `#!/bin/sh\n# Written by outlast: ${packages[0] ?? ""}, unpacked without root.\nexport LD_LIBRARY_PATH="${libraries}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"\nexec "${at.replace(work, final)}" "$@"${added.map((each) => ` "${each}"`).join("")}\n`;
    await writeFile(join(work, "bin", name), script);
    await chmod(join(work, "bin", name), 0o755);
  }
  return done(undefined);
}

/** Looks whether all programs are there and start, and writes the stamp that makes the folder whole. */
async function seal(of: EnginePrograms, work: string, wanted: string, signal: AbortSignal): Promise<Outcome> {
  const folders = of.unpacked(of.seriesOf(wanted)).map((folder) => join(work, "root", folder));
  const found = await lookInto(of, folders, signal, await libraryFolders(join(work, "root")));
  const where = folders[0] ?? work;
  if (found === null || "missing" in found)
    return broken(`it lacks ${found === null ? of.programs[0] : found.missing.join(", ")}`, where);
  if (!fits(of, found.version, wanted)) return broken(`the package is version ${found.version}`, where);
  const unfit = of.unfit?.(found.version) ?? null;
  if (unfit !== null) return broken(unfit, where);
  const stamp = { version: found.version, source: "Debian packages" };
  await writeFile(join(work, STAMP), `${JSON.stringify(stamp)}\n`);
  return done(undefined);
}

function cachedInstallation(of: EnginePrograms, folder: string, stamp: string, via?: string): Installation {
  const { version, source } = JSON.parse(stamp) as { version: string; source: string };
  return {
    engine: of.engine,
    version,
    programs: Object.fromEntries(of.programs.map((name) => [name, join(folder, "bin", name)])),
    source: via === undefined ? source : `${via} (${source})`,
  };
}

const broken = (what: string, where: string): Outcome => ({
  kind: "failed",
  failure: { code: "ENGINE_DOES_NOT_START", definite: true, what, where, next: "use another source" },
});

function refused(
  of: EnginePrograms,
  code: string,
  what: string,
  tried: readonly string[],
  version: string | null,
) {
  const series = of.seriesOf(version ?? of.series.at(-1) ?? "");
  const failure: Failure = {
    code,
    definite: true,
    what: [`${of.title} ${version ?? ""} is not available: ${what}`, ...tried]
      .join("; ")
      .replaceAll(/\s+/g, " "), // one line, whatever a program said
    where: "cache, installed versions, PATH, Debian packages",
    next: `install ${of.title} with its tools, for example 'apt-get install ${of.packages(series)[0] ?? ""}'`,
  };
  return { kind: "failed" as const, failure };
}
