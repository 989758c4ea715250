// Samples in Prometheus' text format (version 0.0.4), HELP and TYPE once a name, in the table's order.
import { METRICS, type MetricName } from "./metric-table.ts";

export interface Sample {
  readonly name: MetricName;
  readonly labels?: Readonly<Record<string, string>>;
  /** null: not known; then it is left out, for an old value would look like a new one. */
  readonly value: number | boolean | null;
}

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const escaped = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

export function metricsText(samples: readonly Sample[]): string {
  const lines: string[] = [];
  for (const [name, { help }] of Object.entries(METRICS)) {
    const known = samples.filter((sample) => sample.name === name && sample.value !== null);
    if (known.length === 0) continue;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
    for (const { labels = {}, value } of known) {
      const words = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
      lines.push(`${name}${words.length === 0 ? "" : `{${words.join(",")}}`} ${Number(value)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
