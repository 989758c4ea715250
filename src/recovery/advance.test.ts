import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, begin, newWorkflow, resume, type WorkflowAction, type WorkflowRecord } from "./advance.ts";
import { pointOfNoReturn, type Step, stepsOf, type WorkflowKind, type WorkflowRequest } from "./workflow.ts";

const KINDS: readonly WorkflowKind[] = [
  "failover",
  "switchover",
  "failback",
  "fence",
  "unfence",
  "pause",
  "resume",
  "reinitialise",
];
const request = (kind: WorkflowKind): WorkflowRequest => ({
  kind,
  from: "paris",
  to: "london",
  coordinator: "london",
});

interface World {
  stored: WorkflowRecord;
  readonly performed: Step[];
  readonly done: Set<string>;
}
const nameOf = (step: Step) => JSON.stringify(step);
const newWorld = (kind: WorkflowKind): World => ({
  stored: newWorkflow("one", request(kind), "ada", null),
  performed: [],
  done: new Set(),
});

/** Carries it on for so many actions, then dies. A persist is a compare-and-swap; a performed step says that it is done. */
function carryOn(world: World, agent: string, actions: number): void {
  let record = world.stored;
  let action: WorkflowAction = resume(record);
  for (let count = 0; count < actions; count += 1) {
    switch (action.do) {
      case "ask": {
        const isDone = world.done.has(nameOf(action.step)) ? { what: "seen", by: agent } : "not done";
        action = advance(record, { kind: "asked", isDone }, agent);
        break;
      }
      case "persist": {
        world.stored = action.record;
        record = action.record;
        if (action.next === "nothing") return;
        const found = resume(record);
        assert.ok(found.do === "ask");
        action = action.next === "perform" ? { do: "perform", step: found.step } : found;
        break;
      }
      case "perform": {
        assert.deepEqual(world.stored.acting, { by: agent }, "persisted before it acts");
        world.performed.push(action.step);
        world.done.add(nameOf(action.step));
        action = advance(record, { kind: "performed", result: { what: "done", by: agent } }, agent);
        break;
      }
      case "wait":
      case "refuse":
        return;
    }
  }
}

for (const kind of KINDS)
  test(`${kind}: an agent that dies after any action is followed by another, which finishes; no step is done twice`, () => {
    const steps = stepsOf(request(kind));
    for (let first = 0; first < 5 * steps.length; first += 1) {
      const world = newWorld(kind);
      carryOn(world, "paris", first);
      carryOn(world, "frankfurt", 3);
      carryOn(world, "london", 1_000);
      assert.equal(world.stored.ended, "done");
      assert.deepEqual(world.performed, steps, "each step once, in order");
      assert.equal(world.stored.proofs.length, steps.length, "each with its proof");
    }
  });

test("a step of which nobody can tell waits: unknown is never done and never not done", () => {
  const record = newWorkflow("one", request("failover"), "ada", null);
  assert.equal(advance(record, { kind: "asked", isDone: "unknown" }, "paris").do, "wait");
  assert.equal(advance(record, { kind: "performed", result: "unknown" }, "paris").do, "wait");
});

test("a refused step ends the workflow with its reason", () => {
  const record = newWorkflow("one", request("failover"), "ada", null);
  const action = advance(record, { kind: "performed", result: { refused: "3 s would be lost" } }, "paris");
  assert.equal(action.do === "persist" && action.record.ended, "refused");
  assert.equal(action.do === "persist" && action.record.endedBecause, "3 s would be lost");
});

test("before the swap a human may cancel, from then on nobody", () => {
  for (const kind of KINDS) {
    const steps = stepsOf(request(kind));
    for (const at of steps.keys())
      for (const acting of [null, { by: "paris" }]) {
        const record = { ...newWorkflow("one", request(kind), "ada", null), at, acting };
        const refused = advance(record, { kind: "cancel", by: "ada" }, "cli").do === "refuse";
        const begun = at > pointOfNoReturn(steps) || (at === pointOfNoReturn(steps) && acting !== null);
        assert.equal(refused, begun, `${kind} at ${at}`);
      }
  }
});

test("the same request joins the workflow that runs, another is refused, and an ended one is in nobody's way", () => {
  const running = newWorkflow("one", request("switchover"), "ada", null);
  const same = newWorkflow("two", request("switchover"), "bob", null);
  const other = newWorkflow("three", request("failover"), "bob", null);
  assert.equal(begin(null, same), "start");
  assert.equal(begin(running, same), "join");
  assert.equal(begin(running, other), "refuse");
  assert.equal(begin({ ...running, ended: "done" }, other), "start");
});
