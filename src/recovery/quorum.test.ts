import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nextQuorumStep, type Named, type QuorumState, sealsNeeded, type Voters } from "./quorum.ts";

const ALL = ["a", "b", "c", "d"];

interface World {
  readonly state: QuorumState;
  /** Configurations that some backend may still work by; the newest is the last. */
  readonly inForce: readonly Named[];
  readonly position: number;
  readonly flushed: ReadonlyMap<string, number>;
  readonly acknowledged: number;
  /** Up to here writes were made before the newest configuration was seen by all. */
  readonly before: number;
}

const holders = ({ flushed }: World, names: readonly string[], upTo: number) =>
  names.filter((name) => (flushed.get(name) ?? 0) >= upTo).length;

/** Any q voters, the ones that know least: does one of them have every acknowledged write? */
function safe(world: World): boolean {
  const { voters } = world.state.store;
  const q = sealsNeeded(world.state.store);
  const least = voters.map((name) => world.flushed.get(name) ?? 0).toSorted((x, y) => x - y);
  return q > voters.length || (least[q - 1] ?? 0) >= world.acknowledged;
}

function seen(world: World): World {
  const newest = world.inForce.at(-1);
  assert.ok(newest !== undefined);
  const before = world.state.unseen ? world.position : world.before;
  const flushed = holders(world, newest.names, before) >= newest.acknowledgements;
  return { ...world, before, inForce: [newest], state: { ...world.state, unseen: false, flushed } };
}

type Move =
  | { readonly kind: "write" | "seen" | "step" }
  | { readonly kind: "flush"; readonly who: number }
  | { readonly kind: "acknowledge"; readonly by: number };

function move(world: World, what: Move, target: Voters): World {
  switch (what.kind) {
    case "write":
      return { ...world, position: world.position + 1 };
    case "flush": {
      const name = ALL[what.who % ALL.length] ?? "a";
      const next = new Map(world.flushed).set(
        name,
        Math.min(world.position, (world.flushed.get(name) ?? 0) + 1),
      );
      const after = { ...world, flushed: next };
      return after.state.unseen ? after : seen(after);
    }
    case "acknowledge": {
      // A backend acknowledges by any configuration that it may still have.
      const { names, acknowledgements } = world.inForce[what.by % world.inForce.length] ?? {
        names: [],
        acknowledgements: 9,
      };
      const next = world.acknowledged + 1;
      const can = next <= world.position && holders(world, names, next) >= acknowledgements;
      return can ? { ...world, acknowledged: next } : world;
    }
    case "seen":
      return seen(world);
    case "step": {
      const step = nextQuorumStep(world.state, target);
      if (step.do === "store") return { ...world, state: { ...world.state, store: step.store } };
      if (step.do !== "names") return world;
      const inForce = [...world.inForce, step.engine];
      return {
        ...world,
        inForce,
        state: { ...world.state, engine: step.engine, unseen: true, flushed: false },
      };
    }
  }
}

const start = ({ voters, acknowledgements }: Voters): World => {
  const engine = { names: voters, acknowledgements };
  return {
    state: { store: { voters, acknowledgements }, engine, unseen: false, flushed: true, unsettled: false },
    inForce: [engine],
    position: 0,
    flushed: new Map(),
    acknowledged: 0,
    before: 0,
  };
};

const voters = fc
  .subarray(ALL, { minLength: 1 })
  .chain((names) =>
    fc.record({ voters: fc.constant(names), acknowledgements: fc.integer({ min: 1, max: names.length }) }),
  );
const moves = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constant<Move>({ kind: "write" }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("flush" as const), who: fc.nat(3) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("acknowledge" as const), by: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.constant<Move>({ kind: "seen" }) },
    { weight: 2, arbitrary: fc.constant<Move>({ kind: "step" }) },
  ),
  { maxLength: 60 },
);

test("from any set to any other, through any two changes of mind, q seals always find every acknowledged write", () => {
  fc.assert(
    fc.property(voters, voters, voters, moves, moves, (from, first, second, before, after) => {
      let world = start(from);
      for (const [target, all] of [
        [first, before],
        [second, after],
      ] as const)
        for (const each of all) {
          world = move(world, each, target);
          assert.ok(safe(world), JSON.stringify({ ...world, flushed: [...world.flushed], each }));
        }
    }),
    { numRuns: 1_500 },
  );
});

test("a write that only the removed standby has keeps it a voter until another has flushed it", () => {
  let world = start({ voters: ["a", "b"], acknowledgements: 1 });
  const target = { voters: ["b"], acknowledgements: 1 };
  const all: Move[] = [
    { kind: "write" },
    { kind: "flush", who: 0 },
    { kind: "acknowledge", by: 0 },
    ...["step", "seen", "step", "step"].map((kind) => ({ kind }) as Move),
  ];
  for (const each of all) {
    world = move(world, each, target);
    assert.ok(safe(world));
  }
  assert.deepEqual(world.state.store.voters, ["a", "b"]);
  world = move(move(world, { kind: "flush", who: 1 }, target), { kind: "step" }, target);
  assert.deepEqual(world.state.store.voters, ["b"]);
});

test("left alone every change comes to its end", () => {
  fc.assert(
    fc.property(voters, voters, (from, target) => {
      let world = start(from);
      for (let count = 0; count < 12; count += 1)
        for (const kind of ["step", "seen"] as const) world = move(world, { kind }, target);
      assert.deepEqual(nextQuorumStep(world.state, target), { do: "nothing" });
      assert.deepEqual(new Set(world.state.store.voters), new Set(target.voters));
      assert.equal(world.state.store.acknowledgements, target.acknowledgements);
    }),
  );
});

test("while a change of the store may still happen, the engine is told nothing new", () => {
  // The store may be about to ask for one seal only, because two acknowledge: the engine must not go back to one.
  const state = {
    store: { voters: ["a", "b"], acknowledgements: 1 },
    engine: { names: ["a", "b"], acknowledgements: 2 },
    unseen: false,
    flushed: true,
    unsettled: true,
  };
  const back = { voters: ["a", "b"], acknowledgements: 1 };
  assert.deepEqual(nextQuorumStep(state, back), { do: "wait", for: "settled" });
  assert.equal(nextQuorumStep({ ...state, unsettled: false }, back).do, "names");
});

test("nobody left to wait for is refused, not obeyed: that would acknowledge every waiting write", () => {
  const state = start({ voters: ["a"], acknowledgements: 1 }).state;
  assert.equal(nextQuorumStep(state, { voters: [], acknowledgements: 0 }).do, "refuse");
  assert.equal(nextQuorumStep(state, { voters: ["a"], acknowledgements: 2 }).do, "refuse");
});
