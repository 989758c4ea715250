// HTML by tagged template: every value is escaped unless it is HTML already, so that no name, reason or log line of a
// drill can become markup. Pure.

export interface Html {
  readonly html: string;
}

type Part = Html | string | number | null | false | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? "");

function render(part: Part): string {
  if (part === null || part === false) return "";
  if (typeof part === "string") return escapeHtml(part);
  if (typeof part === "number") return String(part);
  return "html" in part ? part.html : part.map(render).join("");
}

/** null and false render as nothing, lists one after another. Attribute values must stand in double quotes. */
export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: texts
    .map((text, index) => text + (index < parts.length ? render(parts[index] ?? null) : ""))
    .join(""),
});

/** For markup made elsewhere in this folder. Never for anything that comes from a drill. */
export const trusted = (markup: string): Html => ({ html: markup });

/** JSON that can't end its script element, nor break a script that reads it. */
export const safeJson = (value: unknown): string =>
  JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
