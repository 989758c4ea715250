// After `npm install`: a registry that does not carry the packages of every platform leaves their entries out of the
// lockfile, and `npm ci` then refuses it everywhere. Adds each missing optional package with its version, system and
// processor, so that it counts as known and is skipped where it does not fit.
//   sh scripts/run-node scripts/complete-lockfile.ts
import { readFileSync, writeFileSync } from "node:fs";

interface Entry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const SYSTEMS = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const PROCESSORS: readonly (readonly [RegExp, string])[] = [
  [/arm64|aarch64/, "arm64"],
  [/arm/, "arm"],
  [/x64|amd64/, "x64"],
  [/ia32/, "ia32"],
  [/ppc64/, "ppc64"],
  [/riscv64/, "riscv64"],
  [/s390x/, "s390x"],
  [/loong64/, "loong64"],
];

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Entry> };
let added = 0;
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (lock.packages[path] !== undefined) continue;
    const os = SYSTEMS.find((system) => name.includes(system));
    const cpu = PROCESSORS.find(([pattern]) => pattern.test(name))?.[1];
    if (os === undefined || cpu === undefined) throw new Error(`for what platform is ${name}?`);
    lock.packages[path] = {
      version,
      ...(entry.dev === true ? { dev: true } : {}),
      optional: true,
      os: [os],
      cpu: [cpu],
      ...(name.includes("musl") ? { libc: ["musl"] } : {}),
    };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added} entries added\n`);
