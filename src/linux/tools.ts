// The system programs that the lab and the data planes need: from PATH where they are, else unpacked from this
// machine's Debian packages into the cache, without root. A path from here can be started as it is. The second time it
// costs a few file lookups and no network.
import { createHash } from "node:crypto";
import { access, chmod, constants, mkdir, writeFile } from "node:fs/promises";
import { arch } from "node:os";
import { join } from "node:path";
import { done, type Failure, OutlastError, type Outcome } from "../domain/outcome.ts";
import { readText } from "../runtime/files.ts";
import { installWhole, STAMP } from "../runtime/install.ts";
import { findProgram, run } from "../runtime/process.ts";
import { libraryFolders, unpackDebianPackages } from "./packages.ts";

interface ToolSource {
  /** Debian's package; the names elsewhere are close enough for a hint. */
  readonly package: string;
  /** Shows that it can be started: exits 0. */
  readonly probe: readonly string[];
}

export const TOOLS = {
  ip: { package: "iproute2", probe: ["-V"] },
  ss: { package: "iproute2", probe: ["-V"] },
  bridge: { package: "iproute2", probe: ["-V"] },
  tc: { package: "iproute2", probe: ["-V"] },
  ping: { package: "iputils-ping", probe: ["-V"] },
  nft: { package: "nftables", probe: ["--version"] },
  ethtool: { package: "ethtool", probe: ["--version"] },
  conntrack: { package: "conntrack", probe: ["--version"] },
  unbound: { package: "unbound", probe: ["-V"] },
  nsenter: { package: "util-linux", probe: ["--version"] },
  unshare: { package: "util-linux", probe: ["--version"] },
  prometheus: { package: "prometheus", probe: ["--version"] },
  promtool: { package: "prometheus", probe: ["--version"] },
  "prometheus-alertmanager": { package: "prometheus-alertmanager", probe: ["--version"] },
} as const satisfies Record<string, ToolSource>;

/** Where programs lie below an unpacked root. */
const FOLDERS = ["usr/sbin", "sbin", "usr/bin", "bin"];

export type ToolName = keyof typeof TOOLS;

/** Who watches and alerts: no lab and no agent needs them. */
const OF_OBSERVERS: readonly ToolName[] = ["prometheus", "promtool", "prometheus-alertmanager"];
export const OF_LABS: readonly ToolName[] = (Object.keys(TOOLS) as ToolName[]).filter(
  (name) => !OF_OBSERVERS.includes(name),
);

export interface Tools {
  /** Absolute path of each program that was asked for; may be a wrapper that sets its library path. */
  readonly paths: Readonly<Record<string, string>>;
  /** "PATH" or "Debian package NAME VERSION", for the evidence. */
  readonly sources: Readonly<Record<string, string>>;
}

const sourceOf = (name: ToolName): ToolSource => TOOLS[name];

export async function provideTools(
  names: readonly ToolName[],
  cacheFolder: string,
  signal: AbortSignal,
  progress: (line: string) => void = () => undefined,
  find: (name: string) => Promise<string | null> = findProgram,
): Promise<Outcome<Tools>> {
  const paths: Record<string, string> = {};
  const sources: Record<string, string> = {};
  const missing: ToolName[] = [];
  for (const name of new Set(names)) {
    const found = await find(name);
    if (found === null) missing.push(name);
    else {
      paths[name] = found;
      sources[name] = "PATH";
    }
  }
  if (missing.length === 0) return done({ paths, sources });

  const packages = [...new Set(missing.map((name) => sourceOf(name).package))].sort();
  const folder = join(cacheFolder, "tools", await keyOf(packages));
  const installed = await installWhole({
    folder,
    signal,
    progress,
    build: (work) => {
      progress(`fetching ${missing.join(", ")} as Debian packages, without installing them ...`);
      return build(work, folder, packages, signal, find);
    },
  });
  if (installed.kind !== "done")
    return { kind: "failed", failure: missingTools(missing, packages, installed.failure) };
  const { versions } = JSON.parse(installed.value) as { versions: Record<string, string> };
  for (const name of missing) {
    paths[name] = join(folder, "bin", name);
    const source = sourceOf(name).package;
    sources[name] = `Debian package ${source} ${versions[source] ?? ""}`.trim();
  }
  return done({ paths, sources });
}

async function build(
  work: string,
  folder: string,
  packages: readonly string[],
  signal: AbortSignal,
  find: (name: string) => Promise<string | null>,
): Promise<Outcome> {
  const root = join(work, "root");
  await mkdir(root);
  const unpacked = await unpackDebianPackages(packages, root, join(work, "fetch"), signal, find);
  if (unpacked.kind !== "done") return unpacked;
  const bin = join(work, "bin");
  await mkdir(bin);
  const libraries = await libraryFolders(root);
  const finalLibraries = libraries.map((path) => path.replace(work, folder)).join(":");
  for (const [name, source] of Object.entries(TOOLS) as [ToolName, ToolSource][]) {
    if (!packages.includes(source.package)) continue;
    const program = await firstExecutable(FOLDERS.map((place) => join(root, place, name)));
    if (program === null) return broken(name, `it is not in the package ${source.package}`);
    const tried = await run([program, ...source.probe], {
      signal,
      timeoutMs: 10_000,
      env: { LD_LIBRARY_PATH: libraries.join(":") },
    });
    if (tried.code !== 0) return broken(name, tried.stderr.trim() || `it ended with ${tried.code}`);
    const script = `#!/bin/sh\n# Written by outlast: ${source.package}, unpacked without root.\nexport LD_LIBRARY_PATH="${finalLibraries}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"\nexec "${program.replace(work, folder)}" "$@"\n`;
    await writeFile(join(bin, name), script);
    await chmod(join(bin, name), 0o755);
  }
  const stamp = { packages, versions: unpacked.value.versions };
  await writeFile(join(work, STAMP), `${JSON.stringify(stamp, null, 2)}\n`);
  return done(undefined);
}

/** What was unpacked fits one release of one distribution on one kind of machine. */
async function keyOf(packages: readonly string[]): Promise<string> {
  const release = (await readText("/etc/os-release")) ?? "";
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)`, "m").exec(release)?.[1] ?? "unknown";
  const label = `${field("ID")}-${field("VERSION_ID")}-${arch()}`.replaceAll(/[^A-Za-z0-9.-]/g, "_");
  return `${label}-${createHash("sha256").update(packages.join(" ")).digest("hex").slice(0, 8)}`;
}

async function firstExecutable(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const can = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (can) return path;
  }
  return null;
}

const broken = (name: string, why: string): Outcome => ({
  kind: "failed",
  failure: {
    code: "TOOL_DOES_NOT_START",
    definite: true,
    what: `${name} does not start: ${why}`,
    where: "Debian package provider",
    next: `install ${name} with this machine's package manager`,
  },
});

function missingTools(missing: readonly ToolName[], packages: readonly string[], cause: Failure): Failure {
  if (cause.code === "INTERRUPTED" || cause.code === "DISK_FULL" || cause.code === "CACHE_NOT_WRITABLE")
    return cause;
  const names = packages.join(" ");
  return {
    code: "TOOLS_MISSING",
    definite: true,
    what: `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing: ${cause.what}`,
    where: cause.where,
    next: `'apt-get install ${names}', 'dnf install ${names.replace("conntrack", "conntrack-tools")}' or the like`,
    cause: new OutlastError(cause),
  };
}
