// A PostgreSQL with all its tools for this machine: cache, installed, the distribution's packages unpacked. A version is
// "15" (any of that major) or "15.18" (exactly that); null: the newest major that is here, else the distribution's.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { done, type Failure, type Outcome } from "../../domain/outcome.ts";
import { libraryFolders } from "../../linux/packages.ts";
import { installWhole, STAMP, stampOf } from "../../runtime/install.ts";
import { findProgram } from "../../runtime/process.ts";
import type { Installation } from "../contract.ts";
import {
  distributionMajor,
  folderOnPath,
  fromDebian,
  inFolder,
  installedFolders,
  lookInto,
  majorOf,
  SUPPORTED_MAJORS,
} from "./sources.ts";

export interface ProvisionOptions {
  readonly cacheFolder: string;
  /** One line of progress, for people. */
  readonly progress: (line: string) => void;
  /** For tests: where programs are looked up. */
  readonly find?: (name: string) => Promise<string | null>;
  /** For tests: the folders of installed versions. */
  readonly installed?: (major: string) => readonly string[];
  /** For tests: false: nothing is fetched. */
  readonly packages?: boolean;
}

const VERSION = /^\d{2}(?:\.\d{1,2})?$/;
/** Told at once, never passed over for another source. */
const FINAL = new Set(["INTERRUPTED", "DISK_FULL", "CACHE_NOT_WRITABLE"]);

export async function provisionPostgresql(
  version: string | null,
  signal: AbortSignal,
  options: ProvisionOptions,
): Promise<Outcome<Installation>> {
  if (version !== null && !(VERSION.test(version) && isSupported(majorOf(version))))
    return refused("ENGINE_VERSION_UNKNOWN", `"${version}" is none of PostgreSQL 15 to 18`, [], version);
  const tried: string[] = [];
  for (const wanted of version === null ? SUPPORTED_MAJORS : [version]) {
    const here = await onThisMachine(wanted, signal, options, tried);
    if (here !== null) return done(here);
  }
  const fetched = options.packages === false ? null : await fromPackages(version, signal, options, tried);
  return fetched ?? refused("ENGINE_NOT_AVAILABLE", "no source has it whole", tried, version);
}

const isSupported = (major: string): boolean => (SUPPORTED_MAJORS as readonly string[]).includes(major);
const fits = (version: string, wanted: string): boolean =>
  version === wanted || (wanted === majorOf(wanted) && majorOf(version) === wanted);
const folderOf = (cacheFolder: string, wanted: string) =>
  join(cacheFolder, "engines", `postgresql-${wanted}`);

async function onThisMachine(
  wanted: string,
  signal: AbortSignal,
  { cacheFolder, find = findProgram, installed = installedFolders }: ProvisionOptions,
  tried: string[],
): Promise<Installation | null> {
  const folder = folderOf(cacheFolder, wanted);
  const cached = await stampOf(folder);
  if (cached !== null) return cachedInstallation(folder, cached, "cache");
  const onPath = await folderOnPath(find);
  const folders = [...installed(majorOf(wanted)), ...(onPath === null ? [] : [onPath])];
  for (const place of new Set(folders)) {
    const found = await lookInto(place, signal);
    if (found === null) continue;
    if ("missing" in found) tried.push(`${place} lacks ${found.missing.join(", ")}`);
    else if (!fits(found.version, wanted)) tried.push(`${place} has ${found.version}`);
    else return { engine: "postgresql", ...found, source: `installed in ${place}` };
  }
  return null;
}

/** null: this distribution has none, or not whole; look at `tried`. */
async function fromPackages(
  version: string | null,
  signal: AbortSignal,
  { cacheFolder, progress }: ProvisionOptions,
  tried: string[],
): Promise<Outcome<Installation> | null> {
  const wanted = version ?? (await distributionMajor());
  if (wanted === null) {
    tried.push("packages: which PostgreSQL this distribution has is not known");
    return null;
  }
  const folder = folderOf(cacheFolder, wanted);
  const built = await installWhole({
    folder,
    signal,
    progress,
    build: async (work) => {
      const filled = await fromDebian({ major: majorOf(wanted), work, final: folder, signal, progress });
      return filled.kind === "done" ? await seal(work, wanted, signal) : filled;
    },
  });
  if (built.kind === "done") return done(cachedInstallation(folder, built.value));
  if (FINAL.has(built.failure.code)) return built;
  tried.push(`packages: ${built.failure.what}`);
  return null;
}

/** Looks whether all programs are there and start, and writes the stamp that makes the folder whole. */
async function seal(work: string, wanted: string, signal: AbortSignal): Promise<Outcome> {
  const folder = join(work, "root/usr/lib/postgresql", majorOf(wanted), "bin");
  const found = await lookInto(folder, signal, await libraryFolders(join(work, "root")));
  if (found === null || "missing" in found)
    return broken(`it lacks ${found === null ? "postgres" : found.missing.join(", ")}`, folder);
  if (!fits(found.version, wanted)) return broken(`the package is version ${found.version}`, folder);
  const stamp = { version: found.version, source: "Debian packages" };
  await writeFile(join(work, STAMP), `${JSON.stringify(stamp)}\n`);
  return done(undefined);
}

function cachedInstallation(folder: string, stamp: string, via?: string): Installation {
  const { version, source } = JSON.parse(stamp) as { version: string; source: string };
  return {
    engine: "postgresql",
    version,
    programs: inFolder(join(folder, "bin")),
    source: via === undefined ? source : `${via} (${source})`,
  };
}

const broken = (what: string, where: string): Outcome => ({
  kind: "failed",
  failure: { code: "ENGINE_DOES_NOT_START", definite: true, what, where, next: "use another source" },
});

function refused(code: string, what: string, tried: readonly string[], version: string | null) {
  const major = majorOf(version ?? "15");
  const failure: Failure = {
    code,
    definite: true,
    what: [`PostgreSQL ${version ?? ""} is not available: ${what}`, ...tried]
      .join("; ")
      .replaceAll(/\s+/g, " "), // one line, whatever a program said
    where: "cache, installed versions, PATH, Debian packages",
    next: `install PostgreSQL with its tools, for example 'apt-get install postgresql-${major}'`,
  };
  return { kind: "failed" as const, failure };
}
