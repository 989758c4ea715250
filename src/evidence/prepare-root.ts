// Whether evidence can be kept there at all: asked before anything is started, because a drill without it proves nothing.
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { OutlastError } from "../domain/outcome.ts";
import { makeFolder, removeTree, writeFileAtomic } from "../runtime/files.ts";
import { newId } from "../runtime/random.ts";

/** A drill of a minute leaves 2-10 MB; its history is packed beside the unpacked one before that is removed. */
const FREE_MIN_BYTES = 32 * 1024 * 1024;

/** Makes the folder and writes to it. Throws EVIDENCE_NOT_WRITABLE, EVIDENCE_DISK_FULL. */
export async function prepareEvidenceRoot(root: string): Promise<void> {
  const probe = join(root, `.writable-${newId()}`);
  try {
    await makeFolder(root);
    await writeFileAtomic(probe, "");
    await removeTree(probe);
  } catch (cause) {
    throw new OutlastError({
      code: "EVIDENCE_NOT_WRITABLE",
      definite: true,
      what: `evidence can't be kept there: ${(cause as Error).message}`,
      where: root,
      next: "name a folder of your own with --evidence FOLDER or OUTLAST_EVIDENCE",
      cause,
    });
  }
  const { bavail, bsize } = await statfs(root);
  const freeBytes = bavail * bsize;
  if (freeBytes >= FREE_MIN_BYTES) return;
  throw new OutlastError({
    code: "EVIDENCE_DISK_FULL",
    definite: true,
    what: `${Math.floor(freeBytes / 1e6)} MB are free; a drill's evidence needs up to ${Math.ceil(FREE_MIN_BYTES / 1e6)}`,
    where: root,
    next: "free some space, or name another folder with --evidence FOLDER",
  });
}
