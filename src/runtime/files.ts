// Files: whole writes only. A reader sees the old content or the new, never half.
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { newId } from "./random.ts";

export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${newId().slice(0, 8)}.new`);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cause;
  }
}

/** The file's text, or null when there is none. Other errors throw. */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw cause;
  }
}

/**
 * The folder and those above it. Node's own recursive mkdir never returns where a folder that exists answers ENOENT to its
 * making of another, as /proc does.
 */
export async function makeFolder(path: string): Promise<string> {
  try {
    await mkdir(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await stat(path)).isDirectory()) return path;
    if (code !== "ENOENT" || (await exists(dirname(path)))) throw cause;
    await makeFolder(dirname(path));
    await mkdir(path).catch(async (again: NodeJS.ErrnoException) => {
      if (again.code !== "EEXIST") throw again; // somebody else made it meanwhile
    });
  }
  return path;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

export const removeTree = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/** Names in a folder; none when there is no such folder. Other errors throw. */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw cause;
  }
}

/** Opens a program's log to append; one that has grown over `maxBytes` is kept once, as PATH.1. */
export async function openProgramLog(path: string, maxBytes: number): Promise<FileHandle> {
  const size = await stat(path).then(
    (found) => found.size,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return 0;
      throw cause;
    },
  );
  if (size > maxBytes) await rename(path, `${path}.1`);
  return await open(path, "a");
}
