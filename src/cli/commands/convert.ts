// outlast convert IN... OUT: a history from one format to another, told by the names: *.edn is Jepsen's, everything else ours
// (.gz and .zst compress). Never overwrites.
import { writeFile } from "node:fs/promises";
import { Command } from "commander";
import type { History } from "../../domain/history.ts";
import { OutlastError } from "../../domain/outcome.ts";
import { EDN, importHistory } from "../../history/import.ts";
import { exportJepsen } from "../../history/jepsen-export.ts";
import { mergeHistories } from "../../history/merge.ts";
import { openHistoryWriter } from "../../history/write.ts";

async function writeEdnFile(path: string, history: History): Promise<number> {
  const { text, leftOut } = exportJepsen(history);
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
    throw new OutlastError({
      code: exists ? "HISTORY_EXISTS" : "HISTORY_NOT_WRITTEN",
      definite: exists,
      what: cause instanceof Error ? cause.message : String(cause),
      where: path,
      next: exists
        ? "name another file: none is ever overwritten"
        : "make room, or name a folder that is there",
      cause,
    });
  }
  return leftOut;
}

const DRAIN_EVERY = 10_000;

async function writeOwn(path: string, history: History): Promise<void> {
  await using writer = await openHistoryWriter(path, history.header);
  for (const mark of history.marks) writer.mark(mark);
  for (const [index, operation] of history.operations.entries()) {
    writer.append(operation);
    if (index % DRAIN_EVERY === 0) await writer.drain();
  }
  await writer.close();
}

async function convert(files: readonly string[]): Promise<void> {
  const from = files.slice(0, -1);
  const to = files.at(-1);
  if (to === undefined || from.length === 0 || /\.edn\.(gz|zst)$/.test(to))
    throw new OutlastError(
      {
        code: "USAGE",
        definite: true,
        what:
          from.length === 0
            ? "a history to read and a file to write are needed"
            : "an export is never compressed",
        where: "outlast convert",
        next: "outlast convert HISTORY.jsonl HISTORY.edn, or the other way round",
      },
      2,
    );
  const parts: History[] = [];
  for (const file of from) parts.push(await importHistory(file));
  const [only] = parts;
  const history = parts.length === 1 && only !== undefined ? only : mergeHistories(parts);
  const leftOut = EDN.test(to) ? await writeEdnFile(to, history) : await writeOwn(to, history);
  const lost =
    leftOut === undefined || leftOut === 0 ? "" : `; ${leftOut} reads of one replica by name left out`;
  process.stderr.write(
    `outlast: ${history.operations.length - (leftOut ?? 0)} operations written to ${to}${lost}\n`,
  );
}

export function build(): Command {
  return new Command("convert")
    .argument("<history...>", "histories to read (several are merged), and last the file to write")
    .action(convert);
}
