// Verdicts as one page: a file that asks nothing of anywhere, readable by somebody who never saw a history. Pure.
import type { Verdict, VerdictTable } from "../../domain/verdict.ts";
import { count } from "../quantity.ts";
import { type Html, html, trusted } from "../report/html.ts";
import { STYLE } from "../report/style.ts";
import { chartSection } from "./chart-section.ts";
import type { Judged } from "./judged.ts";
import { VERDICT_STYLE } from "./style.ts";

const ROWS_MAX = 200;
const BADGE = { valid: "✓ valid", invalid: "✕ invalid", unknown: "? unknown" } as const;
const MEANING = {
  valid: "Nothing in this history contradicts it.",
  invalid: "That is not so in this history.",
  unknown: "That could not be decided, which is not a success.",
} as const;

const className = (verdict: Verdict["verdict"]) => (verdict === "unknown" ? "open" : verdict);

function cell(value: string | number | null): Html {
  if (typeof value === "string") return html`<td>${value}</td>`;
  return html`<td class="number">${value === null ? "unknown" : Number.isInteger(value) ? count(value) : String(value)}</td>`;
}

function table({ title, columns, rows }: VerdictTable): Html {
  const numeric = columns.map((_, index) => rows.every((row) => typeof row[index] !== "string"));
  return html`<h3>${title}</h3><div class="scroll tall" tabindex="0" role="region" aria-label="${title}"><table><thead><tr>${columns.map((column, index) => html`<th scope="col"${numeric[index] === true ? trusted(' class="number"') : null}>${column}</th>`)}</tr></thead><tbody>${rows
    .slice(0, ROWS_MAX)
    .map(
      (row) => html`<tr>${row.map(cell)}</tr>`,
    )}</tbody></table></div>${rows.length > ROWS_MAX ? html`<p class="note">and ${rows.length - ROWS_MAX} more rows</p>` : null}`;
}

/** staleForMs → stale for (ms); names of anomalies stay as they are. */
const figureWords = (name: string): string =>
  /^[a-z]+([A-Z][a-z]+)+$/.test(name)
    ? name
        .replace(/(Ms|Ns)$/, (unit) => ` (${unit.toLowerCase()})`)
        .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    : name;

function section(judged: Judged, index: number, all: readonly Judged[]): Html {
  const { model, verdict, reason, statistics, tables = [] } = judged.verdict;
  const figures = Object.entries(statistics);
  const firstDrawn = all.findIndex((each) => each.verdict.witness.length > 0);
  return html`<section class="${verdict}-page long" aria-labelledby="v${index}"><h2 id="v${index}">${all.length === 1 ? "Why" : html`<span class="badge ${className(verdict)}">${BADGE[verdict]}</span> ${model}`}</h2>
<p class="note">What is judged: ${judged.summary}. ${MEANING[verdict]}</p>
<p>${reason}</p>
${chartSection(judged, index === firstDrawn)}
${tables.map(table)}
${figures.length === 0 ? null : html`<h3>Figures</h3><dl class="pairs">${figures.map(([name, value]) => html`<dt>${figureWords(name)}</dt><dd>${Number.isInteger(value) ? count(value) : String(value)}</dd>`)}</dl>`}
</section>`;
}

const worst = (judged: readonly Judged[]): Verdict["verdict"] =>
  (["invalid", "unknown"] as const).find((each) => judged.some(({ verdict }) => verdict.verdict === each)) ??
  "valid";

export function judgedPage(history: string, judged: readonly Judged[], version: string): string {
  const overall = worst(judged);
  const policy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
  const counts = (["valid", "invalid", "unknown"] as const)
    .map((each) => ({ each, number: judged.filter(({ verdict }) => verdict.verdict === each).length }))
    .filter(({ number }) => number > 0)
    .map(({ each, number }) => `${number} ${each}`);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>${overall} – ${history}</title><style>${trusted(STYLE)}${trusted(VERDICT_STYLE)}</style></head>
<body>
<header class="top"><div class="kicker"><b>Outlast judge</b><span class="mono">${history}</span></div>
<div class="verdict"><h1>${judged.length === 1 ? (judged[0]?.verdict.model ?? "") : `${judged.length} models`}</h1><span class="badge ${className(overall)}">${judged.length === 1 ? BADGE[overall] : counts.join(", ")}</span></div></header>
<main>
${judged.map(section)}
</main>
<footer><p>Judged from what clients recorded, by outlast ${version}. A verdict of “valid” speaks of this history only; “unknown” is never a success.</p></footer>
</body></html>
`;
  return page.html;
}
