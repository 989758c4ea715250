import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import {
  MemberListResponseSchema,
  StatusResponseSchema,
} from "../../protocols/etcd/generated/etcdserverpb/rpc_pb.ts";
import { observation } from "./member.ts";

const members = create(MemberListResponseSchema, {
  members: [
    { ID: 7n, name: "paris" },
    { ID: 8n, name: "london" },
  ],
});
const status = (change: object) =>
  create(StatusResponseSchema, {
    header: { memberId: 7n },
    leader: 8n,
    raftTerm: 4n,
    raftAppliedIndex: 99n,
    ...change,
  });

test("a follower names its leader, its term and what it has applied", () => {
  assert.deepEqual(observation(status({}), members), {
    role: "follower",
    term: 4,
    position: 99,
    leader: "london",
    quorum: true,
    alarms: [],
  });
  assert.equal(observation(status({ leader: 7n }), members).role, "leader");
  assert.equal(observation(status({ isLearner: true }), members).role, "learner");
});

test("without a leader there is no quorum, and an alarm is told", () => {
  const alone = observation(status({ leader: 0n, errors: ["etcdserver: no leader"] }), members);
  assert.deepEqual([alone.leader, alone.quorum], [null, false]);
  assert.deepEqual(observation(status({ errors: ["memberID:7 alarm:NOSPACE "] }), members).alarms, [
    "NOSPACE",
  ]);
});
