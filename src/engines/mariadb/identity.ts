// Whose data a folder holds, readable while no program runs over it: a file beside MariaDB's own. It is what was known when
// it was written; the positions in it may be older than the data.
import { z } from "zod";
import { listFolder, readText, writeFileAtomic } from "../../runtime/files.ts";
import type { Timeline } from "./gtid.ts";
import { BINARY_LOG, layoutOf } from "./layout.ts";

export interface Identity {
  readonly system: string;
  readonly timelines: readonly Timeline[];
}

const identity = z.object({
  system: z.string(),
  timelines: z.array(z.object({ timeline: z.number(), began: z.number(), server: z.number() })),
});

export async function readIdentity(folder: string): Promise<Identity | null> {
  const text = await readText(layoutOf(folder).identity);
  return text === null ? null : identity.parse(JSON.parse(text));
}

/** Into a data folder, which need not be in its place yet. */
export const writeIdentity = (data: string, { system, timelines }: Identity): Promise<void> =>
  writeFileAtomic(`${data}/outlast.json`, `${JSON.stringify({ system, timelines })}\n`);

/** The binary log's position, in MariaDB's words, which it leaves at an orderly end only; null: it ended otherwise. */
export const orderlyEnd = (data: string): Promise<string | null> => readText(`${data}/${BINARY_LOG}.state`);

/** The files of the binary log, the oldest first. */
export const binaryLogFiles = async (data: string): Promise<readonly string[]> =>
  (await listFolder(data))
    .filter((name) => new RegExp(`^${BINARY_LOG}\\.\\d+$`).test(name))
    .toSorted((a, b) => a.localeCompare(b))
    .map((name) => `${data}/${name}`);
