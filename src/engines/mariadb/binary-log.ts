// Transactions of a binary log, in words: what mariadb-binlog --base64-output=decode-rows --verbose prints, read line by line.
//
//   #261122 16:15:47 server id 7  end_log_pos 1276  GTID 0-7-105 trans
//   ### UPDATE `ledger`.`entries`
//   ### WHERE
//   ###   @1='a'
//   ### SET
//   ###   @1='b'
//   #261122 16:15:47 server id 7  end_log_pos 1400 	Xid = 9
import { type Gtid, parseGtid } from "./gtid.ts";

/** One row that was changed; only what there was or is. */
export interface RowChange {
  readonly kind: "INSERT" | "UPDATE" | "DELETE";
  /** "ledger.entries". */
  readonly table: string;
  /** Values in the order of the table's columns, as MariaDB writes them. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface LoggedTransaction {
  readonly gtid: Gtid;
  /** "2026-11-22 16:15:47", UTC. */
  readonly time: string;
  readonly rows: readonly RowChange[];
  /** Statements that change no rows but tables. */
  readonly statements: readonly string[];
}

interface Open {
  gtid: Gtid;
  time: string;
  rows: { kind: RowChange["kind"]; table: string; before: string[]; after: string[] }[];
  statements: string[];
}

export interface BinaryLogReader {
  line(text: string): void;
  /** After the last line. What was cut off in the middle of rows is left out: it was never committed. */
  end(): void;
  /** Whole transactions, in order. */
  readonly transactions: readonly LoggedTransaction[];
  /** The newest position that precedes the first file; null: it says none. */
  readonly startsAfter: Gtid | null;
}

const EVENT =
  /^#(\d{2})(\d{2})(\d{2}) +(\d{1,2}):(\d{2}):(\d{2}) server id \d+ +end_log_pos \d+ (?:CRC32 0x[0-9a-f]+ )?\s*(.*)$/;
const ROW = /^### (INSERT INTO|UPDATE|DELETE FROM) (.+)$/;
const VALUE = /^### {3}@\d+=(.*)$/;
/** What a session sets before each statement; no change of its own. */
const SETTING = /^(?:SET (?:TIMESTAMP|@@)|use |BEGIN$|START TRANSACTION$|DELIMITER|\/\*|#|$)/i;
const DELIMITER = "/*!*/;";

/** Keeps at most `most` transactions, the oldest; `wanted` tells which. */
export function readBinaryLog(wanted: (gtid: Gtid) => boolean, most: number): BinaryLogReader {
  const transactions: LoggedTransaction[] = [];
  let open: Open | null = null;
  /** The lines of the statement that is being read; null: none is. */
  let statement: string[] | null = null;
  /** The text of the first file's list of positions, until its bracket closes; null: it has been read. */
  let list: string | null = "";
  let section: "before" | "after" = "after";
  let startsAfter: Gtid | null = null;

  const close = (committed: boolean) => {
    if (committed && open !== null && transactions.length < most && wanted(open.gtid))
      transactions.push(open);
    open = null;
    statement = null;
  };
  /** A change of tables has no end of its own; rows without one were cut off. */
  const closeUnended = () => close(open !== null && open.rows.length === 0 && open.statements.length > 0);

  function endStatement(): void {
    const text = (statement ?? []).join("\n").trim();
    statement = null;
    if (text === "COMMIT" || text === "ROLLBACK") close(text === "COMMIT");
    else if (text !== "" && !SETTING.test(text)) open?.statements.push(text);
  }

  function readList(text: string): void {
    list += text;
    if (!text.endsWith("]")) return;
    startsAfter = parseGtid((list ?? "").replaceAll(/[\s[\]#]/g, ""));
    list = null;
  }

  function event(match: RegExpExecArray): void {
    statement = null;
    const [, year, month, day, hour, minute, second, what = ""] = match;
    const gtid = /^GTID (\d+-\d+-\d+)/.exec(what);
    if (what.startsWith("Gtid list [") && list === "") readList(what.slice("Gtid list ".length));
    else if (gtid !== null) {
      closeUnended();
      const position = parseGtid(gtid[1] ?? "");
      if (position === null) return;
      const time = `20${year}-${month}-${day} ${(hour ?? "").padStart(2, "0")}:${minute}:${second}`;
      open = { gtid: position, time, rows: [], statements: [] };
    } else if (what.startsWith("Xid = ")) close(true);
    else if (/^Query\b/.test(what)) statement = [];
  }

  function rowLine(text: string): void {
    const row = ROW.exec(text);
    if (row !== null) {
      const kind = (row[1] ?? "").split(" ")[0] as RowChange["kind"];
      open?.rows.push({ kind, table: (row[2] ?? "").replaceAll("`", ""), before: [], after: [] });
    } else if (text === "### WHERE") section = "before";
    else if (text === "### SET") section = "after";
    else {
      const value = VALUE.exec(text)?.[1];
      if (value !== undefined) open?.rows.at(-1)?.[section].push(value);
    }
  }

  return {
    transactions,
    get startsAfter() {
      return startsAfter;
    },
    end: closeUnended,
    line(text) {
      const head = EVENT.exec(text);
      if (head !== null) event(head);
      else if (text.startsWith("### ")) rowLine(text);
      else if (list !== null && list !== "") readList(text);
      else if (statement !== null && text.endsWith(DELIMITER)) {
        statement.push(text.slice(0, -DELIMITER.length));
        const readOn = SETTING.test(statement.join("\n").trim());
        endStatement();
        if (readOn && open !== null) statement = []; // what a session sets comes before what it does
      } else if (statement !== null && !text.startsWith("# at ")) statement.push(text);
    },
  };
}
