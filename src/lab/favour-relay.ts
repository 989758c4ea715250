// The relay stands for wires: it must not be late because the machine's processes are busy. Root raises its priority from
// outside; inside its user namespace nobody may. The load generators keep theirs, or they would take from the very
// processes they measure (docs/adr/0002). How late both were is measured either way.
import { readdirSync, readFileSync } from "node:fs";
import { raisePriority } from "../runtime/process.ts";
import { isNamed } from "./keeper/place.ts";

const NICENESS = -10;

/** How many processes got it: 1, or 0 for an ordinary user. */
export function favourRelay(lab: string): number {
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
    if (isNamed(argv, "relay") && raisePriority(Number(pid), NICENESS)) raised += 1;
  }
  return raised;
}
