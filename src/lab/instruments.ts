// The relay and the load generators are the measuring instruments: they must not be late because what they measure is
// busy. Root raises their priority from outside; inside its user namespace nobody may. How late they were is measured
// either way.
import { readdirSync, readFileSync } from "node:fs";
import { raisePriority } from "../runtime/process.ts";
import { isNamed } from "./keeper/place.ts";

const INSTRUMENTS = ["relay", "load"] as const;
const NICENESS = -10;

/** Asked again when new ones have been started. How many processes got it. */
export function favourInstruments(lab: string): number {
  let raised = 0;
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    let argv: string[];
    let environment: string;
    try {
      argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      environment = readFileSync(`/proc/${pid}/environ`, "utf8");
    } catch {
      continue; // it ended while we looked, or it is somebody else's
    }
    if (!environment.includes(`OUTLAST_LAB=${lab}\0`) || argv[0]?.endsWith("nsenter")) continue;
    if (INSTRUMENTS.some((name) => isNamed(argv, name)) && raisePriority(Number(pid), NICENESS)) raised += 1;
  }
  return raised;
}
