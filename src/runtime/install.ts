// Folders that are there whole or not at all: built beside their place, then renamed into it. Two processes that want the
// same folder at once: one builds, the other waits and finds it. What a crash left half built is removed by the next.
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { done, type Outcome } from "../domain/outcome.ts";
import { makeFolder, readText, removeTree } from "./files.ts";
import { withLock } from "./lock.ts";
import { newId } from "./random.ts";

/** The file that makes a folder whole; written last by the builder. */
export const STAMP = "stamp.json";

export interface Install {
  /** Where the folder shall be. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
  /** Fills an empty folder, STAMP included. */
  readonly build: (folder: string) => Promise<Outcome>;
}

/** The stamp's text when the folder is whole; null when it is not there. */
export const stampOf = (folder: string): Promise<string | null> => readText(join(folder, STAMP));

export async function installWhole({ folder, signal, progress, build }: Install): Promise<Outcome<string>> {
  const parent = dirname(folder);
  const prefix = `.${basename(folder)}.new-`;
  try {
    const present = await stampOf(folder);
    if (present !== null) return done(present);
    await makeFolder(parent);
    const waiting = () => progress(`waiting for another process that prepares ${basename(folder)} ...`);
    const built = await withLock(join(parent, `.${basename(folder)}.lock`), signal, waiting, async () => {
      const meanwhile = await stampOf(folder);
      if (meanwhile !== null) return done(meanwhile);
      for (const left of await readdir(parent))
        if (left.startsWith(prefix)) await removeTree(join(parent, left));
      const work = join(parent, `${prefix}${newId().slice(0, 8)}`);
      try {
        await mkdir(work);
        const outcome = await build(work);
        if (outcome.kind !== "done") return outcome;
        const stamp = await stampOf(work);
        if (stamp === null) throw new Error(`the builder of ${folder} wrote no ${STAMP}`);
        await rename(work, folder);
        return done(stamp);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    });
    return built ?? interrupted(folder);
  } catch (cause) {
    if (signal.aborted) return interrupted(folder);
    return { kind: "failed", failure: fileFailure(cause, folder) };
  }
}

const interrupted = (where: string): Outcome<never> => ({
  kind: "failed",
  failure: {
    code: "INTERRUPTED",
    definite: true,
    what: "preparing it was interrupted",
    where,
    next: "start the same command again; nothing half-made was left",
  },
});

/** What a file error means to a person: a full disk, no permission, or the system's own words. */
export function fileFailure(cause: unknown, where: string) {
  const words = String((cause as { failure?: { what: string } }).failure?.what ?? cause);
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOSPC" || code === "EDQUOT" || /no space left on device|disk quota exceeded/i.test(words))
    return {
      code: "DISK_FULL",
      definite: true,
      what: "there is no space left to write to",
      where,
      next: "free some space, or choose another folder with OUTLAST_CACHE=…",
      cause,
    };
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR")
    return {
      code: "CACHE_NOT_WRITABLE",
      definite: true,
      what: `it can't be written to (${code})`,
      where,
      next: "choose a folder of your own with OUTLAST_CACHE=…",
      cause,
    };
  return {
    code: "NOT_PREPARED",
    definite: true,
    what: words,
    where,
    next: "look at the cause, then try again",
    cause,
  };
}
