// Verdicts as JUnit XML: a history is a suite, a model a case. Unknown is an error, because CI must not turn green on it.
import { xmlText } from "../junit.ts";
import type { Judged } from "./judged.ts";
import { lineWords } from "./words.ts";

function caseXml(suite: string, { verdict: { model, verdict, reason, witness } }: Judged): string {
  const open = `    <testcase classname="${xmlText(suite)}" name="${xmlText(model)}"`;
  if (verdict === "valid") return `${open}/>\n`;
  const element = verdict === "invalid" ? "failure" : "error";
  const detail = witness.map(lineWords).join("\n");
  return `${open}>\n      <${element} message="${xmlText(reason)}">${xmlText(detail)}</${element}>\n    </testcase>\n`;
}

export function judgedJunit(history: string, judged: readonly Judged[]): string {
  const number = (wanted: string) => judged.filter(({ verdict }) => verdict.verdict === wanted).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="outlast judge">\n',
    `  <testsuite name="${xmlText(history)}" tests="${judged.length}" failures="${number("invalid")}" errors="${number("unknown")}" skipped="0">\n`,
    ...judged.map((each) => caseXml(history, each)),
    "  </testsuite>\n</testsuites>\n",
  ].join("");
}
