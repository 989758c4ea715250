import assert from "node:assert/strict";
import { test } from "node:test";
import { newWorkflow, type WorkflowRecord } from "../../recovery/advance.ts";
import { workflowsSeen } from "./workflow-news.ts";

const flow = (id: string, revision: number, change: Partial<WorkflowRecord> = {}) => ({
  record: {
    ...newWorkflow(id, { kind: "pause", from: "a", to: null, coordinator: "a" }, "somebody", null),
    ...change,
  },
  revision,
});

test("the one that runs, and of those that ended the one that was written last", () => {
  const proofs = [{ what: "paused", by: "a" }];
  const seen = workflowsSeen(
    [flow("7-x", 4, { ended: "done", proofs }), flow("6-y", 9, { ended: "refused" }), flow("7-z", 10)],
    "7-z",
  );
  assert.deepEqual([seen.running?.id, seen.running?.step], ["7-z", "set-paused"]);
  assert.deepEqual([seen.last?.id, seen.last?.ended], ["6-y", "refused"]);
  assert.deepEqual(workflowsSeen([], "7-z"), { running: null, last: null });
});
