// The store of one machine: a SQLite file. Every process of the machine may open it; SQLite's lock orders their swaps, and a
// swap is on disk before it is answered (synchronous=FULL). Watches look every few milliseconds whether the file's newest
// revision has grown. History is bounded: a watch from before it ends by "compacted".
import { DatabaseSync } from "node:sqlite";
import { done, type Outcome } from "../../domain/outcome.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { newId } from "../../runtime/random.ts";
import {
  assertSwap,
  cellKey,
  type Change,
  type Store,
  type StoreEntry,
  type SwapResult,
  type WatchEnd,
  type WatchItem,
} from "../contract.ts";

export interface EmbeddedOptions {
  readonly clock?: Clock;
  /** Revisions whose changes are kept for watches. */
  readonly historyMax?: number;
  readonly watchEveryMs?: number;
  /** How long this process may stand still while another one swaps. */
  readonly lockWaitMs?: number;
}

export interface EmbeddedStore extends Store {
  /** Forgets the changes up to and including this revision. */
  compact(revision: number): void;
}

const PROGRESS_EVERY_MS = 200;
const WATCH_PAGE = 256;

const SCHEMA = `
  create table if not exists meta (name text primary key, value) without rowid;
  create table if not exists entries (key text primary key, value text not null, revision integer not null) without rowid;
  create table if not exists changes (revision integer not null, key text not null, value text,
    primary key (revision, key)) without rowid;
`;

export function openEmbeddedStore(file: string, options: EmbeddedOptions = {}): EmbeddedStore {
  const { clock = systemClock, historyMax = 10_000, watchEveryMs = 10, lockWaitMs = 500 } = options;
  const db = new DatabaseSync(file, { timeout: lockWaitMs });
  db.exec("pragma journal_mode = wal; pragma synchronous = full;");
  db.exec(`begin immediate; ${SCHEMA} commit;`);
  const foundId = db.prepare("insert into meta (name, value) values (?, ?) on conflict do nothing");
  foundId.run("storeId", newId());
  foundId.run("revision", 0);
  foundId.run("compacted", 0);
  const one = db.prepare("select value from meta where name = ?");
  const setOne = db.prepare("update meta set value = ? where name = ?");
  const byKey = db.prepare("select key, value, revision from entries where key = ?");
  const byPrefix = db.prepare(
    "select key, value, revision from entries where substr(key, 1, length(?1)) = ?1 order by key",
  );
  const put = db.prepare(
    "insert into entries (key, value, revision) values (?, ?, ?) on conflict (key) do update set value = excluded.value, revision = excluded.revision",
  );
  const remove = db.prepare("delete from entries where key = ?");
  const note = db.prepare("insert into changes (revision, key, value) values (?, ?, ?)");
  const forget = db.prepare("delete from changes where revision <= ?");
  const since = db.prepare(
    `select revision, key, value from changes where revision > ?1 and revision <= ?2 and substr(key, 1, length(?3)) = ?3 order by revision, key`,
  );
  const lifetime = new AbortController();

  const number = (name: string): number => Number(one.get(name)?.["value"]);
  const storeId = String(one.get("storeId")?.["value"]);
  const entryOf = (row: Record<string, unknown>): StoreEntry => ({
    key: String(row["key"]),
    value: String(row["value"]),
    revision: Number(row["revision"]),
  });
  const get = (key: string): StoreEntry | null => {
    const row = byKey.get(key);
    return row === undefined ? null : entryOf(row);
  };
  const failure = (code: string, definite: boolean, cause: unknown): Outcome<never> => ({
    kind: definite ? "failed" : "unknown",
    failure: {
      code,
      definite,
      what: cause instanceof Error ? cause.message : String(cause),
      where: file,
      next: definite ? "ask again" : "settle the swap before relying on either outcome",
      cause,
    },
  });

  /** Reads and writes under the file's lock; a throw before the commit leaves nothing behind. */
  function transaction<T>(begin: "begin" | "begin immediate", body: () => T): Outcome<T> {
    if (lifetime.signal.aborted) return failure("STORE_CLOSED", true, new Error("this store was closed"));
    let value: T;
    try {
      db.exec(begin);
    } catch (cause) {
      return failure("STORE_BUSY", true, cause);
    }
    try {
      value = body();
    } catch (cause) {
      db.exec("rollback");
      return failure("STORE_FAILED", true, cause);
    }
    try {
      db.exec("commit");
    } catch (cause) {
      return failure("STORE_COMMIT_FAILED", false, cause);
    }
    return done(value);
  }

  function carryOut(swap: Parameters<Store["swap"]>[0]): SwapResult {
    const now = number("revision");
    const own = get(cellKey(swap.author));
    const found = swap.compare.map(({ key }) => get(key));
    const asCompared = swap.compare.every(({ revision }, at) => (found[at]?.revision ?? 0) === revision);
    if (!asCompared || (own?.revision ?? 0) !== swap.cellRevision)
      return {
        kind: "refused",
        storeId,
        revision: now,
        cell: own === null ? null : { token: own.value, revision: own.revision },
        found: found.filter((entry) => entry !== null),
      };
    const revision = now + 1;
    for (const { key, value } of [...swap.write, { key: cellKey(swap.author), value: swap.token }]) {
      if (value === null) remove.run(key);
      else put.run(key, value, revision);
      note.run(revision, key, value);
    }
    setOne.run(revision, "revision");
    if (revision > historyMax && revision - historyMax > number("compacted"))
      forgetUpTo(revision - historyMax);
    return { kind: "swapped", storeId, revision };
  }

  function forgetUpTo(revision: number): void {
    forget.run(revision);
    setOne.run(revision, "compacted");
  }

  /** null: compacted. */
  const changesAfter = (prefix: string, after: number) => {
    const newest = number("revision");
    if (after < number("compacted")) return null;
    const until = Math.min(newest, after + WATCH_PAGE);
    const changes = since.all(after, until, prefix).map(
      (row): Change => ({
        key: String(row["key"]),
        value: row["value"] === null ? null : String(row["value"]),
        revision: Number(row["revision"]),
      }),
    );
    return { until, changes };
  };

  async function* watch(prefix: string, after: number, signal: AbortSignal): AsyncGenerator<WatchItem> {
    const either = AbortSignal.any([signal, lifetime.signal]);
    const end = (because: WatchEnd["because"], what: string): WatchEnd => ({ kind: "ended", because, what });
    let said = after;
    let saidAtMs = clock.nowMs();
    while (!either.aborted) {
      const outcome = transaction("begin", () => changesAfter(prefix, said));
      if (outcome.kind !== "done") {
        yield end("unreachable", outcome.failure.what);
        return;
      }
      if (outcome.value === null) {
        yield end("compacted", `changes after revision ${said} are no longer kept`);
        return;
      }
      const { until, changes } = outcome.value;
      for (const [revision, same] of Map.groupBy(changes, (change) => change.revision))
        yield { kind: "changes", revision, changes: same };
      if (until > said || clock.nowMs() - saidAtMs >= PROGRESS_EVERY_MS) {
        said = until;
        saidAtMs = clock.nowMs();
        yield { kind: "progress", revision: said };
      } else await clock.sleep(watchEveryMs, either);
    }
    yield end("stopped", "the watch was stopped");
  }

  return {
    async read({ keys = [], prefixes = [] }, signal) {
      if (signal.aborted) return failure("STORE_TIMED_OUT", true, signal.reason);
      return transaction("begin", () => ({
        storeId,
        revision: number("revision"),
        entries: uniqueEntries([
          ...keys.map(get).filter((entry) => entry !== null),
          ...prefixes.flatMap((prefix) => byPrefix.all(prefix).map(entryOf)),
        ]),
      }));
    },
    async swap(swap, signal) {
      assertSwap(swap);
      if (signal.aborted) return failure("STORE_TIMED_OUT", true, signal.reason);
      return transaction("begin immediate", () => carryOut(swap));
    },
    watch,
    compact(revision) {
      const outcome = transaction("begin immediate", () => forgetUpTo(revision));
      if (outcome.kind !== "done") throw new Error(`not compacted: ${outcome.failure.what}`);
    },
    async [Symbol.asyncDispose]() {
      if (lifetime.signal.aborted) return;
      lifetime.abort();
      db.close();
    },
  };
}

const uniqueEntries = (entries: readonly StoreEntry[]): StoreEntry[] => [
  ...new Map(entries.map((entry) => [entry.key, entry])).values(),
];
