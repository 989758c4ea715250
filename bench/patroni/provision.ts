// Patroni as the peer, from its Python package, in a folder of its own below the cache; nothing of this machine changes.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { done, OutlastError } from "../../src/domain/outcome.ts";
import { installWhole, STAMP } from "../../src/runtime/install.ts";
import { findProgram, run } from "../../src/runtime/process.ts";

export const PATRONI_VERSION = "4.1.5";
const PACKAGES = [`patroni[etcd3]==${PATRONI_VERSION}`, "psycopg[binary]==3.2.13"];
const INSTALL_TIMEOUT_MS = 300_000;

export interface Patroni {
  readonly python: string;
  /** PYTHONPATH. */
  readonly packages: string;
}

/** Throws when there is no Python or its package can't be had. */
export async function providePatroni(cacheFolder: string, signal: AbortSignal): Promise<Patroni> {
  const missing = (what: string, next: string) =>
    new OutlastError({ code: "PEER_NOT_AVAILABLE", definite: true, what, where: "bench patroni", next });
  const python = await findProgram("python3");
  if (python === null) throw missing("there is no python3 on this machine", "install Python 3.9 or newer");
  const installed = await installWhole({
    folder: join(cacheFolder, "peers", `patroni-${PATRONI_VERSION}`),
    signal,
    progress: (line) => void process.stderr.write(`${line}\n`),
    build: async (folder) => {
      process.stderr.write(`fetching Patroni ${PATRONI_VERSION} ...\n`);
      const argv = [python, "-m", "pip", "install", "--quiet", "--target", join(folder, "lib"), ...PACKAGES];
      const { code, stderr } = await run(argv, { timeoutMs: INSTALL_TIMEOUT_MS, signal });
      if (code !== 0) throw missing(stderr.trim().slice(-500), `run it by hand: ${argv.join(" ")}`);
      await writeFile(join(folder, STAMP), JSON.stringify({ version: PATRONI_VERSION }));
      return done(undefined);
    },
  });
  if (installed.kind !== "done") throw new OutlastError(installed.failure);
  return { python, packages: join(cacheFolder, "peers", `patroni-${PATRONI_VERSION}`, "lib") };
}
