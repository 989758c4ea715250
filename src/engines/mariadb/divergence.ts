// The writes that only a lost primary has, told in words before they are taken away: read from the files of its binary log
// while no program runs over them.
import { join } from "node:path";
import { done, type Outcome } from "../../domain/outcome.ts";
import { removeTree } from "../../runtime/files.ts";
import { readLineBatches } from "../../runtime/line-files.ts";
import type { Installation, MemberSpec } from "../contract.ts";
import { type LoggedTransaction, readBinaryLog, type RowChange } from "./binary-log.ts";
import { runTool, whereOf } from "./copies.ts";
import { type Gtid, gtidText } from "./gtid.ts";
import { binaryLogFiles } from "./identity.ts";
import { programOf } from "./launch.ts";
import { layoutOf } from "./layout.ts";

const TRANSACTIONS_MAX = 200_000;
const LINE_BYTES_MAX = 256 * 1024 * 1024;

/** Column names by table, "ledger.entries"; a table of which nothing is known has its columns numbered. */
export type Columns = ReadonlyMap<string, readonly string[]>;

export interface Divergence {
  readonly transactions: readonly LoggedTransaction[];
  /** Why these may not be all; null: they are. */
  readonly remark: string | null;
}

/** What Outlast itself writes is nobody's data. */
const isOurs = (table: string): boolean => table.startsWith("outlast.");

/** Pure. Transactions with something to tell. */
export const tellable = (transactions: readonly LoggedTransaction[]): readonly LoggedTransaction[] =>
  transactions.filter(
    ({ rows, statements }) => statements.length > 0 || rows.some(({ table }) => !isOurs(table)),
  );

const values = (row: readonly string[], names: readonly string[] | undefined): string =>
  row
    .map((value, at) => `${names?.length === row.length ? (names[at] ?? "") : `@${at + 1}`}=${value}`)
    .join(" ");

function rowText({ kind, table, before, after }: RowChange, columns: Columns): string {
  const names = columns.get(table);
  switch (kind) {
    case "INSERT":
      return `${table}: INSERT: ${values(after, names)}`;
    case "DELETE":
      return `${table}: DELETE: ${values(before, names)}`;
    case "UPDATE":
      return `${table}: UPDATE: old: ${values(before, names)} new: ${values(after, names)}`;
    default:
      return kind satisfies never;
  }
}

/** Pure. */
export function divergenceText(of: {
  readonly member: string;
  readonly timeline: number;
  readonly fork: number;
  readonly primary: string;
  readonly divergence: Divergence;
  readonly columns: Columns;
}): string {
  const { member, timeline, fork, primary, divergence, columns } = of;
  const told = tellable(divergence.transactions);
  return [
    `# Writes of ${member} on timeline ${timeline} after ${fork} that ${primary} does not have.`,
    `# ${told.length} transactions. None was acknowledged under semi-synchronous replication; with asynchronous replication any may have been.`,
    ...(divergence.remark === null ? [] : [`# ${divergence.remark}`]),
    ...told.flatMap(({ gtid, time, rows, statements }) => [
      "",
      `${time}+00  transaction ${gtidText(gtid)}`,
      ...rows.filter(({ table }) => !isOurs(table)).map((row) => `  ${rowText(row, columns)}`),
      ...statements.flatMap((statement) => statement.split("\n").map((line) => `  ${line}`)),
    ]),
    "",
  ].join("\n");
}

/** Of a stopped member: what its binary log has and `isElsewhere` denies. */
export async function readDivergence(
  installed: Installation,
  member: MemberSpec,
  fork: number,
  isElsewhere: (gtid: Gtid) => boolean,
  signal: AbortSignal,
): Promise<Outcome<Divergence>> {
  const { data } = layoutOf(member.dataFolder);
  const files = await binaryLogFiles(data);
  if (files.length === 0)
    return done({ transactions: [], remark: "The writes can't be told: there is no binary log." });
  const decoded = join(member.dataFolder, "binary-log.txt");
  try {
    // What a crash cut off in the middle was never committed, so the tool's complaint about it is no failure.
    const printed = await runTool(
      [
        "sh",
        "-c",
        'to=$1; shift; TZ=UTC "$@" >"$to" || [ -s "$to" ]',
        "sh",
        decoded,
        programOf(installed, "mariadb-binlog"),
        "--no-defaults",
        "--force-read",
        "--base64-output=decode-rows",
        "--verbose",
        ...files,
      ],
      signal,
      whereOf(member),
      member.lock,
    );
    if (printed.kind !== "done") return printed;
    const reader = readBinaryLog((gtid) => gtid.sequence > fork && !isElsewhere(gtid), TRANSACTIONS_MAX + 1);
    const refuse = ({ line, what }: { readonly line: number; readonly what: string }): never => {
      throw new RangeError(`${decoded}, line ${line}: ${what}`);
    };
    for await (const { lines } of readLineBatches(decoded, LINE_BYTES_MAX, refuse))
      for (const line of lines) reader.line(line);
    reader.end();
    return done(complete(reader.transactions, reader.startsAfter, fork));
  } finally {
    await removeTree(decoded);
  }
}

/** Pure. */
export function complete(
  transactions: readonly LoggedTransaction[],
  startsAfter: Gtid | null,
  fork: number,
): Divergence {
  if (transactions.length > TRANSACTIONS_MAX)
    return {
      transactions: transactions.slice(0, TRANSACTIONS_MAX),
      remark: `Only the first ${TRANSACTIONS_MAX} transactions were read.`,
    };
  if (startsAfter !== null && startsAfter.sequence > fork)
    return {
      transactions,
      remark: `Writes between ${fork} and ${startsAfter.sequence} can't be told: the binary log begins later.`,
    };
  return { transactions, remark: null };
}
