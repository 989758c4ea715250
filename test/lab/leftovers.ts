// What a lab could leave behind: its processes (by their command line), interfaces, mounts and loop devices of this
// machine, files in the temporary folders. Taken before and after, compared by equality.
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { run } from "../../src/runtime/process.ts";

function stateOf(pid: string): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  } catch {
    return null;
  }
}

/** Living processes of labs: keepers, relays and everything that only a lab starts. Zombies wait for their parent, not for us. */
export function labProcesses(lab: string): string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      let text = "";
      try {
        text = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return []; // ended while we looked
      }
      const environment = (() => {
        try {
          return readFileSync(`/proc/${pid}/environ`, "utf8");
        } catch {
          return "";
        }
      })();
      const ours = text.includes(`--lab ${lab}`) || environment.includes(`OUTLAST_LAB=${lab}\0`);
      const state = stateOf(pid);
      return ours && state !== null && state !== "Z" ? [`${pid} ${text}`] : [];
    });
}

export async function machineState(): Promise<{
  interfaces: string;
  mounts: string;
  rules: string;
  files: string[];
  loops: string;
}> {
  const interfaces = await run(["ip", "-o", "link"]);
  const namespaces = await run(["ip", "netns", "list"]);
  const rules = await run(["sh", "-c", "nft list tables 2>/dev/null || true"]);
  return {
    interfaces: interfaces.stdout.replace(/ qlen \d+/g, "") + namespaces.stdout,
    mounts: readFileSync("/proc/self/mounts", "utf8"),
    rules: rules.stdout,
    files: [...readdirSync(tmpdir()), ...readdirSync("/var/tmp")]
      .filter((name) => /outlast-lab|^\.outlast-/.test(name))
      .sort(),
    loops: (await run(["sh", "-c", "losetup --list 2>/dev/null | grep outlast || true"])).stdout,
  };
}
