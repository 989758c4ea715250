// YAML text → plan, or everything that is wrong with it at once, each with its place. Pure.
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from "yaml";
import type { Plan } from "../domain/plan.ts";
import { type Finding, type PlanPath, pathText } from "./finding.ts";
import { nameRules } from "./name-rules.ts";
import { numberRules } from "./number-rules.ts";
import { planDocument } from "./schema.ts";
import { readIssues } from "./schema-issues.ts";
import { toPlan } from "./to-plan.ts";

export type ParsedPlan =
  | { readonly plan: Plan; readonly findings: readonly Finding[] }
  | { readonly errors: readonly Finding[]; readonly findings: readonly Finding[] };

const TEXT_MAX = 1024 * 1024;

/** Offset of the value (or key) at `path`; of the nearest one around it when there is none. */
function offsetOf(document: Document, path: PlanPath, atKey: boolean): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const part = path[length - 1];
    const parent: unknown = length === 0 ? null : document.getIn(path.slice(0, length - 1), true);
    if (atKey && length === path.length && isMap(parent)) {
      const pair = parent.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === part,
      );
      if (pair !== undefined && isNode(pair.key)) return pair.key.range?.[0] ?? 0;
    }
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

/** `findings` are all remarks, warnings included, in the order of the file; `errors` those that refuse the plan. */
export function parsePlan(text: string, fileName: string): ParsedPlan {
  const lines = new LineCounter();
  const found: Finding[] = [];
  const add = (level: Finding["level"], offset: number, path: PlanPath, message: string) => {
    const { line, col } = lines.linePos(offset);
    found.push({
      level,
      file: fileName,
      line: Math.max(1, line),
      column: Math.max(1, col),
      path: pathText(path),
      message,
    });
  };
  const refuse = (): ParsedPlan => {
    const findings = found.toSorted((a, b) => a.line - b.line || a.column - b.column);
    return { errors: findings.filter((finding) => finding.level === "error"), findings };
  };
  if (text.length > TEXT_MAX) {
    add("error", 0, [], `a plan has at most ${TEXT_MAX} characters, this file has ${text.length}`);
    return refuse();
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: false,
    logLevel: "error",
  });
  for (const { code, message, pos } of document.errors)
    add("error", pos[0], [], code === "DUPLICATE_KEY" ? "this key stands in the map twice" : message);
  if (document.errors.some((error) => error.code !== "DUPLICATE_KEY")) return refuse();
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    add("error", 0, [], cause instanceof Error ? cause.message : String(cause));
    return refuse();
  }
  const read = planDocument.safeParse(raw, { reportInput: true });
  if (!read.success)
    for (const { path, message, atKey } of readIssues(read.error.issues))
      add("error", offsetOf(document, path, atKey), path, message);
  const plan = read.success ? toPlan(read.data) : null;
  const remarks = [...nameRules(raw), ...(plan !== null && read.success ? numberRules(plan, read.data) : [])];
  for (const { level, path, message } of remarks) add(level, offsetOf(document, path, false), path, message);
  if (plan === null || found.some((finding) => finding.level === "error")) return refuse();
  return { plan, findings: refuse().findings };
}
