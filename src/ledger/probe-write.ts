// The probe behind readiness: one tiny write. Where only a primary commits the member is asked first what it is: a standby is
// told by what it is a standby of, and its log does not fill with refused writes.
import type { Outcome } from "../domain/outcome.ts";
import type { Plan } from "../domain/plan.ts";
import type { Answer, EngineClient, MemberRole } from "../engines/contract.ts";
import { STANDBY } from "./readiness.ts";

export async function probeWrite(
  own: Pick<EngineClient, "role">,
  plan: Plan,
  write: () => Promise<Outcome<Answer<unknown>>>,
  signal: AbortSignal,
): Promise<Outcome<Answer<unknown>>> {
  const role = await own.role?.(signal);
  if (role === undefined) return await write();
  if (role.kind !== "done")
    // A question has no unknown outcome, but one without an answer in time is silence, not a refusal.
    return signal.aborted ? { kind: "unknown", failure: { ...role.failure, definite: false } } : role;
  return role.value.primary ? await write() : standby(role.value, plan);
}

function standby({ source, term }: MemberRole, plan: Plan): Outcome<never> {
  const of = plan.sites.find(({ address }) => address === source)?.name ?? source;
  return {
    kind: "failed",
    failure: {
      code: STANDBY,
      definite: true,
      what: `standby of ${of ?? "nobody it can reach"} (epoch ${term})`,
      where: "the site's own member",
      next: "ask the primary's site",
    },
  };
}
