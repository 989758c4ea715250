import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Operation } from "../domain/history.ts";
import { countJournal, judgeJournal } from "./journal.ts";

let process = 0;
const append = (
  id: string,
  outcome: Operation["outcome"],
  invoked: number,
  completed = invoked + 1,
): Operation => ({
  process: (process += 1),
  op: "append",
  key: "journal",
  input: id,
  invoked,
  outcome,
  ...(outcome === "unknown" ? {} : { completed }),
});
const read = (ids: readonly string[] | null, invoked: number, from?: string): Operation => ({
  process: (process += 1),
  op: "read",
  key: "journal",
  invoked,
  ...(from === undefined ? {} : { from }),
  ...(ids === null
    ? { outcome: "unknown" as const }
    : { outcome: "ok" as const, output: ids, completed: invoked + 1 }),
});
const inputs = (operations: readonly Operation[]) => operations.map(({ input }) => input);

test("nothing lost and a complete read-back is a recovery point of 0", () => {
  const operations = [
    append("a", "ok", 0),
    append("b", "ok", 5),
    read(["a", "b"], 100),
    read(["b", "a"], 100, "paris"),
  ];
  const found = countJournal(operations, 3);
  assert.equal(found.recoveryPointMs, 0);
  assert.equal(found.restoredStateAgeMs, 0);
  assert.equal(judgeJournal(operations, 3).verdict, "valid");
});

test("a missing read-back is unknown, never 0", () => {
  const appended = [append("a", "ok", 0)];
  const cases: [Operation[], string[] | undefined, RegExp][] = [
    [appended, undefined, /the linearizable read-back/],
    [[...appended, read(null, 100)], undefined, /the linearizable read-back/],
    [[...appended, read(["a"], 100), read(null, 100, "paris")], undefined, /replica paris/],
    [[...appended, read(["a"], 100)], ["london"], /replica london/],
    [[read([], -10), ...appended], undefined, /the linearizable read-back/],
  ];
  for (const [operations, replicas, pattern] of cases) {
    const found = countJournal(operations, 3, replicas);
    assert.equal(found.recoveryPointMs, null);
    const verdict = judgeJournal(operations, 3, replicas);
    assert.equal(verdict.verdict, "unknown");
    assert.match(verdict.reason, pattern);
  }
});

test("an acknowledged append that any read-back lacks is lost; its recovery point has two senses", () => {
  const ms = 1e6;
  const operations = [
    append("old", "ok", 1 * ms, 2 * ms),
    append("a", "ok", 10 * ms, 12 * ms),
    append("b", "ok", 20 * ms, 22 * ms),
    read(["old"], 90 * ms),
    read(["old", "a"], 90 * ms, "paris"),
  ];
  const found = countJournal(operations, 15 * ms);
  assert.deepEqual(inputs(found.lost), ["a", "b"]);
  assert.equal(found.recoveryPointMs, 10); // last lost acknowledgement 22 − oldest 12
  assert.equal(found.restoredStateAgeMs, 3); // fault 15 − oldest 12
  assert.equal(countJournal(operations, 40 * ms).recoveryPointMs, 28); // the fault came later
  assert.equal(judgeJournal(operations, 15 * ms).verdict, "invalid");
});

test("unknown outcomes are recovered or undetermined, and failed ones must not be visible", () => {
  const operations = [
    append("seen", "unknown", 0),
    append("unseen", "unknown", 1),
    append("no", "fail", 2),
    append("yes", "fail", 3),
    read(["seen", "yes"], 100),
  ];
  const found = countJournal(operations, null);
  assert.deepEqual(inputs(found.recovered), ["seen"]);
  assert.deepEqual(inputs(found.undetermined), ["unseen"]);
  assert.deepEqual(inputs(found.failedButVisible), ["yes"]);
  assert.deepEqual(found.lost, []);
  assert.equal(judgeJournal(operations, null).verdict, "invalid");
});

test("read once and gone is lost even when the append was unknown; back again is resurrected", () => {
  const gone = [append("x", "unknown", 0), read(["x"], 10), read([], 100)];
  assert.deepEqual(inputs(countJournal(gone, null).lost), ["x"]);
  const back = [...gone, read(["x"], 200)];
  const found = countJournal(back, null);
  assert.deepEqual(inputs(found.resurrected), ["x"]);
  assert.deepEqual(found.lost, []);
  assert.equal(judgeJournal(back, null).verdict, "invalid");
});

test("doubles, strangers and stale reads are violations", () => {
  const doubled = [append("a", "ok", 0), read(["a", "a"], 100)];
  assert.match(judgeJournal(doubled, null).reason, /more than once/);
  const stranger = [append("a", "ok", 0), read(["a", "z"], 100)];
  assert.match(judgeJournal(stranger, null).reason, /nobody had appended \(first: z\)/);
  const early = [read(["a"], -10), append("a", "ok", 0), read(["a"], 100)];
  assert.match(judgeJournal(early, null).reason, /nobody had appended \(first: a\)/);
  const stale = [append("a", "ok", 0), read([], 10), read(["a"], 100)];
  assert.match(judgeJournal(stale, null).reason, /1 reads missed/);
});

test("equal to counting by the definition, on random journals", () => {
  const ids = ["a", "b", "c", "d"];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("ok", "fail", "unknown", null), { minLength: 4, maxLength: 4 }),
      fc.array(fc.subarray(ids), { minLength: 1, maxLength: 3 }),
      (outcomes, backs) => {
        const appends = ids.flatMap((id, index) => {
          const outcome = outcomes[index];
          return outcome == null ? [] : [append(id, outcome as Operation["outcome"], index)];
        });
        const reads = backs.map((held, index) => read(held, 100, index === 0 ? undefined : `r${index}`));
        const found = countJournal([...appends, ...reads], null);
        const outcomeOf = (id: string) => outcomes[ids.indexOf(id)];
        const inAll = (id: string) => backs.every((held) => held.includes(id));
        const inSome = (id: string) => backs.some((held) => held.includes(id));
        const where = (test: (id: string) => boolean) => ids.filter(test);
        assert.deepEqual(
          inputs(found.lost),
          where((id) => outcomeOf(id) === "ok" && !inAll(id)),
        );
        assert.deepEqual(
          inputs(found.recovered),
          where((id) => outcomeOf(id) === "unknown" && inSome(id)),
        );
        assert.deepEqual(
          inputs(found.undetermined),
          where((id) => outcomeOf(id) === "unknown" && !inSome(id)),
        );
        assert.deepEqual(
          inputs(found.failedButVisible),
          where((id) => outcomeOf(id) === "fail" && inSome(id)),
        );
        assert.deepEqual(
          [...found.foreign].sort(),
          where((id) => outcomeOf(id) == null && inSome(id)),
        );
      },
    ),
    { numRuns: 500 },
  );
});
