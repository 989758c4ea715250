import assert from "node:assert/strict";
import { test } from "node:test";
import { accountStatements, followText, literal, serverNumber } from "./settings.ts";

test("a member's number is its address", () => {
  assert.equal(serverNumber("10.77.1.1"), 0x0a4d0101);
  assert.equal(serverNumber("255.255.255.255"), 2 ** 32 - 1);
});

test("whom a member follows is one statement a line, under an account of its own", () => {
  const text = followText("paris", { name: "london", address: "10.0.0.2" });
  assert.match(text, /^CHANGE MASTER TO MASTER_HOST='10\.0\.0\.2', .*MASTER_USER='replica-paris', .*;$/m);
  assert.match(text, /^START SLAVE;$/m);
  assert.doesNotMatch(followText("paris", null), /MASTER|SLAVE/);
});

test("the agent comes from members only, a standby from its own address only", () => {
  const text = accountStatements([
    { name: "a", address: "10.0.0.1" },
    { name: "b", address: "10.0.0.2" },
  ]);
  assert.deepEqual(
    text.filter((each) => each.startsWith("CREATE")),
    [
      "CREATE USER IF NOT EXISTS 'outlast'@'localhost'",
      "CREATE USER IF NOT EXISTS 'outlast'@'10.0.0.1'",
      "CREATE USER IF NOT EXISTS 'outlast'@'10.0.0.2'",
      "CREATE USER IF NOT EXISTS 'replica-a'@'10.0.0.1'",
      "CREATE USER IF NOT EXISTS 'replica-b'@'10.0.0.2'",
    ],
  );
  assert.equal(literal("a'b\\c"), "'a''b\\\\c'");
});
