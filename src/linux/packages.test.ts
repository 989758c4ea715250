import assert from "node:assert/strict";
import { test } from "node:test";
import { isSharedLibrary } from "./packages.ts";

test("of a dependency closure only shared libraries are unpacked, never libc", () => {
  const closure = [
    "libc6",
    "libmnl0",
    "libssl3",
    "libssl3t64",
    "libpython3.11",
    "libpython3.11-stdlib",
    "adduser",
  ];
  assert.deepEqual(closure.filter(isSharedLibrary), ["libmnl0", "libssl3", "libssl3t64", "libpython3.11"]);
});
