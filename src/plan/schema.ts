// The plan as it is written: the shape of the YAML file, with its defaults. Values that need more than one place to be
// judged (names, links, majorities, timings) are in rules.ts.
import { z } from "zod";
import { BANDWIDTH, DURATION, PERCENT, parseBandwidth, parseDurationMs, parseRatio } from "./units.ts";

const got = (input: unknown): string => {
  if (input === undefined) return "nothing";
  const text = JSON.stringify(input) ?? typeof input;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

/** A string that `holds`, described once for people and once (pattern) for editors. */
const text = (what: string, pattern: RegExp, holds: (value: string) => boolean = () => true) =>
  z
    .string({ error: (issue) => `expected ${what}, got ${got(issue.input)}` })
    .regex(pattern, { error: (issue) => `expected ${what}, got ${got(issue.input)}`, abort: true })
    .refine(holds, { error: (issue) => `expected ${what}, got ${got(issue.input)}` });

const duration = (example: string) =>
  text(`a duration such as "${example}"`, DURATION, (value) => parseDurationMs(value) !== null);
const positiveDuration = (example: string) =>
  text(`a duration over 0 such as "${example}"`, DURATION, (value) => (parseDurationMs(value) ?? 0) > 0);
const whole = (least: number, most: number) => {
  const message = (issue: { input?: unknown }) =>
    `expected a whole number from ${least} to ${most}, got ${got(issue.input)}`;
  return z.int({ error: message }).min(least, { error: message }).max(most, { error: message });
};
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, {
    error: (issue) =>
      `expected ${values.length === 1 ? "" : "one of "}${values.map((value) => `"${value}"`).join(", ")}, got ${got(issue.input)}`,
  });

const name = (what: string) =>
  text(
    `${what}: lower-case letters, digits and "-", at most 32, a letter first`,
    /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/,
  );
const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const address = text('an IPv4 address such as "10.0.0.1"', new RegExp(`^(?:${OCTET}\\.){3}${OCTET}$`));
const prefix = text(
  'an IPv4 prefix such as "10.1.0.0/16"',
  new RegExp(`^(?:${OCTET}\\.){3}${OCTET}/(?:3[0-2]|[12]?\\d)$`),
);
const port = whole(1, 65_535);
const words = z.record(z.string(), z.string());

const zone = z.strictObject({
  name: name("a zone's name"),
  nodes: z.array(name("a node's name")).default([]),
});

const site = z.strictObject({
  name: name("a site's name"),
  region: name("a region's name"),
  zones: z.array(zone).default([]),
  address: address.optional(),
});

const region = z.strictObject({
  name: name("a region's name"),
  gateway: address.optional(),
  prefixes: z.array(prefix).default([]),
});

const between = z
  .array(z.string({ error: (issue) => `expected a site's name, got ${got(issue.input)}` }), {
    error: (issue) => `expected two sites such as [paris, london], got ${got(issue.input)}`,
  })
  .length(2, { error: (issue) => `expected two sites such as [paris, london], got ${got(issue.input)}` });

const link = z.strictObject({
  between,
  roundTrip: duration("10ms"),
  jitter: duration("1ms").default("0s"),
  loss: text('a percentage such as "0.1%"', PERCENT, (value) => parseRatio(value) !== null).default("0%"),
  bandwidth: text(
    'a bandwidth such as "100Mbit/s"',
    BANDWIDTH,
    (value) => parseBandwidth(value) !== null,
  ).optional(),
});

const workload = z.strictObject({
  engine: oneOf(["etcd", "postgresql", "mariadb"]),
  version: text('a version such as "3.6.16", as a string', /^\d+(?:\.\d+){0,2}$/).optional(),
  replicas: whole(1, 9).optional(),
  heartbeat: positiveDuration("100ms").optional(),
  electionTimeout: positiveDuration("1s").optional(),
});

const KINDS = ["distributed", "transaction-replication"] as const;
const strategy = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("distributed"), consistency: oneOf(["strong"]) }),
    z.strictObject({
      kind: z.literal("transaction-replication"),
      mode: oneOf(["synchronous", "asynchronous"]),
      acknowledgements: whole(1, 8).optional(),
      candidates: z
        .array(z.string({ error: (issue) => `expected a site's name, got ${got(issue.input)}` }))
        .min(1, { error: "expected at least one candidate, or leave the key out" })
        .optional(),
      trigger: oneOf(["automatic", "human"]).default("automatic"),
    }),
  ],
  {
    error: (issue) => {
      const { kind } = (issue.input ?? {}) as { kind?: unknown };
      return `expected one of ${KINDS.map((each) => `"${each}"`).join(", ")}, got ${got(kind)}`;
    },
  },
);

const objective = z.strictObject({
  survive: oneOf(["node", "zone", "site", "region"]),
  recoveryTime: positiveDuration("5s"),
  recoveryPoint: duration("0s"),
});

const POLICY = "latency, { primarySecondary: [SITE, ...] } or { weighted: { SITE: WEIGHT } }";
const policy = z.union(
  [
    z.literal("latency"),
    z.strictObject({ primarySecondary: z.array(z.string()).min(1) }),
    z.strictObject({
      weighted: z.record(
        z.string(),
        z
          .number({ error: (issue) => `expected a weight from 0 to 1000000, got ${got(issue.input)}` })
          .min(0, { error: (issue) => `expected a weight from 0 to 1000000, got ${got(issue.input)}` })
          .max(1e6, { error: (issue) => `expected a weight from 0 to 1000000, got ${got(issue.input)}` }),
      ),
    }),
  ],
  { error: (issue) => `expected ${POLICY}, got ${got(issue.input)}` },
);

const health = z.strictObject({
  http: z
    .strictObject({ path: text('a path such as "/health/ready"', /^\/[!-~]*$/).default("/health/ready") })
    .optional(),
  tcp: z.strictObject({}).optional(),
  interval: positiveDuration("250ms").default("250ms"),
  timeout: positiveDuration("200ms").default("200ms"),
  fall: whole(1, 100).default(2),
  rise: whole(1, 100).default(3),
});

const balancer = z.strictObject({
  hostname: text(
    'a host name of at least two labels such as "ledger.example.test"',
    /^(?=.{3,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/,
  ),
  policy: policy.default("latency"),
  dns: z.strictObject({ ttl: duration("5s").default("5s") }).prefault({}),
  health: health.prefault({}),
  virtualAddress: address.default("10.79.0.1"),
  port: port.default(8080),
});

export const planDocument = z.strictObject({
  apiVersion: oneOf(["outlast.dev/v1alpha1"]),
  kind: oneOf(["RecoveryPlan"]),
  metadata: z.strictObject({
    name: name("the plan's name"),
    namespace: z.string().optional(),
    labels: words.optional(),
    annotations: words.optional(),
  }),
  spec: z.strictObject({
    sites: z.array(site).min(1, { error: "expected at least one site, got none" }),
    regions: z
      .array(region)
      .min(1, { error: "expected at least one region, or leave the key out" })
      .optional(),
    links: z.array(link).default([]),
    clientRoundTrip: duration("2ms").default("2ms"),
    workload,
    strategy,
    objectives: z.array(objective).min(1, { error: "expected at least one objective, got none" }),
    balancer,
  }),
});

/** The written plan with its defaults filled in. */
export type PlanDocument = z.output<typeof planDocument>;
