// Debian packages without root: downloaded with apt's own signatures and checksums into a folder of ours and unpacked
// there, together with the libraries that this machine lacks. Nothing is installed, no service starts.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { done, OutlastError, type Outcome } from "../domain/outcome.ts";
import { makeFolder, removeTree } from "../runtime/files.ts";
import { fileFailure } from "../runtime/install.ts";
import { findProgram, run, runOk } from "../runtime/process.ts";

export interface Unpacked {
  /** Name → version of everything that was unpacked. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Library packages of a dependency closure that are worth having: shared objects, not data or scripts. */
export const isSharedLibrary = (name: string): boolean =>
  name.startsWith("lib") &&
  !/(-perl|-common|-stdlib|-minimal|-modules|-bin|-dev|-data)$|^libc6$|^libpam|^libperl/.test(name);

/** Where shared objects lie below `root`, for LD_LIBRARY_PATH. */
export async function libraryFolders(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const base of ["usr/lib", "lib"]) {
    const entries = await readdir(join(root, base), { withFileTypes: true }).catch(() => []);
    for (const entry of entries)
      if (entry.isDirectory() && entry.name.includes("-linux-gnu")) found.push(join(root, base, entry.name));
  }
  return found;
}

/** Fills `root` with the packages' files. `work` is a scratch folder, removed afterwards. */
export async function unpackDebianPackages(
  packages: readonly string[],
  root: string,
  work: string,
  signal: AbortSignal,
  find: (name: string) => Promise<string | null> = findProgram,
  /** Libraries that are not worth their download here. */
  without: RegExp | null = null,
): Promise<Outcome<Unpacked>> {
  const missing: string[] = [];
  for (const program of ["apt-get", "apt-cache", "dpkg", "dpkg-query"])
    if ((await find(program)) === null) missing.push(program);
  if (missing.length > 0)
    return {
      kind: "failed",
      failure: {
        code: "NO_PACKAGE_SOURCE",
        definite: true,
        what: `${packages.join(", ")} can't be fetched: this machine has no ${missing.join(", ")}`,
        where: "Debian package provider",
        next: `install them with this machine's package manager: ${packages.join(" ")}`,
      },
    };
  const options = [
    `Dir::State=${work}/state`,
    `Dir::State::lists=${work}/state/lists`,
    `Dir::Cache=${work}/cache`,
    "Dir::State::status=/var/lib/dpkg/status",
    "APT::Sandbox::User=root", // no other user could write there; only looked at when started by root
    "Acquire::Retries=2",
    "Acquire::Languages=none",
  ].flatMap((option) => ["-o", option]);
  const env = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  try {
    for (const folder of ["state/lists/partial", "cache/archives/partial", "deb"])
      await makeFolder(join(work, folder));
    await runOk(["apt-get", ...options, "-q", "update"], { signal, env, timeoutMs: 120_000 });
    const depends = await runOk(
      ["apt-cache", ...options, "depends", "--recurse", "--no-recommends", "--no-suggests"].concat(
        ["--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances"],
        packages,
      ),
      { signal, env },
    );
    const closure = depends.stdout.split("\n").filter((line) => /^[a-z0-9]/.test(line));
    const libraries = closure.filter((name) => isSharedLibrary(name) && without?.test(name) !== true);
    const installed = await installedPackages(libraries, signal);
    const wanted = [...new Set([...packages, ...libraries.filter((name) => !installed.has(name))])];
    const download = ["apt-get", ...options, "-q", "download", ...wanted];
    await runOk(download, { signal, env, cwd: join(work, "deb"), timeoutMs: 300_000 });
    const versions: Record<string, string> = {};
    for (const file of (await readdir(join(work, "deb"))).sort()) {
      if (!file.endsWith(".deb")) continue;
      await runOk(["dpkg", "-x", join(work, "deb", file), root], { signal, timeoutMs: 120_000 });
      const [name = file, version = ""] = file.split("_");
      versions[name] = decodeURIComponent(version);
    }
    return done({ versions });
  } catch (cause) {
    const failure = cause instanceof OutlastError ? cause.failure : fileFailure(cause, work);
    const full = fileFailure(cause, work);
    if (full.code === "DISK_FULL") return { kind: "failed", failure: full };
    return {
      kind: "failed",
      failure: {
        ...failure,
        code: failure.code === "INTERRUPTED" ? failure.code : "PACKAGES_NOT_FETCHED",
        next: `install them yourself: apt-get install ${packages.join(" ")} (or look at the network and /etc/apt)`,
      },
    };
  } finally {
    await removeTree(work);
  }
}

async function installedPackages(
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set();
  // Ends with 1 when one of them is unknown: that is an answer, not a failure.
  const asked = await run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\\n", ...names], {
    signal,
  });
  const lines = asked.stdout.split("\n").map((line) => line.split(" "));
  return new Set(
    lines.flatMap(([status, name]) => (status === "installed" && name !== undefined ? [name] : [])),
  );
}
