// What is done to a workload, as data: a closed union of steps and, for each workflow, which of them in which order. The steps
// carry no code; performers (agent/) are asked isDone and told to perform. Takeover's own swaps are decided in decide.ts: the
// steps here are what people see of them, and what another agent goes on with.
export type WorkflowKind =
  | "failover"
  | "switchover"
  | "failback"
  | "fence"
  | "unfence"
  | "pause"
  | "resume"
  | "reinitialise";

export type Step =
  /** The loss is known and within the budget, or a human has accepted it. */
  | { readonly kind: "judge-loss" }
  /** A checkpoint at the old primary, so that its shutdown is quick. */
  | { readonly kind: "checkpoint"; readonly site: string }
  /** Balancers send no new work to the site; front-ends refuse definitely; then nothing is under way. */
  | { readonly kind: "drain"; readonly site: string }
  /** The holder has closed its fence, provably, and given its lease to the target. */
  | { readonly kind: "release"; readonly from: string; readonly to: string }
  | { readonly kind: "shut-down"; readonly site: string }
  | { readonly kind: "swap-epoch"; readonly coordinator: string }
  | { readonly kind: "seal" }
  /** null: the highest of the sealed. */
  | { readonly kind: "promote"; readonly site: string | null }
  | { readonly kind: "protect" }
  | { readonly kind: "open" }
  | { readonly kind: "switch-route" }
  /** Rewound or seeded, divergent writes extracted first, following the primary of the epoch. */
  | { readonly kind: "reattach"; readonly site: string }
  | { readonly kind: "extract-divergent"; readonly site: string }
  | { readonly kind: "empty"; readonly site: string }
  | { readonly kind: "seed"; readonly site: string }
  | { readonly kind: "close-fence"; readonly site: string }
  /** Every member's epoch has been shown to the human who asked. */
  | { readonly kind: "show-epochs" }
  | { readonly kind: "allow-fence"; readonly site: string }
  | { readonly kind: "set-paused"; readonly paused: boolean };

export type StepKind = Step["kind"];

export interface WorkflowRequest {
  readonly kind: WorkflowKind;
  /** Who serves, or who is meant. */
  readonly from: string;
  /** null: the highest sealed site. */
  readonly to: string | null;
  readonly coordinator: string;
}

const TAKEOVER = ({ to }: WorkflowRequest): Step[] => [
  { kind: "seal" },
  { kind: "promote", site: to },
  { kind: "protect" },
  { kind: "open" },
  { kind: "switch-route" },
];

const moved = (request: WorkflowRequest): Step[] => {
  const { from, to } = request;
  if (to === null) throw new RangeError(`a ${request.kind} names its target`);
  return [
    { kind: "checkpoint", site: from },
    { kind: "drain", site: from },
    { kind: "release", from, to },
    { kind: "shut-down", site: from },
    { kind: "swap-epoch", coordinator: to },
    ...TAKEOVER(request),
    { kind: "reattach", site: from },
  ];
};

const STEPS: Readonly<Record<WorkflowKind, (request: WorkflowRequest) => readonly Step[]>> = {
  failover: (request) => [
    { kind: "judge-loss" },
    { kind: "swap-epoch", coordinator: request.coordinator },
    ...TAKEOVER(request),
  ],
  switchover: moved,
  failback: (request) => [{ kind: "reattach", site: request.to ?? request.from }, ...moved(request)],
  fence: ({ from }) => [{ kind: "close-fence", site: from }],
  unfence: ({ from }) => [{ kind: "show-epochs" }, { kind: "allow-fence", site: from }],
  pause: () => [{ kind: "set-paused", paused: true }],
  resume: () => [{ kind: "set-paused", paused: false }],
  reinitialise: ({ from }) => [
    { kind: "extract-divergent", site: from },
    { kind: "empty", site: from },
    { kind: "seed", site: from },
    { kind: "reattach", site: from },
  ],
};

export const stepsOf = (request: WorkflowRequest): readonly Step[] => STEPS[request.kind](request);

/** From here on a human can't cancel: the old primary's renewals fail. */
export const pointOfNoReturn = (steps: readonly Step[]): number => {
  const at = steps.findIndex(({ kind }) => kind === "swap-epoch" || kind === "empty");
  return at < 0 ? steps.length : at;
};
