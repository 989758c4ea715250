// EngineClient over one MariaDB member. Only a primary writes and reads "linearizable"; a standby refuses both at once,
// definitely. Each call is one statement: with semi-synchronous replication its answer comes after a standby has it on disk.
//
// "linearizable" holds with semi-synchronous replication: a read writes a row of its own (outlast.confirm) and so waits for
// a standby too. With asynchronous replication a primary that was cut off still answers from what it has.
import { done, type Outcome } from "../../domain/outcome.ts";
import { PORTS } from "../../domain/plan.ts";
import type { Answer, EngineClient, MemberSpec } from "../contract.ts";
import { type Connections, type Query, type Row, startConnections } from "./connections.ts";
import { APPLICATION_ACCOUNT } from "./layout.ts";
import { pageValue, POSITION, readValue, TERM } from "./schema.ts";

const CONNECTIONS_MAX = 48;
const ANSWERED = `${TERM} AS term, ${POSITION} AS position`;

const READ = `SELECT ${readValue("?")} AS value, ${ANSWERED}`;
const LIST = `SELECT ${pageValue("?", "?", "?")} AS value, ${ANSWERED}`;
const READ_CONFIRMED = "CALL ledger.read_confirmed(?)";
const LIST_CONFIRMED = "CALL ledger.list_confirmed(?, ?, ?)";
const WRITE = "CALL ledger.write_entry(?, ?)";
const COMPARE_AND_SET = "CALL ledger.compare_and_set(?)";

function answered<T>(outcome: Outcome<readonly Row[]>, value: (row: Row) => T): Outcome<Answer<T>> {
  if (outcome.kind !== "done") return outcome;
  const [row] = outcome.value;
  if (row === undefined) throw new RangeError("MariaDB answered without a row");
  return done({ value: value(row), term: Number(row["term"]), position: Number(row["position"]) });
}

export function mariadbEngineClient(
  member: Pick<MemberSpec, "name" | "address">,
  connections: Connections = startConnections({
    to: { address: member.address, port: PORTS.mariadb },
    user: APPLICATION_ACCOUNT,
    where: `site ${member.name} (${member.address}:${PORTS.mariadb})`,
    connectionsMax: CONNECTIONS_MAX,
  }),
): EngineClient {
  const reading = (text: string, values: NonNullable<Query["values"]>): Query => ({
    text,
    values,
    readOnly: true,
  });
  return {
    read: async (key, mode, signal) =>
      answered(
        await connections.query(reading(mode === "replica" ? READ : READ_CONFIRMED, [key]), signal),
        (row) => row["value"] as string | null,
      ),
    write: async (key, value, signal) =>
      answered(await connections.query({ text: WRITE, values: [key, value] }, signal), () => null),
    compareAndSet: async (changes, signal) => {
      // In order of keys, so that two of them can't wait for each other.
      const sorted = changes.toSorted((a, b) => (a.key < b.key ? -1 : 1));
      const values = [JSON.stringify(sorted.map(({ key, from, to }) => [key, from, to]))];
      return answered(
        await connections.query({ text: COMPARE_AND_SET, values }, signal),
        (row) => Number(row["value"]) === 1,
      );
    },
    list: async (prefix, { mode, limit, after }, signal) => {
      // One more than asked for tells whether there is another page.
      const [from, most] = [after ?? "-1", limit + 1];
      const query =
        mode === "replica"
          ? reading(LIST, [prefix, prefix, from, most])
          : reading(LIST_CONFIRMED, [prefix, from, most]);
      return answered(await connections.query(query, signal), (row) => {
        const found = JSON.parse((row["value"] as string | null) ?? "[]") as [string, string, number][];
        const page = found.slice(0, limit);
        return {
          entries: page.map(([key, value]) => ({ key, value })),
          next: found.length > limit ? String(page.at(-1)?.[2] ?? "") : null,
        };
      });
    },
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  };
}
