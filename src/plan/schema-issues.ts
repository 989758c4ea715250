// zod's issues as messages for people, each with its path. Unknown keys get a suggestion; of a union's branches, the
// one that came nearest speaks.
import { z } from "zod";
import type { PlanPath } from "./finding.ts";
import { planDocument } from "./schema.ts";
import { didYouMean } from "./suggest.ts";

export interface Issue {
  readonly path: PlanPath;
  readonly message: string;
  /** The place is that of the key, not of its value. */
  readonly atKey: boolean;
}

const pathOf = (path: readonly PropertyKey[]): PlanPath =>
  path.map((part) => (typeof part === "number" ? part : String(part)));

type JsonSchema = {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  additionalProperties?: JsonSchema | boolean;
};
let schemaJson: JsonSchema | null = null;

/** The keys that may stand in the map at `path`. */
function knownKeys(path: PlanPath): string[] {
  schemaJson ??= z.toJSONSchema(planDocument, { io: "input" }) as JsonSchema;
  let places: JsonSchema[] = [schemaJson];
  const branches = (schema: JsonSchema): JsonSchema[] => [
    schema,
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(branches),
  ];
  for (const part of path)
    places = places.flatMap(branches).flatMap((schema) => {
      const next = typeof part === "number" ? schema.items : schema.properties?.[part];
      return next === undefined ? [] : [next];
    });
  return places.flatMap(branches).flatMap((schema) => Object.keys(schema.properties ?? {}));
}

const ARTICLES: Record<string, string> = { object: "a map", array: "a list", string: "a string" };

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_type" || !issue.message.startsWith("Invalid input")) return issue.message;
  const expected = ARTICLES[issue.expected] ?? issue.expected;
  const input = issue.input;
  const kind = Array.isArray(input)
    ? "a list"
    : input === null
      ? "nothing"
      : (ARTICLES[typeof input] ?? JSON.stringify(input));
  return `expected ${expected}, got ${input === undefined ? "nothing" : kind}`;
}

export function readIssues(issues: readonly z.core.$ZodIssue[], base: PlanPath = []): Issue[] {
  return issues.flatMap((issue): Issue[] => {
    const path = [...base, ...pathOf(issue.path)];
    if (issue.code === "unrecognized_keys") {
      const known = knownKeys(path);
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `unknown key${didYouMean(key, known)}`,
        atKey: true,
      }));
    }
    if (issue.code === "invalid_union") {
      // A branch whose own root is right (only something deeper is wrong) is the one that was meant.
      const near = issue.errors.find((branch) => branch.every((inner) => inner.path.length > 0));
      const wide = near?.some((inner) => inner.code === "invalid_type" && inner.input === undefined);
      if (near !== undefined && wide !== true) return readIssues(near, path);
      return [{ path, message: issue.message, atKey: false }];
    }
    if (issue.code === "invalid_type" && issue.input === undefined && path.length > 0) {
      const key = path.at(-1);
      const what = describe(issue).replace(/, got nothing$/, "");
      return [{ path: path.slice(0, -1), message: `"${key}" is missing: ${what}`, atKey: false }];
    }
    return [{ path, message: describe(issue), atKey: false }];
  });
}
