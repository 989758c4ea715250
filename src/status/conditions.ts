// The three conditions, each with its reason and since when. Pure.
//
//   Available   somebody can commit now
//   Protected   what is acknowledged now survives the failures that the plan names
//   PeerReady   another site can take the primary's place now (distributed: serves beside it), and will by itself if the plan says so
import { STREAMS } from "../domain/facts.ts";
import type { Plan } from "../domain/plan.ts";
import type { Believed } from "./believed.ts";
import { reportOf, type SiteAnswer, statusOf } from "./site-answer.ts";
import { type Rule, type Standing, survivesWithout } from "./survival.ts";
import type { Certain, Condition, Phase, Survival } from "./workload-status.ts";

export interface Seen {
  readonly plan: Plan;
  readonly answers: readonly SiteAnswer[];
  readonly newest: Believed | null;
  readonly phase: Phase;
  readonly standings: readonly Standing[];
  readonly rule: Rule;
  readonly survives: readonly Survival[];
}

type Verdict = Omit<Condition, "type" | "lastTransitionTime">;

const STATUS = { yes: "True", no: "False", unknown: "Unknown" } as const satisfies Record<Certain, string>;
const say = (is: Certain, reason: string, message: string, ageMs: number | null = null): Verdict => ({
  status: STATUS[is],
  reason,
  message,
  ageMs,
});

const heldForMs = ({ answers }: Seen, site: string | null, fact: string): number | null =>
  statusOf(answers, site)?.heldForMs?.[fact] ?? null;

/** All of them are needed: since the last of them came. */
const youngest = (ages: readonly (number | null)[]): number | null =>
  ages.length === 0 || ages.includes(null) ? null : Math.min(...ages.map(Number));
/** Any of them spoils it: since the first of them did. */
const oldest = (ages: readonly (number | null)[]): number | null => {
  const known = ages.filter((age) => age !== null);
  return known.length === 0 ? null : Math.max(...known);
};

const silent = ({ answers }: Seen): string[] =>
  answers.flatMap(({ site, status }) => (status.kind === "unknown" ? [site] : []));
const words = (names: readonly string[]): string => (names.length === 0 ? "nobody" : names.join(", "));

export function available(seen: Seen): Verdict {
  const { plan, answers, newest, phase } = seen;
  const able = plan.sites.map(({ name }) => name).filter((name) => reportOf(answers, name)?.ableToCommit);
  const primary = newest?.record.primary ?? null;
  switch (phase) {
    case "serving":
      return newest === null
        ? say(
            "yes",
            "MajorityServes",
            `${words(able)} can commit`,
            oldest(able.map((site) => heldForMs(seen, site, "able-to-commit"))),
          )
        : say(
            "yes",
            "PrimaryServes",
            `${primary} serves epoch ${newest.record.epoch}`,
            heldForMs(seen, primary, "able-to-commit"),
          );
    case "taking-over":
      return say(
        "no",
        "TakingOver",
        `epoch ${newest?.record.epoch} is ${newest?.record.phase}: ${newest?.record.coordinator} leads the takeover`,
      );
    case "beginning":
      return say("no", "NobodyServedYet", "no epoch has been opened yet");
    case "stopped":
      return say(
        "no",
        primary === null ? "NobodyCanCommit" : "PrimaryCannotCommit",
        primary === null
          ? plan.sites
              .map(({ name }) => `${name}: ${reportOf(answers, name)?.because ?? "does not answer"}`)
              .join("; ")
          : `${primary}: ${reportOf(answers, primary)?.because ?? "no word"}`,
        heldForMs(seen, primary, "able-to-commit"),
      );
    case "unknown":
      return say("unknown", "NotKnown", `no answer from ${words(silent(seen))}; nobody else can tell`);
    default:
      return phase satisfies never;
  }
}

/** Promised domains; without any promise, a site. */
export const promisedDomains = ({ plan }: Pick<Seen, "plan">): readonly Survival["domain"][] => {
  const named = [...new Set(plan.objectives.map(({ survive }) => survive))];
  return named.length > 0 ? named : ["site"];
};

export function protectedNow(seen: Seen): Verdict {
  const { survives, standings, newest, rule } = seen;
  const domains = promisedDomains(seen);
  const needed = survives.filter(({ domain }) => domains.includes(domain));
  const is: Certain = needed.every(({ data }) => data >= 1)
    ? "yes"
    : needed.every(({ dataAtMost }) => dataAtMost >= 1)
      ? "unknown"
      : "no";
  const primary = newest?.record.primary ?? null;
  const others = standings.filter(({ site }) => site !== primary);
  const lacking = others.filter(({ data }) => data === "no").map(({ site }) => site);
  const streams = (sites: readonly string[]) => sites.map((site) => heldForMs(seen, primary, STREAMS + site));
  if (is === "unknown") return say(is, "NotKnown", `no answer from ${words(silent(seen))}`);
  if (rule.kind === "majority")
    return is === "yes"
      ? say(is, "MajorityToSpare", "each acknowledged write outlives the loss of any one member")
      : say(is, "NoMemberToSpare", `${words(lacking)}: not in contact with a majority`);
  const voters = (rule.voters ?? []).filter((site) =>
    others.some((each) => each.site === site && each.data === "yes"),
  );
  return is === "yes"
    ? say(
        is,
        "Replicated",
        rule.acknowledgements === 0
          ? `${words(others.filter(({ data }) => data === "yes").map(({ site }) => site))} lacks no more than the plan allows`
          : `each acknowledged write is on ${rule.acknowledgements} of ${words(voters)} too`,
        youngest(streams(voters)),
      )
    : say(is, "StandbyMissing", `${words(lacking)}: nothing arrives there`, oldest(streams(lacking)));
}

export function peerReady(seen: Seen): Verdict {
  const { plan, answers, newest, phase, standings, rule } = seen;
  if (rule.kind === "majority") return peerServes(seen);
  if (newest === null || phase === "beginning" || phase === "unknown")
    return say("unknown", "NotKnown", "nobody tells who is the primary");
  const { primary, paused } = newest.record;
  const automatic = plan.strategy.kind === "transaction-replication" && plan.strategy.trigger === "automatic";
  const ready = standings
    .filter(({ site, data }) => site !== primary && data === "yes" && statusOf(answers, site) !== null)
    .map(({ site }) => site);
  if (paused && automatic) return say("no", "Paused", "no takeover begins by itself until 'outlast resume'");
  const without = survivesWithout(primary, standings, rule);
  if (without === "no" || (without === "yes" && ready.length === 0)) {
    const votes = standings.filter(({ site, vote }) => site !== primary && vote !== "no").length;
    return votes * 2 <= standings.length
      ? say("no", "StoreMajorityGone", "without the primary's site the store has no majority")
      : say(
          "no",
          "NoStandbyReady",
          `without ${primary}, no site holds every acknowledged write and can commit`,
        );
  }
  if (without === "unknown") return say("unknown", "NotKnown", `no answer from ${words(silent(seen))}`);
  return say(
    "yes",
    automatic ? "StandbyReady" : "StandbyReadyForAPerson",
    `${words(ready)} can take over${automatic ? "" : " when a person says so"}`,
    youngest(ready.map((site) => heldForMs(seen, primary, STREAMS + site))),
  );
}

function peerServes(seen: Seen): Verdict {
  const { plan, answers } = seen;
  const told = plan.sites.map(({ name }) => ({ name, able: reportOf(answers, name)?.ableToCommit }));
  const able = told.filter((each) => each.able === true).map(({ name }) => name);
  const perhaps = told.filter((each) => each.able === undefined).length;
  if (able.length >= 2)
    return say(
      "yes",
      "PeersServe",
      `${words(able)} can commit`,
      youngest(able.map((site) => heldForMs(seen, site, "able-to-commit"))),
    );
  return able.length + perhaps >= 2
    ? say("unknown", "NotKnown", `no answer from ${words(silent(seen))}`)
    : say("no", "NoPeerServes", able.length === 0 ? "no site can commit" : `only ${words(able)} can commit`);
}
