// A drill as it happens, on standard error: one line an event, readable with and without a terminal.
import pc from "picocolors";
import type { OutlastEvent } from "../domain/event.ts";
import { eventWords } from "../evidence/event-words.ts";
import { countLoad, noLoad } from "./load-lines.ts";
import type { Moment } from "../drills/run-drill.ts";

const WIDTH = 8;

/** Seconds since the fault (with sign), or since the drill's start before there is one. */
function stamp(atNs: bigint, zeroNs: bigint | null): string {
  if (zeroNs === null) return "".padStart(WIDTH);
  const seconds = Number((atNs - zeroNs) / 1_000_000n) / 1000;
  return `${seconds < 0 ? "−" : "+"}${Math.abs(seconds).toFixed(2)} s`.padStart(WIDTH);
}

/** Which events are worth a line while one watches. */
function isNews(event: OutlastEvent): boolean {
  switch (event.event) {
    case "connections-reset":
      return event.count > 0;
    case "able-changed":
    case "member-exited":
    case "member-replaced":
    case "plane-repaired":
      return true;
    case "term-changed":
      return event.leader !== null;
    case "route-changed":
      return event.place.startsWith("gateway/");
    case "log":
      return event.level === "error";
    default:
      return false;
  }
}

export function liveOutput(write: (line: string) => void): (moment: Moment) => void {
  let faultNs: bigint | null = null;
  let lastLine = "";
  let load = noLoad;
  const say = (line: string) => {
    if (line !== lastLine) write(`${line}\n`);
    lastLine = line;
  };
  return (moment) => {
    switch (moment.kind) {
      case "phase":
        return say(pc.dim(`${"".padStart(WIDTH)}  ${moment.phase}`));
      case "target":
        return say(
          `${"".padStart(WIDTH)}  leader in ${moment.leader ?? "no site"}; the fault will hit ${moment.target.site}`,
        );
      case "fault":
        faultNs = moment.atNs;
        return say(pc.bold(pc.red(`${stamp(moment.atNs, moment.atNs)}  ${moment.words}`)));
      case "event": {
        const { event } = moment;
        const counted = countLoad(load, event);
        load = counted.state;
        if (counted.line !== null) say(`${stamp(BigInt(event.at), faultNs)}  ${counted.line}`);
        if (!isNews(event)) return;
        const { text, tone } = eventWords({ atMs: 0, ...event });
        const colour =
          tone === "bad" ? pc.red : tone === "good" ? pc.green : tone === "change" ? pc.yellow : pc.dim;
        return say(`${stamp(BigInt(event.at), faultNs)}  ${colour(`${event.place}: ${text}`)}`);
      }
      default:
        return moment satisfies never;
    }
  };
}
