// What a result.json must look like to be shown. Files come from disk, from other versions and from other people:
// unknown fields are kept, wrong ones make the folder unreadable, and nothing here throws.
import { z } from "zod";
import type { DrillResult } from "../domain/drill.ts";

const ms = z.number().nullable();
const percentiles = z.looseObject({ p50: z.number(), p99: z.number(), max: z.number() });
const lateness = percentiles.extend({ p999: z.number() });

const event = z.looseObject({
  atMs: z.number(),
  at: z.string(),
  wall: z.string(),
  component: z.string(),
  place: z.string(),
  event: z.string(),
});

const operation = z.looseObject({
  process: z.number(),
  op: z.string(),
  invoked: z.number(),
  outcome: z.enum(["ok", "fail", "unknown"]),
});

const verdict = z.looseObject({
  model: z.string(),
  verdict: z.enum(["valid", "invalid", "unknown"]),
  reason: z.string(),
  witness: z.array(operation),
  statistics: z.record(z.string(), z.number()),
});

const scalar = z.union([z.number(), z.string()]);

const status = z.looseObject({
  phase: z.enum(["running", "complete", "aborted"]),
  objectiveMet: z.boolean().nullable(),
  objectives: z.array(
    z.looseObject({
      name: z.string(),
      unit: z.enum(["ms", "writes", "verdict"]),
      asked: scalar,
      measured: scalar.nullable(),
      met: z.boolean().nullable(),
    }),
  ),
  conclusive: z.boolean(),
  reasons: z.array(z.string()),
  recoveryTimeMs: z.looseObject({
    worst: ms,
    worstAt: z.looseObject({ region: z.string(), profile: z.string() }).nullable(),
    byRegion: z.record(z.string(), z.record(z.string(), ms)),
  }),
  failedMs: ms,
  outages: z.array(
    z.looseObject({ region: z.string(), profile: z.string(), fromAtMs: z.number(), toAtMs: ms }),
  ),
  breakdownMs: z.looseObject({ detect: ms, decide: ms, fence: ms, promote: ms, route: ms, reconnect: ms }),
  acknowledgedWrites: z.number().nullable(),
  lostAcknowledgedWrites: z.number().nullable(),
  recoveryPointMs: ms,
  restoredStateAgeMs: ms,
  timeToFullRedundancyMs: ms,
  verdicts: z.array(verdict),
  predicted: z
    .looseObject({
      recoveryTimeMs: ms,
      terms: z.array(z.looseObject({ name: z.string(), ms, because: z.string() })),
      digest: z.string(),
      writtenAt: z.string(),
    })
    .nullable(),
  latencyMs: z.looseObject({
    before: percentiles.nullable(),
    during: percentiles.nullable(),
    after: percentiles.nullable(),
  }),
  marks: z.array(
    z.looseObject({
      mark: z.enum(["fault", "heal", "event"]),
      name: z.string(),
      site: z.string().nullable(),
      atMs: z.number(),
    }),
  ),
  events: z.array(event),
  environment: z
    .looseObject({
      versions: z.record(z.string(), z.string()),
      engineSource: z.string().nullable(),
      cores: z.number(),
      kernel: z.string(),
      linkDriver: z.string().nullable(),
      relayLatenessMs: lateness.nullable(),
      generatorLatenessMs: lateness.nullable(),
      disks: z.array(z.string()),
      links: z.array(
        z.looseObject({
          between: z.tuple([z.string(), z.string()]),
          plannedRoundTripMs: z.number(),
          medianRoundTripMs: ms,
        }),
      ),
    })
    .nullable(),
});

const result = z.looseObject({
  apiVersion: z.literal("outlast.dev/v1alpha1"),
  kind: z.literal("DrillResult"),
  metadata: z.looseObject({
    id: z.string(),
    planName: z.string(),
    planDigest: z.string(),
    start: z.string(),
    series: z.looseObject({ id: z.string(), run: z.number(), of: z.number() }).nullable(),
  }),
  spec: z.looseObject({
    scenario: z.string(),
    site: z.string().nullable(),
    load: z.looseObject({
      ratePerSecond: z.number(),
      deadlineMs: z.number(),
      profiles: z.array(z.string()),
    }),
    seed: z.number(),
  }),
  status,
});

export type ParsedResult =
  | { readonly kind: "result"; readonly result: DrillResult }
  | { readonly kind: "unreadable"; readonly because: string };

export function parseResult(text: string): ParsedResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "unreadable", because: `result.json is not JSON (${text.length} characters)` };
  }
  const parsed = result.safeParse(value);
  if (parsed.success) return { kind: "result", result: value as DrillResult }; // as written: parsing would reorder its fields
  const [first] = parsed.error.issues;
  const path = first?.path.map(String).join(".") ?? "";
  return {
    kind: "unreadable",
    because: `result.json: ${path === "" ? "top level" : path}: ${first?.message}`,
  };
}
