// Which promise is the strongest that a history of registers does not refute? Each of these implies those it points to:
//   linearizable → sequential → causal convergence (CCv) → causal (CC) → read-your-writes
//                                          └→ all four session guarantees → each of them
// Not refuted is not proven: another history of the same system may refute it.
import type { Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { CAUSAL, CAUSAL_CONVERGENCE, judgeCausal, judgeCausalConvergence } from "./causal.ts";
import type { Limits } from "./limits.ts";
import { judgeLinearizableRegister, LINEARIZABLE_REGISTER } from "./linearizable-register.ts";
import { REGISTER } from "./models/register.ts";
import { judgeSequential, SEQUENTIAL } from "./sequential.ts";
import { withUncertainty } from "./uncertain-clocks.ts";
import { judgeSessions, SESSION_MODELS, SESSIONS } from "./sessions.ts";

export const STRONGEST = "strongest";

interface Rung {
  readonly model: string;
  readonly implies: readonly string[];
  readonly judge: (operations: readonly Operation[], limits: Limits, uncertaintyNs: number) => Verdict;
}

const RUNGS: readonly Rung[] = [
  {
    model: LINEARIZABLE_REGISTER,
    implies: [SEQUENTIAL],
    judge: (operations, limits, uncertaintyNs) =>
      withUncertainty(
        { header: { history: "outlast/v1", origin: "", uncertaintyNs }, operations, marks: [] },
        (history) => judgeLinearizableRegister(history.operations, limits),
      ),
  },
  {
    model: SEQUENTIAL,
    implies: [CAUSAL_CONVERGENCE],
    judge: (operations, limits) => judgeSequential(REGISTER, operations, limits),
  },
  { model: CAUSAL_CONVERGENCE, implies: [CAUSAL, SESSIONS], judge: judgeCausalConvergence },
  { model: CAUSAL, implies: ["read-your-writes"], judge: judgeCausal },
  {
    model: SESSIONS,
    implies: SESSION_MODELS,
    judge: (operations) => judgeSessions(SESSIONS, operations),
  },
  ...SESSION_MODELS.map(
    (model): Rung => ({ model, implies: [], judge: (operations) => judgeSessions(model, operations) }),
  ),
];

/** All that a model implies, itself included. */
function weakerThan(model: string): Set<string> {
  const found = new Set([model]);
  for (const each of found)
    for (const rung of RUNGS) if (rung.model === each) for (const weaker of rung.implies) found.add(weaker);
  return found;
}

/** valid: something holds, and the reason says what; invalid: not even one session guarantee does. */
export function judgeStrongest(operations: readonly Operation[], limits: Limits, uncertaintyNs = 0): Verdict {
  const verdicts = new Map<string, Verdict>();
  const implied = new Set<string>();
  for (const { model, judge } of RUNGS) {
    if (implied.has(model)) continue;
    const verdict = judge(operations, limits, uncertaintyNs);
    verdicts.set(model, verdict);
    if (verdict.verdict === "valid") for (const weaker of weakerThan(model)) implied.add(weaker);
  }
  const named = (wanted: Verdict["verdict"]) =>
    RUNGS.filter(({ model }) => verdicts.get(model)?.verdict === wanted).map(({ model }) => model);
  const held = named("valid");
  const refuted = named("invalid");
  const open = named("unknown");
  /** Only what nothing undecided or held implies is the strongest. */
  const strongest = held.filter(
    (model) => !held.some((other) => other !== model && weakerThan(other).has(model)),
  );
  const above = open.filter((model) => !held.some((other) => weakerThan(other).has(model)));
  const lastRefuted = refuted.at(-1);
  const why = lastRefuted === undefined ? undefined : verdicts.get(lastRefuted);
  const words = [
    held.length === 0 ? "nothing was found to hold" : `strongest not refuted: ${strongest.join(" and ")}`,
    ...(refuted.length === 0 ? [] : [`refuted: ${refuted.join(", ")}`]),
    ...(above.length === 0
      ? []
      : [`undecided: ${above.map((model) => `${model} (${verdicts.get(model)?.reason ?? ""})`).join(", ")}`]),
    ...(why === undefined ? [] : [`${lastRefuted}: ${why.reason}`]),
  ];
  return {
    model: STRONGEST,
    verdict: above.length > 0 ? "unknown" : held.length > 0 ? "valid" : "invalid",
    reason: words.join("; "),
    witness: why?.witness ?? [],
    statistics: { held: implied.size, refuted: refuted.length, undecided: above.length },
    tables: [
      {
        title: "From the strongest down",
        columns: ["model", "verdict"],
        rows: RUNGS.map(({ model }) => [
          model,
          verdicts.get(model)?.verdict ?? "not refuted: implied by a stronger one",
        ]),
      },
    ],
  };
}
