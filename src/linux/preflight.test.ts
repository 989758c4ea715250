import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeTrial, namespacesForbidden } from "./preflight.ts";

test("every step that failed is named at once, with the kernel's words and a way out", () => {
  const { works, missing } = judgeTrial([
    "ok tmpfs",
    "ok netns",
    "no veth Operation not permitted",
    "ok nft",
  ]);
  assert.deepEqual(
    missing.map(({ code }) => code),
    ["NO_VETH", "NO_VXLAN"],
  );
  assert.match(missing[0]?.what ?? "", /Operation not permitted/);
  assert.match(missing[0]?.next ?? "", /modprobe veth/);
  assert.ok(works.length === 4);
});

test("forbidden namespaces come with the way out that fits this machine", () => {
  const next = (limits: Parameters<typeof namespacesForbidden>[1]) => namespacesForbidden("x", limits).next;
  const none = { apparmorRestricts: false, maxUserNamespaces: 9_000, cloneForbidden: false };
  assert.match(next({ ...none, apparmorRestricts: true }), /apparmor_restrict_unprivileged_userns=0/);
  assert.match(next({ ...none, maxUserNamespaces: 0 }), /max_user_namespaces/);
  assert.match(next({ ...none, cloneForbidden: true }), /unprivileged_userns_clone=1/);
  assert.match(next(none), /sudo.*--privileged/);
});
