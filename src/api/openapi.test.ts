import assert from "node:assert/strict";
import { test } from "node:test";
import { LEDGER_ROUTES, nameSchema } from "./ledger.ts";
import { decodeValue, encodeValue } from "./ledger-keys.ts";
import { openApi } from "./openapi.ts";

type Document = {
  openapi: string;
  paths: Record<
    string,
    Record<string, { operationId: string; parameters?: { name: string; in: string; required: boolean }[] }>
  >;
};

test("every route is in the document once, with its parameters", () => {
  const document = openApi("ledger", "0", LEDGER_ROUTES) as unknown as Document;
  assert.equal(document.openapi, "3.1.0");
  const ids = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map((op) => op.operationId),
  );
  assert.deepEqual(ids.sort(), Object.keys(LEDGER_ROUTES).sort());
  const read = document.paths["/v1/registers/{key}"]?.["get"];
  assert.deepEqual(
    read?.parameters?.map(({ name, in: place, required }) => [name, place, required]),
    [
      ["key", "path", true],
      ["from", "query", false],
    ],
  );
});

test("the document is plain JSON and holds no path parameter that is not declared", () => {
  const document = openApi("ledger", "0", LEDGER_ROUTES) as unknown as Document;
  assert.deepEqual(JSON.parse(JSON.stringify(document)), document);
  for (const [path, methods] of Object.entries(document.paths))
    for (const [, name] of path.matchAll(/\{(\w+)\}/g))
      for (const op of Object.values(methods))
        assert.ok(op.parameters?.some((parameter) => parameter.name === name && parameter.in === "path"));
});

test("names are one path segment", () => {
  for (const good of ["a", "r1-0.b_c", "x".repeat(128)]) assert.ok(nameSchema.safeParse(good).success);
  for (const bad of ["", "a/b", "../x", "x".repeat(129), "a b", "ü"])
    assert.ok(!nameSchema.safeParse(bad).success, bad);
});

test('a register\'s value comes back as it was, and 1 is not "1"', () => {
  for (const value of ["", "1", 1, -2.5, "ü\n"]) assert.equal(decodeValue(encodeValue(value)), value);
  assert.equal(decodeValue(null), null);
  assert.throws(() => decodeValue("{}"), TypeError);
});
