// Which labs run on this machine: read from the process table, so that nothing is left behind that could lie.
import { readdirSync, readFileSync } from "node:fs";
import { OutlastError } from "../domain/outcome.ts";
import { connectKeeper, type KeeperClient } from "./keeper-client.ts";

export interface FoundLab {
  readonly name: string;
  readonly keeperPid: number;
}

/** Labs of all users that this process may see, oldest first. */
export function findLabs(): FoundLab[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((pid) => {
      let argv: string[];
      try {
        argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      } catch {
        return []; // it ended while we looked
      }
      const verb = argv.indexOf("keeper");
      const isKeeper =
        verb > 0 && /\/cli\/main\.[jt]s$/.test(argv[verb - 1] ?? "") && argv[0]?.endsWith("node");
      const name = argv[argv.indexOf("--lab") + 1];
      return isKeeper && argv.includes("--lab") && name !== undefined ? [{ name, keeperPid: pid }] : [];
    });
}

/** The lab of that name, or the only one that runs. Throws LAB_NOT_FOUND or LAB_AMBIGUOUS (exit 2). */
export function connectLab(name: string | null): KeeperClient {
  const labs = findLabs();
  const found = name === null ? labs : labs.filter((lab) => lab.name === name);
  const [lab] = found;
  if (lab === undefined)
    throw new OutlastError(
      {
        code: "LAB_NOT_FOUND",
        definite: true,
        what: name === null ? "no lab is running" : `no lab named "${name}" is running`,
        where:
          labs.length === 0
            ? "this machine's process table"
            : `running: ${labs.map((one) => one.name).join(", ")}`,
        next: "start one: outlast lab up -f PLAN",
      },
      2,
    );
  if (found.length > 1)
    throw new OutlastError(
      {
        code: "LAB_AMBIGUOUS",
        definite: true,
        what: `${found.length} labs are running: ${found.map((one) => one.name).join(", ")}`,
        where: "this machine's process table",
        next: "say which one with --lab NAME",
      },
      2,
    );
  return connectKeeper(lab.name, lab.keeperPid);
}
