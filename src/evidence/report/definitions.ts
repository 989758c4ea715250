// Foot of the page: what each number means, and how to get it again. Pure.
import type { DrillResult } from "../../domain/drill.ts";
import { duration } from "../quantity.ts";
import { type Html, html } from "./html.ts";

export function definitions({ metadata, spec }: DrillResult): Html {
  const { ratePerSecond, deadlineMs } = spec.load;
  const site = spec.site === null ? "" : ` --site ${spec.site}`;
  const controls = (spec.controls ?? []).map((control) => ` --unsafe-${control}`).join("");
  const resolution = 1000 / ratePerSecond;
  return html`<footer><h2>How it was measured</h2><dl>
<div><dt>Recovery time</dt><dd>From the mark taken before the fault to the start of the first 2 s window in which at least 99 % of the scheduled operations succeed within ${duration(deadlineMs)}. Resolution: one operation every ${duration(resolution)}. Counted are regions that still have their site, and clients that ask again where to go.</dd></div>
<div><dt>Failed in the whole drill</dt><dd>All outages together, of the counted region and profile where it was most; an outage when the site returns counts.</dd></div>
<div><dt>Lost</dt><dd>Acknowledged, and absent after the heal from the linearizable read-back or from any replica that has caught up. Unknown unless the read-back was complete.</dd></div>
<div><dt>Unknown</dt><dd>Written as such, and never counted as success.</dd></div>
<div><dt>Again</dt><dd><code>outlast drill run ${spec.scenario} -f plan.yaml${site} --seed ${spec.seed}${controls}</code></dd></div>
<div><dt>Raw data</dt><dd>Beside this page, in the folder ${metadata.id}: history.jsonl.gz (every operation), events.jsonl, result.json, prediction.json, environment.json, plan.yaml, logs.</dd></div>
</dl></footer>`;
}
