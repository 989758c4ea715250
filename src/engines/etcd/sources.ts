// The places an etcd of an exact version can come from. Each fills an empty folder with bin/etcd or says why it can't.
import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { arch } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { done, OutlastError, type Failure, type Outcome } from "../../domain/outcome.ts";
import { libraryFolders, unpackDebianPackages } from "../../linux/packages.ts";
import { download } from "../../runtime/download.ts";
import { removeTree } from "../../runtime/files.ts";
import { fileFailure } from "../../runtime/install.ts";
import { findProgram, run, runOk } from "../../runtime/process.ts";

/** Newest first: what `version: null` means. */
export const SUPPORTED_VERSIONS = ["3.6.16", "3.5.35"] as const;

/** SHA-256 of release tarballs, by version and architecture. Nothing unpinned is ever downloaded. */
export const RELEASE_CHECKSUMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {};
export const RELEASE_BASE = "https://github.com/etcd-io/etcd/releases/download";

export interface ReleaseSource {
  readonly base: string;
  readonly checksums: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Build {
  readonly version: string;
  readonly work: string;
  /** Where `work` will be renamed to. */
  readonly final: string;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

const failed = (
  code: string,
  what: string,
  where: string,
  next: string,
  cause?: unknown,
): Outcome<never> => ({
  kind: "failed",
  failure: { code, definite: true, what, where, next, cause },
});

const machine = (): string => (arch() === "x64" ? "amd64" : arch());

/** Why the release can't even be tried; null when it can. */
export function releaseSkip(version: string, { checksums }: ReleaseSource): string | null {
  return checksums[version]?.[machine()] === undefined
    ? `no checksum is pinned for ${version} linux-${machine()}`
    : null;
}

export async function fromRelease({ version, work, signal }: Build, source: ReleaseSource): Promise<Outcome> {
  const sha256 = source.checksums[version]?.[machine()];
  if (sha256 === undefined) throw new RangeError(`no checksum for ${version}`);
  const name = `etcd-v${version}-linux-${machine()}`;
  const file = join(work, "release.tar.gz");
  const url = `${source.base}/v${version}/${name}.tar.gz`;
  const fetched = await download({ url, sha256, file, maxBytes: 200e6, signal });
  if (fetched.kind !== "done") return fetched;
  const bin = join(work, "bin");
  await mkdir(bin);
  await runOk(["tar", "-xzf", file, "-C", bin, "--strip-components=1", `${name}/etcd`], { signal });
  await removeTree(file);
  return done(undefined);
}

const GO_PACKAGE = "go.etcd.io/etcd/server/v3";

/**
 * Go builds what its checksum database vouches for. The pinned recipe (go.mod and go.sum of all modules) spares the
 * resolution; a version without one is resolved. Without debug data the compiler needs a third less time.
 */
export async function fromGoModule({ version, work, signal, progress }: Build): Promise<Outcome> {
  const go = await findProgram("go");
  if (go === null)
    return failed(
      "NO_GO",
      "this machine has no Go",
      "Go module build",
      "install Go 1.26 or newer, or put etcd on PATH",
    );
  const folder = join(work, "recipe");
  await mkdir(folder);
  const pinned = await copyRecipe(version, folder);
  const env: Record<string, string> = {
    GOFLAGS: pinned ? "-mod=readonly" : "-mod=mod",
    CGO_ENABLED: "0",
    GOGC: "400",
    GOWORK: "off",
  };
  const options = { cwd: folder, env, signal, timeoutMs: 900_000 };
  try {
    if (!pinned) {
      progress(`etcd ${version}: resolving its Go modules ...`);
      await writeFile(join(folder, "go.mod"), "module outlast.dev/recipe\n\ngo 1.24\n");
      await runOk([go, "get", "-tool", `${GO_PACKAGE}@v${version}`], options);
    }
    progress(
      `etcd ${version}: building it with ${(await runOk([go, "env", "GOVERSION"], options)).stdout.trim()} ...`,
    );
    await mkdir(join(work, "bin"));
    await runOk(
      [go, "build", "-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false", "-ldflags=-s -w"].concat([
        "-o",
        join(work, "bin", "etcd"),
        GO_PACKAGE,
      ]),
      options,
    );
    return done(undefined);
  } catch (cause) {
    return { kind: "failed", failure: goFailure(cause, version, folder) };
  } finally {
    await removeTree(folder);
  }
}

function goFailure(cause: unknown, version: string, where: string): Failure {
  const file = fileFailure(cause, where);
  if (file.code !== "NOT_PREPARED") return file;
  if (!(cause instanceof OutlastError)) return file;
  if (/unknown revision|no matching versions|invalid version/.test(cause.failure.what))
    return {
      code: "ENGINE_VERSION_UNKNOWN",
      definite: true,
      what: `there is no etcd ${version}`,
      where: "Go module build",
      next: `name one that exists, for example ${SUPPORTED_VERSIONS.join(" or ")}`,
      cause,
    };
  return cause.failure;
}

async function copyRecipe(version: string, folder: string): Promise<boolean> {
  if (!(SUPPORTED_VERSIONS as readonly string[]).includes(version)) return false;
  for (const file of ["go.mod", "go.sum"])
    await copyFile(
      fileURLToPath(new URL(`./recipes/${version}/${file}`, import.meta.url)),
      join(folder, file),
    );
  return true;
}

/** Debian's own etcd (3.4 in Debian 12), with the libraries it needs, behind a wrapper. */
export async function fromDebian({
  work,
  final,
  signal,
  progress,
}: Omit<Build, "version">): Promise<Outcome> {
  progress("etcd: fetching Debian's package ...");
  const root = join(work, "root");
  await mkdir(root);
  const unpacked = await unpackDebianPackages(["etcd-server"], root, join(work, "fetch"), signal);
  if (unpacked.kind !== "done") return unpacked;
  const libraries = (await libraryFolders(root)).map((path) => path.replace(work, final)).join(":");
  await mkdir(join(work, "bin"));
  const script = `#!/bin/sh\nexport LD_LIBRARY_PATH="${libraries}"\nexec "${final}/root/usr/bin/etcd" "$@"\n`;
  await writeFile(join(work, "bin", "etcd"), script);
  await chmod(join(work, "bin", "etcd"), 0o755);
  return done(undefined);
}

/** "3.6.16" from `etcd --version`; null when it does not start or says something else. */
export async function versionOf(program: string, signal: AbortSignal): Promise<string | null> {
  const asked = await run([program, "--version"], { signal, timeoutMs: 10_000 }).catch((cause: unknown) => {
    if (cause instanceof OutlastError && cause.failure.code === "PROGRAM_NOT_STARTED") return null;
    throw cause;
  });
  return /^etcd Version: (\S+)/m.exec(asked?.stdout ?? "")?.[1] ?? null;
}
