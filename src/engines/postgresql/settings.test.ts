import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { accessText, namesText, parseNames, settingsText } from "./settings.ts";

const name = fc.stringMatching(/^[a-z](?:[a-z0-9-]{0,10}[a-z0-9])?$/);
const acknowledgement = fc
  .uniqueArray(name, { minLength: 1, maxLength: 5 })
  .chain((members) => fc.integer({ min: 1, max: members.length }).map((count) => ({ members, count })));

test("names read back as they were written", () => {
  fc.assert(fc.property(acknowledgement, (given) => assert.deepEqual(parseNames(namesText(given)), given)));
});

test("settings are quoted, and a member is known to its source by its name", () => {
  const text = settingsText("paris", { source: "10.0.0.2", acknowledgement: { count: 1, members: ["a-b"] } });
  assert.match(text, /^primary_conninfo = 'host=10\.0\.0\.2 port=5432 .* application_name=paris /m);
  assert.match(text, /^synchronous_standby_names = 'ANY 1 \("a-b"\)'$/m);
  const nobody = settingsText("paris", { source: null, acknowledgement: { count: 0, members: [] } });
  assert.match(nobody, /^primary_conninfo = ''\nsynchronous_standby_names = ''$/m);
});

test("nobody's acknowledgement is the empty text, and words that are not ours are not guessed at", () => {
  assert.equal(namesText({ count: 0, members: ["a"] }), "");
  assert.deepEqual(parseNames(""), { count: 0, members: [] });
  for (const foreign of ["*", "FIRST 1 (a)", "a, b", 'ANY 1 ("A")', 'ANY x ("a")'])
    assert.equal(parseNames(foreign), null, foreign);
  assert.throws(() => namesText({ count: 2, members: ["a"] }), /2 acknowledgements of 1 members/);
});

test("only the members' own addresses may come as the superuser or for the log", () => {
  const text = accessText([
    { name: "a", address: "10.0.0.1" },
    { name: "b", address: "10.0.0.2" },
  ]);
  assert.deepEqual(
    text.split("\n").filter((line) => line.includes("outlast ") && line.startsWith("host")),
    [
      "host all outlast 10.0.0.1/32 trust",
      "host replication outlast 10.0.0.1/32 trust",
      "host all outlast 10.0.0.2/32 trust",
      "host replication outlast 10.0.0.2/32 trust",
    ],
  );
});
