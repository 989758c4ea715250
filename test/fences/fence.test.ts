// The kernel's fence, for real, in network namespaces that die with their first process: in a user namespace, as everybody may,
// and as root of the machine where that is who we are. Each promise is kept; and each planted mistake is noticed by its drill.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { DRILLS } from "./drills.ts";
import { PLANTS } from "./plants.ts";
import { type FenceRig, runFenceRig } from "./run-fence-rig.ts";

let rig: FenceRig;
before(async () => {
  rig = await runFenceRig(true);
});

describe("the fence keeps its promise", () => {
  for (const name of Object.keys(DRILLS))
    test(name, () =>
      assert.equal(rig.asItShouldBe[name]?.held, true, JSON.stringify(rig.asItShouldBe[name])),
    );
});

describe("a planted mistake is noticed", () => {
  for (const name of Object.keys(PLANTS))
    test(name, () => assert.equal(rig.planted[name]?.held, false, JSON.stringify(rig.planted[name])));
});

if (process.getuid?.() === 0)
  describe("as root, where users can be told apart", () => {
    test("another user can neither refresh the fence, nor speak replication, nor reach the engine directly", async () => {
      const { asItShouldBe } = await runFenceRig(false, "another user");
      assert.equal(asItShouldBe["another user"]?.held, true, JSON.stringify(asItShouldBe["another user"]));
    });
  });
