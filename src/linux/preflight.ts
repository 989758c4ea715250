// What a lab needs of this machine, found out by really making it once: namespaces, a veth, a vxlan, an nft rule. Everything
// that is missing is named at once, each with its ways out. Nothing is left: what was made dies with its namespaces.
import { writeFile } from "node:fs/promises";
import { arch, platform } from "node:os";
import { join } from "node:path";
import type { Failure } from "../domain/outcome.ts";
import { makeFolder, readText, removeTree } from "../runtime/files.ts";
import { fileFailure } from "../runtime/install.ts";
import { newId } from "../runtime/random.ts";
import { run } from "../runtime/process.ts";
import { OF_LABS, provideTools } from "./tools.ts";

export interface Preflight {
  /** What was tried and works, in words. */
  readonly works: readonly string[];
  readonly missing: readonly Failure[];
}

/** Said by the trial inside new namespaces, one line a step: "ok STEP" or "no STEP its words". */
const STEPS: Readonly<Record<string, { readonly words: string; readonly next: string }>> = {
  tmpfs: {
    words: "a tmpfs in a new mount namespace",
    next: "allow mounts in user namespaces (containers: --security-opt seccomp=unconfined, or --privileged)",
  },
  netns: {
    words: "a named network namespace",
    next: "allow network namespaces (sysctl user.max_net_namespaces; containers: --cap-add NET_ADMIN, SYS_ADMIN)",
  },
  veth: { words: "a veth pair", next: "'modprobe veth' as root, or a kernel with CONFIG_VETH" },
  vxlan: { words: "a vxlan device", next: "'modprobe vxlan' as root, or a kernel with CONFIG_VXLAN" },
  nft: {
    words: "nft rules: nat, a set with timeouts, conntrack marks",
    next: "'modprobe -a nf_tables nft_chain_nat nft_ct nf_conntrack' as root, or a kernel that has them",
  },
};

const NFT_TRIAL = `
add table inet preflight
add set inet preflight live { type mark; flags timeout; timeout 1s; }
add chain inet preflight nat { type nat hook prerouting priority dstnat; }
add rule inet preflight nat ip daddr 10.79.0.1 tcp dport 8080 ct mark set 1 dnat ip to 10.77.1.1
add chain inet preflight filter { type filter hook forward priority filter; }
add rule inet preflight filter ct mark @live reject with tcp reset
`;

const TRIAL = `
ip=$1 nft=$2
step() { name=$1; shift; if words=$("$@" 2>&1); then echo "ok $name"; else echo "no $name $(echo $words)"; fi; }
step tmpfs mount -t tmpfs tmpfs /run
mkdir -p /run/netns
step netns "$ip" netns add trial
step veth "$ip" link add veth0 type veth peer name veth1
step vxlan "$ip" link add vxlan0 type vxlan id 7 local 127.0.0.1 remote 127.0.0.1 dstport 4790 nolearning
load() { printf '%s' "$3" | "$1" -f -; }
step nft load "$nft" -f "$3"
`;

const missing = (code: string, what: string, where: string, next: string): Failure => ({
  code,
  definite: true,
  what,
  where,
  next,
});

export async function preflight(
  cacheFolder: string,
  signal: AbortSignal,
  progress: (line: string) => void = () => undefined,
): Promise<Preflight> {
  const works: string[] = [];
  const found: Failure[] = [];
  if (platform() !== "linux") {
    const what = `this is ${platform()}; a lab needs Linux`;
    return {
      works,
      missing: [
        missing("NOT_LINUX", what, "this machine", "use a Linux machine, virtual machine or container"),
      ],
    };
  }
  const foreign = foreignMachine();
  if (foreign !== null) found.push(foreign);
  const cache = await cacheTrial(cacheFolder);
  if (cache === null) works.push(`the cache ${cacheFolder} can be written`);
  else found.push(cache);

  const tools = await provideTools(OF_LABS, cacheFolder, signal, progress);
  if (tools.kind !== "done") {
    found.push(tools.failure);
    return { works, missing: found };
  }
  const { paths, sources } = tools.value;
  works.push(...Object.keys(paths).map((name) => `${name} (${sources[name] ?? ""})`));
  const trial = await namespaceTrial(paths, signal);
  works.push(...trial.works);
  return { works, missing: [...found, ...trial.missing] };
}

function foreignMachine(): Failure | null {
  if (!["x64", "arm64"].includes(arch()))
    return missing(
      "MACHINE_NOT_SUPPORTED",
      `there is no engine for ${arch()}`,
      "this machine",
      "use an x64 or arm64 machine",
    );
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  if (header.glibcVersionRuntime !== undefined) return null;
  return missing(
    "NO_GLIBC",
    "this system's C library is not glibc (musl?)",
    "this machine",
    "use a distribution or container with glibc, for example Debian or Fedora",
  );
}

async function cacheTrial(cacheFolder: string): Promise<Failure | null> {
  const file = join(cacheFolder, `.preflight-${newId().slice(0, 8)}`);
  try {
    await makeFolder(cacheFolder);
    await writeFile(file, "x");
    await removeTree(file);
    return null;
  } catch (cause) {
    return fileFailure(cause, cacheFolder);
  }
}

async function namespaceTrial(
  paths: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Preflight> {
  const argv = [
    paths["unshare"] ?? "unshare",
    "--user",
    "--map-root-user",
    "--net",
    "--mount",
    "--pid",
  ].concat(
    ["--fork", "--kill-child", "--mount-proc", "--", "sh", "-c", TRIAL, "sh"],
    [paths["ip"] ?? "ip", paths["nft"] ?? "nft", NFT_TRIAL],
  );
  const tried = await run(argv, { signal, timeoutMs: 20_000 });
  const lines = tried.stdout.split("\n");
  if (!lines.some((line) => /^(ok|no) /.test(line)))
    return { works: [], missing: [await forbidden(tried.stderr.trim())] };
  return judgeTrial(lines);
}

/** Pure: the trial's lines → what works and what is missing. A step without a line did not work either. */
export function judgeTrial(lines: readonly string[]): Preflight {
  const works = ["user, mount, process and network namespaces"];
  const found: Failure[] = [];
  for (const [step, { words, next }] of Object.entries(STEPS)) {
    if (lines.includes(`ok ${step}`)) works.push(words);
    else {
      const said = lines.find((line) => line.startsWith(`no ${step}`))?.slice(4 + step.length) ?? "";
      found.push(
        missing(
          `NO_${step.toUpperCase()}`,
          `${words} can't be made${said === "" ? "" : `: ${said}`}`,
          "trial in new namespaces",
          next,
        ),
      );
    }
  }
  return { works, missing: found };
}

export interface NamespaceLimits {
  readonly apparmorRestricts: boolean;
  readonly maxUserNamespaces: number | null;
  readonly cloneForbidden: boolean;
}

async function forbidden(words: string): Promise<Failure> {
  const value = async (path: string) => (await readText(path).catch(() => null))?.trim() ?? null;
  const most = await value("/proc/sys/user/max_user_namespaces");
  return namespacesForbidden(words, {
    apparmorRestricts: (await value("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")) === "1",
    maxUserNamespaces: most === null ? null : Number(most),
    cloneForbidden: (await value("/proc/sys/kernel/unprivileged_userns_clone")) === "0",
  });
}

/** Pure: why namespaces can't be made here, and every way out that fits. */
export function namespacesForbidden(words: string, limits: NamespaceLimits): Failure {
  const out: string[] = [];
  if (limits.apparmorRestricts)
    out.push(
      "AppArmor restricts user namespaces (Ubuntu 24.04 and later): 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0'",
    );
  if (limits.cloneForbidden) out.push("'sudo sysctl kernel.unprivileged_userns_clone=1'");
  if (limits.maxUserNamespaces === 0) out.push("'sudo sysctl user.max_user_namespaces=10000'");
  out.push("run it with sudo", "in a container: start it with --privileged");
  return missing(
    "NAMESPACES_FORBIDDEN",
    `namespaces can't be made here${words === "" ? "" : `: ${words.replaceAll(/\s+/g, " ")}`}`,
    "unshare --user --map-root-user --net --mount --pid",
    out.join("; or "),
  );
}
