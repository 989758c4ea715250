// Rows of text aligned in columns, for terminals. Pure.

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const all = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) => Math.max(...all.map((row) => (row[index] ?? "").length)));
  const line = (row: readonly string[]) =>
    columns
      .map(({ align }, index) => {
        const text = row[index] ?? "";
        const width = widths[index] ?? 0;
        return align === "right" ? text.padStart(width) : text.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return all.map((row) => `${line(row)}\n`).join("");
}
