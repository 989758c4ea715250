// What makes each alert fire, as data: values of a healthy workload, and what is otherwise during the fault. promtool plays them.
const SITES = ["paris", "frankfurt", "london"] as const;
export type Series = Readonly<Record<string, number | null>>;

const at = (site: string, index: number) =>
  `site="${site}",job="outlast-agent",instance="10.77.${index + 1}.1:7400"`;
/** The name of one agent's series. */
export const of = (name: string, site: (typeof SITES)[number], more = ""): string =>
  `${name}{${at(site, SITES.indexOf(site))}${more}}`;
const up = (index: number) => `up{job="outlast-agent",instance="10.77.${index + 1}.1:7400"}`;

const everywhere = (name: string, value: number): Series =>
  Object.fromEntries(SITES.map((site) => [of(name, site), value]));
const workload = (name: string, labels = ""): string => `${name}{job="outlast-status"${labels}}`;

const STATUS: Series = {
  'up{job="outlast-status"}': 1,
  [workload("outlast_survivable_failures", ',domain="site"')]: 1,
  [workload("outlast_survivable_failures_at_most", ',domain="site"')]: 1,
  [workload("outlast_survivable_failures_promised", ',domain="site"')]: 1,
  [workload("outlast_condition", ',type="Protected",status="False"')]: 0,
  [workload("outlast_condition", ',type="PeerReady",status="False"')]: 0,
};

const MEMBERS: Series = {
  [up(0)]: 1,
  [up(1)]: 1,
  [up(2)]: 1,
  ...everywhere("outlast_able_to_commit", 1),
  ...everywhere("outlast_member_up", 1),
  ...everywhere("outlast_member_in_contact", 1),
  ...everywhere("outlast_epoch", 7),
};

/** Consensus is the engine's. */
export const DISTRIBUTED: Series = { ...STATUS, ...MEMBERS };

/** paris is the primary. */
export const REPLICATED: Series = {
  ...DISTRIBUTED,
  [of("outlast_able_to_commit", "frankfurt")]: 0,
  [of("outlast_able_to_commit", "london")]: 0,
  ...everywhere("outlast_epoch_opened", 1),
  ...everywhere("outlast_is_primary", 0),
  [of("outlast_is_primary", "paris")]: 1,
  ...everywhere("outlast_fence_open", 0),
  [of("outlast_fence_open", "paris")]: 1,
  ...everywhere("outlast_lease_age_seconds", 0.1),
  ...everywhere("outlast_lease_lifetime_seconds", 1),
  ...everywhere("outlast_store_member_in_contact", 1),
  ...everywhere("outlast_store_read_age_seconds", 0.05),
  ...everywhere("outlast_paused", 0),
  ...everywhere("outlast_distrusts_store", 0),
  ...everywhere("outlast_workflow_running", 0),
  [of("outlast_synchronous_standbys_spare", "paris")]: 1,
  [of("outlast_synchronous_standbys_needed", "paris")]: 1,
  [of("outlast_standby_streaming", "paris", ',standby="frankfurt"')]: 1,
  [of("outlast_standby_streaming", "paris", ',standby="london"')]: 1,
  [of("outlast_standby_lag_seconds", "paris", ',standby="frankfurt"')]: 0,
  [of("outlast_standby_lag_seconds", "paris", ',standby="london"')]: 0.01,
  [workload("outlast_lag_bound_seconds")]: 10,
};

export interface RuleCase {
  readonly healthy: Series;
  /** null: it is not told any more. */
  readonly fault: Series;
  /** Of the rule's `for`, and a little. */
  readonly firesWithinS: number;
}

const replicated = (fault: Series, firesWithinS = 5): RuleCase => ({
  healthy: REPLICATED,
  fault,
  firesWithinS,
});
const distributed = (fault: Series): RuleCase => ({ healthy: DISTRIBUTED, fault, firesWithinS: 5 });

/** Everything that an agent tells is gone with it. */
const gone = (site: (typeof SITES)[number]): Series => ({
  ...Object.fromEntries(
    Object.keys(REPLICATED)
      .filter((name) => name.includes(`{${at(site, SITES.indexOf(site))}`))
      .map((name) => [name, null]),
  ),
  [up(SITES.indexOf(site))]: 0,
});

export const RULE_CASES: Readonly<Record<string, readonly RuleCase[]>> = {
  OutlastAgentDown: [replicated(gone("london"))],
  OutlastStatusDown: [replicated({ 'up{job="outlast-status"}': 0 })],
  OutlastMemberDown: [
    replicated({ [of("outlast_member_up", "london")]: 0, [of("outlast_member_in_contact", "london")]: 0 }),
  ],
  OutlastMemberCutOff: [distributed({ [of("outlast_member_in_contact", "london")]: 0 })],
  OutlastNoSpareMember: [
    distributed({ [of("outlast_member_in_contact", "london")]: 0 }),
    distributed({ [of("outlast_member_in_contact", "london")]: null, [up(2)]: 0 }),
    distributed(everywhere("outlast_member_in_contact", 0)),
  ],
  OutlastStandbyNotStreaming: [
    replicated({ [of("outlast_standby_streaming", "paris", ',standby="london"')]: 0 }),
  ],
  OutlastNoSpareStandby: [replicated({ [of("outlast_synchronous_standbys_spare", "paris")]: 0 })],
  OutlastLagOverBound: [
    replicated({ [of("outlast_standby_lag_seconds", "paris", ',standby="london"')]: 11 }),
  ],
  OutlastStoreMemberDown: [replicated({ [of("outlast_store_member_in_contact", "london")]: 0 })],
  OutlastStoreNoSpareMember: [
    replicated({ [of("outlast_store_member_in_contact", "london")]: 0 }),
    replicated(gone("london")),
    replicated(everywhere("outlast_store_member_in_contact", 0)),
  ],
  OutlastStoreNotRead: [replicated({ [of("outlast_store_read_age_seconds", "paris")]: 4 })],
  OutlastStoreDistrusted: [replicated({ [of("outlast_distrusts_store", "paris")]: 1 })],
  OutlastNobodyCanCommit: [
    replicated({ [of("outlast_able_to_commit", "paris")]: 0 }),
    replicated({ ...gone("paris"), ...gone("frankfurt"), ...gone("london") }),
  ],
  OutlastLeaseNotRenewed: [replicated({ [of("outlast_lease_age_seconds", "frankfurt")]: 1.5 })],
  OutlastPrimaryFenceClosed: [
    replicated({ [of("outlast_fence_open", "paris")]: 0, [of("outlast_able_to_commit", "paris")]: 0 }),
  ],
  OutlastTwoFencesOpen: [replicated({ [of("outlast_fence_open", "london")]: 1 })],
  OutlastEpochsDisagree: [
    replicated({ [of("outlast_epoch", "frankfurt")]: 8, [of("outlast_epoch", "london")]: 8 }),
  ],
  OutlastTakeoverStuck: [replicated(everywhere("outlast_epoch_opened", 0), 12)],
  OutlastPausedTooLong: [replicated(everywhere("outlast_paused", 1), 902)],
  OutlastWorkflowTooLong: [replicated(everywhere("outlast_workflow_running", 1), 602)],
  OutlastPromiseNotKept: [
    replicated({
      [workload("outlast_survivable_failures", ',domain="site"')]: 0,
      [workload("outlast_survivable_failures_at_most", ',domain="site"')]: 0,
    }),
  ],
  OutlastPromiseUnknown: [replicated({ [workload("outlast_survivable_failures", ',domain="site"')]: 0 })],
  OutlastNotProtected: [
    replicated({ [workload("outlast_condition", ',type="Protected",status="False"')]: 1 }),
  ],
  OutlastPeerNotReady: [
    replicated({ [workload("outlast_condition", ',type="PeerReady",status="False"')]: 1 }),
  ],
};

/** Faults that an alert must not take for its own. */
export const OTHERS: readonly { readonly alert: string; readonly fault: Series; readonly why: string }[] = [
  {
    alert: "OutlastPrimaryFenceClosed",
    why: "a primary that was replaced while it was cut off",
    fault: {
      [of("outlast_fence_open", "paris")]: 0,
      [of("outlast_epoch", "frankfurt")]: 8,
      [of("outlast_epoch", "london")]: 8,
    },
  },
  {
    alert: "OutlastLeaseNotRenewed",
    why: "an agent that can't read the store",
    fault: {
      [of("outlast_lease_age_seconds", "london")]: 9,
      [of("outlast_store_read_age_seconds", "london")]: 9,
    },
  },
  {
    alert: "OutlastNoSpareMember",
    why: "one member of a replicated workload",
    fault: { [of("outlast_member_in_contact", "london")]: 0 },
  },
];
