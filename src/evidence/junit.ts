// Drills as JUnit XML, so that CI systems show them: a drill is a suite, an objective or a verdict a case. Inconclusive
// is an error (CI must not turn green on it), a miss is a failure. Pure.
import type { DrillResult, DrillResultList } from "../domain/drill.ts";
import { headline, modelWords, resultWord } from "./headline.ts";
import { operationWords } from "./operation-words.ts";

/** Also drops what XML 1.0 can't hold at all, lone surrogates included. */
export function xmlText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;")
    .replaceAll("\r", "&#13;")
    .replaceAll("\t", "&#9;");
}

interface Case {
  readonly name: string;
  readonly outcome: "passed" | "failure" | "error";
  readonly message: string;
  readonly detail: string;
}

const outcomeOf = (met: boolean | null): Case["outcome"] =>
  met === null ? "error" : met ? "passed" : "failure";

function casesOf(result: DrillResult): Case[] {
  const { status } = result;
  const cases: Case[] = [
    ...status.objectives.map(({ name, asked, measured, met, unit }) => ({
      name,
      outcome: outcomeOf(met),
      message: `asked ${asked} ${unit}, measured ${measured ?? "unknown"}`,
      detail: status.reasons.join("\n"),
    })),
    ...status.verdicts.map(({ model, verdict, reason, witness }) => ({
      name: modelWords(model),
      outcome: outcomeOf(verdict === "unknown" ? null : verdict === "valid"),
      message: reason,
      detail: witness.map(operationWords).join("\n"),
    })),
  ];
  const whole: Case = {
    name: "the drill ran to a conclusion",
    outcome: status.phase === "complete" && status.conclusive ? "passed" : "error",
    message: resultWord(result),
    detail: status.reasons.join("\n"),
  };
  return [whole, ...cases];
}

function caseXml(suite: string, { name, outcome, message, detail }: Case): string {
  const open = `    <testcase classname="${xmlText(suite)}" name="${xmlText(name)}"`;
  if (outcome === "passed") return `${open}/>\n`;
  return `${open}>\n      <${outcome} message="${xmlText(message)}">${xmlText(detail)}</${outcome}>\n    </testcase>\n`;
}

function suiteXml(result: DrillResult): string {
  const { metadata, spec } = result;
  const name = [metadata.planName, spec.scenario, spec.site].filter((part) => part !== null).join(" ");
  const cases = casesOf(result);
  const number = (outcome: Case["outcome"]) => cases.filter((one) => one.outcome === outcome).length;
  return [
    `  <testsuite name="${xmlText(name)}" id="${xmlText(metadata.id)}" timestamp="${xmlText(metadata.start)}" tests="${cases.length}" failures="${number("failure")}" errors="${number("error")}" skipped="0">\n`,
    `    <properties>\n      <property name="seed" value="${spec.seed}"/>\n      <property name="planDigest" value="${xmlText(metadata.planDigest)}"/>\n    </properties>\n`,
    ...cases.map((one) => caseXml(name, one)),
    `    <system-out>${xmlText(headline(result))}</system-out>\n`,
    "  </testsuite>\n",
  ].join("");
}

export function junitXml({ items }: DrillResultList): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="outlast drills">\n${items.map(suiteXml).join("")}</testsuites>\n`;
}
