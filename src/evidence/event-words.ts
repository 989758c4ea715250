// An event of a component as a sentence and as good, bad or neutral news. Pure.
import type { TimelineEvent } from "../domain/drill.ts";
import { duration } from "./quantity.ts";

export type EventTone = "bad" | "good" | "change" | "plain";

export interface EventWords {
  readonly text: string;
  readonly tone: EventTone;
}

const exit = (code: number | null, signal: string | null): string =>
  signal === null ? `ended with code ${code ?? "unknown"}` : `ended by ${signal}`;

function pairs(detail: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(detail).map(
    ([key, value]) => `${key} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return entries.length === 0 ? "" : ` (${entries.join(", ")})`;
}

const bad = (text: string): EventWords => ({ text, tone: "bad" });
const good = (text: string): EventWords => ({ text, tone: "good" });
const change = (text: string): EventWords => ({ text, tone: "change" });
const plain = (text: string): EventWords => ({ text, tone: "plain" });

function wordsOf(event: TimelineEvent): EventWords {
  switch (event.event) {
    case "started":
      return plain(`started, version ${event.version}`);
    case "stopping":
      return plain(`stopping: ${event.because}`);
    case "log":
      return event.level === "info" ? plain(event.message) : bad(`${event.level}: ${event.message}`);
    case "member-started":
      return plain(`${event.attached ? "found" : "started"} member ${event.member}`);
    case "member-exited":
      return bad(`member ${event.member} ${exit(event.code, event.signal)}`);
    case "member-moved":
      return change(`${event.member}: ${event.action}: ${event.what}`);
    case "epoch-changed":
      return change(
        `epoch ${event.epoch} ${event.phase}, led by ${event.phase === "sealing" ? event.coordinator : (event.primary ?? "nobody")}`,
      );
    case "workflow-step":
      return change(`${event.workflow}, ${event.step}: ${event.what}`);
    case "fence-opened":
      return good(`fence open for epoch ${event.epoch}`);
    case "fence-closed":
      return change(`fence of epoch ${event.epoch} closed`);
    case "member-ready":
      return good(`member ${event.member} ready as ${event.role}, term ${event.term}`);
    case "term-changed":
      return change(`term ${event.term}, leader ${event.leader ?? "unknown"} (says ${event.member})`);
    case "link-measured":
      return event.deviates
        ? bad(
            `finding: ${event.to} is ${event.measuredMs.toFixed(1)} ms away, the plan says ${event.plannedMs} ms`,
          )
        : good(`${event.to} is ${event.measuredMs.toFixed(1)} ms away, as the plan says`);
    case "replicas-changed": {
      const text = `epoch ${event.epoch}: ${event.keepingUp.join(", ") || "nobody"} keeps up with ${event.primary}`;
      return event.behind.length === 0 ? good(text) : bad(`${text}, ${event.behind.join(", ")} does not`);
    }
    case "member-replaced":
      return change(`member ${event.member} replaced: ${event.because}`);
    case "frontend-started":
      return plain("front-end started");
    case "frontend-exited":
      return bad(`front-end ${exit(event.code, event.signal)}`);
    case "able-changed":
      return event.able ? good(`can commit: ${event.because}`) : bad(`can't commit: ${event.because}`);
    case "site-health-changed": {
      const state = !event.reachable
        ? "not reachable"
        : event.able
          ? "reachable and able to commit"
          : "reachable, not able to commit";
      const text = `${event.site} ${state}: ${event.because}`;
      return event.reachable && event.able ? good(text) : bad(text);
    }
    case "route-changed": {
      const groups = event.groups.map(
        ({ region, sites, because }) => `${region} → ${sites.join(", ") || "nowhere"} (${because})`,
      );
      return change(`route ${event.serial}${event.held ? ", held" : ""}: ${groups.join("; ")}`);
    }
    case "route-applied":
      return change(`route ${event.serial} applied to ${event.plane} in ${duration(event.tookMs)}`);
    case "connections-reset":
      return change(`${event.count} connections to ${event.site} reset in ${duration(event.tookMs)}`);
    case "plane-repaired":
      return change(`${event.plane} repaired: ${event.because}`);
    case "fault-applied":
      return bad(`FAULT ${event.fault} at ${event.target}${pairs(event.detail)}`);
    case "fault-healed":
      return good(`HEALED ${event.fault} at ${event.target}: ${event.because}`);
    case "process-started":
      return plain(`process ${event.process} started`);
    case "process-exited":
      return bad(`process ${event.process} ${exit(event.code, event.signal)}`);
    case "first-success":
      return good(
        `first success of ${event.profile} clients in ${event.region} after ${event.afterFailures} failures`,
      );
    case "load-progress": {
      const counts = event.profiles.map(
        ({ profile, ok, fail, unknown }) => `${profile} ${ok} ok, ${fail + unknown} not`,
      );
      return plain(`clients in ${event.region}: ${counts.join("; ")}`);
    }
    default:
      event satisfies never;
      return plain("");
  }
}

const STAMP = new Set(["atMs", "at", "wall", "component", "place", "event"]);

/** An event of another version, or one that lacks a field, is shown as it is. */
export function eventWords(event: TimelineEvent): EventWords {
  const raw = (): EventWords => {
    const rest = Object.entries(event).filter(([key]) => !STAMP.has(key));
    return plain(`${event.event}${pairs(Object.fromEntries(rest))}`);
  };
  try {
    const words = wordsOf(event);
    return words.text === "" || words.text.includes("undefined") ? raw() : words;
  } catch {
    return raw(); // a list that is not there: events come from files, their bodies are not validated
  }
}
