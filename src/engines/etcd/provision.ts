// An etcd for this machine. Versions come before sources: the newest supported version from any source is better than an
// older one from the nearest. Per version: cache, PATH, pinned release, Go module build. Debian's 3.4 only when no
// supported version can be had, and never when a version was asked for by name.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { done, type Failure, type Outcome } from "../../domain/outcome.ts";
import { installWhole, STAMP, stampOf } from "../../runtime/install.ts";
import { findProgram } from "../../runtime/process.ts";
import type { Installation } from "../contract.ts";
import {
  fromDebian,
  fromGoModule,
  fromRelease,
  RELEASE_BASE,
  RELEASE_CHECKSUMS,
  type ReleaseSource,
  releaseSkip,
  SUPPORTED_VERSIONS,
  versionOf,
} from "./sources.ts";

export interface ProvisionOptions {
  readonly cacheFolder: string;
  /** One line of progress, for people. */
  readonly progress: (line: string) => void;
  readonly release?: ReleaseSource;
  /** For tests: where programs are looked up. */
  readonly find?: (name: string) => Promise<string | null>;
}

interface Attempt {
  readonly version: string;
  readonly source: string;
  readonly failure: Failure;
}

const VERSION = /^\d+\.\d+\.\d+$/;
/** Told at once, never passed over for another source. */
const FINAL = new Set(["INTERRUPTED", "DISK_FULL", "CACHE_NOT_WRITABLE", "ENGINE_VERSION_UNKNOWN"]);

export async function provisionEtcd(
  version: string | null,
  signal: AbortSignal,
  options: ProvisionOptions,
): Promise<Outcome<Installation>> {
  if (version !== null && !VERSION.test(version))
    return refused("ENGINE_VERSION_UNKNOWN", `"${version}" is not a version of etcd`, [], version);
  const attempts: Attempt[] = [];
  for (const wanted of version === null ? SUPPORTED_VERSIONS : [version]) {
    const outcome = await provisionVersion(wanted, signal, options, attempts);
    if (outcome !== null) return outcome;
  }
  if (version === null) {
    const outcome = await provisionDebian(signal, options, attempts);
    if (outcome !== null) return outcome;
  }
  return refused("ENGINE_NOT_AVAILABLE", "no source has it", attempts, version);
}

/** null: no source has it; look at `attempts`. */
async function provisionVersion(
  version: string,
  signal: AbortSignal,
  options: ProvisionOptions,
  attempts: Attempt[],
): Promise<Outcome<Installation> | null> {
  const { cacheFolder, progress, find = findProgram } = options;
  const release = options.release ?? { base: RELEASE_BASE, checksums: RELEASE_CHECKSUMS };
  const folder = join(cacheFolder, "engines", `etcd-${version}`);
  const cached = await stampOf(folder);
  if (cached !== null) return done(installation(folder, cached, "cache"));

  const onPath = await find("etcd");
  if (onPath !== null && (await versionOf(onPath, signal)) === version)
    return done({ engine: "etcd", version, programs: { etcd: onPath }, source: "PATH" });

  const sources: { source: string; skip: string | null; fill: (work: string) => Promise<Outcome> }[] = [
    {
      source: "release",
      skip: releaseSkip(version, release),
      fill: (work) => fromRelease({ version, work, final: folder, signal, progress }, release),
    },
    {
      source: "Go module",
      skip: (await find("go")) === null ? "this machine has no Go" : null,
      fill: (work) => fromGoModule({ version, work, final: folder, signal, progress }),
    },
  ];
  for (const { source, skip, fill } of sources) {
    if (skip !== null) {
      progress(`etcd ${version}: ${source} skipped: ${skip}`);
      attempts.push({ version, source, failure: failureOf("SOURCE_SKIPPED", skip, source) });
      continue;
    }
    const built = await installWhole({
      folder,
      signal,
      progress,
      build: async (work) => {
        const filled = await fill(work);
        return filled.kind === "done" ? await seal(work, source, version, signal) : filled;
      },
    });
    if (built.kind === "done") return done(installation(folder, built.value));
    if (FINAL.has(built.failure.code)) return built;
    progress(`etcd ${version}: ${source} failed: ${built.failure.what}`);
    attempts.push({ version, source, failure: built.failure });
  }
  return null;
}

async function provisionDebian(
  signal: AbortSignal,
  { cacheFolder, progress }: ProvisionOptions,
  attempts: Attempt[],
): Promise<Outcome<Installation> | null> {
  const folder = join(cacheFolder, "engines", "etcd-debian");
  const built = await installWhole({
    folder,
    signal,
    progress,
    build: async (work) => {
      const filled = await fromDebian({ work, final: folder, signal, progress });
      return filled.kind === "done" ? await seal(work, "Debian package", null, signal) : filled;
    },
  });
  if (built.kind === "done") return done(installation(folder, built.value));
  if (FINAL.has(built.failure.code)) return built;
  attempts.push({ version: "3.4", source: "Debian package", failure: built.failure });
  return null;
}

/** Tries the program, and writes the stamp that makes the folder whole. `wanted` null: whatever Debian has. */
async function seal(
  work: string,
  source: string,
  wanted: string | null,
  signal: AbortSignal,
): Promise<Outcome> {
  const program = join(work, wanted === null ? "root/usr/bin/etcd" : "bin/etcd");
  const version = await versionOf(program, signal);
  if (version === null || (wanted !== null && version !== wanted))
    return {
      kind: "failed",
      failure: failureOf("ENGINE_DOES_NOT_START", `it says to be version ${version ?? "(nothing)"}`, program),
    };
  await writeFile(join(work, STAMP), `${JSON.stringify({ version, source })}\n`);
  return done(undefined);
}

function installation(folder: string, stamp: string, via?: string): Installation {
  const { version, source } = JSON.parse(stamp) as { version: string; source: string };
  const old = version.startsWith("3.4.")
    ? `, ${version} with pre-vote on: no supported version could be had`
    : "";
  return {
    engine: "etcd",
    version,
    programs: { etcd: join(folder, "bin", "etcd") },
    source: `${via === undefined ? source : `${via} (${source})`}${old}`,
  };
}

const failureOf = (code: string, what: string, where: string): Failure => ({
  code,
  definite: true,
  what,
  where,
  next: "use another source",
});

function refused(
  code: string,
  what: string,
  attempts: readonly Attempt[],
  version: string | null,
): Outcome<never> {
  const tried = attempts.map((attempt) => `${attempt.version} ${attempt.source}: ${attempt.failure.what}`);
  return {
    kind: "failed",
    failure: {
      code,
      definite: true,
      what: [`etcd ${version ?? SUPPORTED_VERSIONS.join(" or ")} is not available: ${what}`, ...tried]
        .join("; ")
        .replaceAll(/\s+/g, " "), // one line, whatever a program said
      where: "cache, PATH, pinned release, Go module build",
      next: `put etcd ${version ?? SUPPORTED_VERSIONS[0]} on PATH, or install Go 1.26 or newer with access to its module proxy`,
    },
  };
}
