// The lines of a demonstration that tell its story, and what of them is the same in every run.

const STORY = [
  /^Outlast:/,
  /^\d+ sites,/,
  /^a gateway and clients/,
  /^Act \d/,
  /^\s*\+0\.00 s/,
  / lost\. | cut off from the other sites\. /,
  /^With a port check/,
  /^Objectives/,
  /^Report:/,
  /^Next:/,
];
// biome-ignore format: one pattern
const COLOUR = /\x1b\[\d+m/g; // oxlint-disable-line no-control-regex

/** Colours away, the evidence folder shortened, only the lines that tell the story. */
export function storyOf(output: string): string[] {
  return output
    .replace(COLOUR, "")
    .split("\n")
    .filter((line) => STORY.some((pattern) => pattern.test(line)))
    .map((line) =>
      line
        .trimEnd()
        .replace(/^Report: .*\/evidence\//, "Report: evidence/")
        .replace(/ Inconclusive: .*$/, ""),
    );
}

/** Figures, sites and ids differ from run to run, and on a busy machine what can be said of the time; the rest must not. */
export function sameInEveryRun(line: string): string {
  return line
    .replace(/ \([^)]*in the whole drill\)|, until the fault was healed/, "")
    .replace(/Report: .*\/report\.html/, "Report: FILE")
    .replace(
      /Clients failed for [^.]*\d[^.]*\.\d* ?m?s\.|Clients failed for \d+ ms\.|Recovery time unknown\.|Clients did not recover while watched\.|No client failed\./,
      "CLIENTS.",
    )
    .replace(/for unknown/g, "for TIME ")
    .replace(/paris|frankfurt|london/gi, "SITE")
    .replace(/\d[\d\s,.]*( ms| s\b)/g, "TIME ")
    .replace(/\d[\d\s]*\d|\d/g, "N")
    .replace(/\s+/g, " ")
    .replace(/: (met|MISSED|inconclusive)\./, ": RESULT.")
    .trim();
}
