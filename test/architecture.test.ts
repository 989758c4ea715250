// The folder table of docs/architecture.md, enforced.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { test } from "node:test";

const PURE = new Set(["domain", "judges", "strategies", "recovery", "status", "advice"]);

interface Row {
  readonly may: ReadonlySet<string>;
  readonly typeOnly: ReadonlySet<string>;
}

function table(): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>();
  for (const line of readFileSync("docs/architecture.md", "utf8").split("\n")) {
    const match = /^\| `([a-z-]+)` \|[^|]*\|([^|]*)\|$/.exec(line);
    if (match === null) continue;
    const words = (match[2] ?? "")
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== "");
    rows.set(match[1] ?? "", {
      may: new Set(words.filter((word) => !word.startsWith("*"))),
      typeOnly: new Set(words.filter((word) => word.startsWith("*")).map((word) => word.replaceAll("*", ""))),
    });
  }
  return rows;
}

const IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"\s*\)/g;

function importsOf(file: string): { target: string; typeOnly: boolean }[] {
  const text = readFileSync(file, "utf8");
  const found = [...text.matchAll(IMPORT)].map((match) => ({
    target: match[2] ?? "",
    typeOnly: match[1] !== undefined,
  }));
  return [
    ...found,
    ...[...text.matchAll(DYNAMIC)].map((match) => ({ target: match[1] ?? "", typeOnly: false })),
  ];
}

/** Why this import is not allowed; null when it is. */
function refusal(
  file: string,
  target: string,
  typeOnly: boolean,
  rows: ReadonlyMap<string, Row>,
): string | null {
  const folder = file.split("/")[1] ?? "";
  const row = rows.get(folder);
  if (row === undefined) return `folder src/${folder} is not in docs/architecture.md`;
  const isTest = file.endsWith(".test.ts");
  if (!target.startsWith(".")) {
    if (PURE.has(folder) && !isTest) return `${folder} is pure: no packages and no node: modules`;
    if (target === "node:child_process" && folder !== "runtime" && !isTest)
      return "processes come in through runtime";
    return null;
  }
  const resolved = new URL(target, `file:///${file}`).pathname.slice(1);
  const [top, other = "", third = ""] = resolved.split("/");
  if (top !== "src") return resolved === "package.json" ? null : `${resolved} is outside src/`;
  if (other === folder) {
    if (["engines"].includes(folder) && third !== "contract.ts") {
      const own = file.split("/")[2];
      if (own !== undefined && !own.endsWith(".ts") && third !== own && !third.endsWith(".ts"))
        return "a driver never imports a sibling driver";
    }
    return null;
  }
  if (folder === "domain") return "domain imports nothing";
  if (other === "cli") return "nobody imports cli";
  if (row.may.has(other) || (typeOnly && row.typeOnly.has(other))) return null;
  if (typeOnly && row.typeOnly.has("contracts") && third === "contract.ts") return null;
  return `${folder} may not import ${other}`;
}

test("every folder is listed and imports only what the table allows", () => {
  const rows = table();
  const files = globSync("src/*/**/*.ts");
  assert.ok(files.length > 5);
  const refused = files.flatMap((file) =>
    importsOf(file).flatMap(({ target, typeOnly }) => {
      const why = refusal(file, target, typeOnly, rows);
      return why === null ? [] : [`${file}: import "${target}": ${why}`];
    }),
  );
  assert.deepEqual(refused, []);
});

test("a forbidden import is noticed", () => {
  const rows = table();
  assert.match(refusal("src/judges/x.ts", "node:fs", false, rows) ?? "", /pure/);
  assert.match(refusal("src/agent/x.ts", "../lab/keeper.ts", false, rows) ?? "", /agent may not import lab/);
  assert.match(
    refusal("src/agent/x.ts", "../engines/etcd/driver.ts", true, rows) ?? "",
    /may not import engines/,
  );
  assert.equal(refusal("src/agent/x.ts", "../engines/contract.ts", true, rows), null);
  assert.match(refusal("src/nowhere/x.ts", "./y.ts", false, rows) ?? "", /not in docs/);
});

test("only cli reads arguments and environment; only runtime reads time", () => {
  const refused = globSync("src/*/**/*.ts").filter((file) => {
    if (file.startsWith("src/runtime/") || file.endsWith(".test.ts")) return false;
    const text = readFileSync(file, "utf8");
    if (/\b(Date\.now\(|process\.hrtime|performance\.now\(|new Date\(\)|Math\.random\()/.test(text))
      return true;
    return !file.startsWith("src/cli/") && /\bprocess\.(argv|env)\b/.test(text);
  });
  assert.deepEqual(refused, []);
});

test("every file that docs/architecture.md names is there", () => {
  const named = [...readFileSync("docs/architecture.md", "utf8").matchAll(/`(src\/[^`]+\.ts)`/g)].map(
    (match) => match[1] ?? "",
  );
  assert.ok(named.length > 50);
  assert.deepEqual(
    named.filter((file) => !existsSync(file)),
    [],
  );
});
