// Three sites in network namespaces of their own on one bridge, each with its own process ids, so that a whole site can be lost
// in one instant; and a namespace for clients. Cut off: out of the bridge, so that no packet arrives and nobody is told.
import { type Child, runOk, start } from "../../src/runtime/process.ts";

export const SITES = ["paris", "frankfurt", "london"] as const;
export type SiteName = (typeof SITES)[number];
export const addressOf = (site: SiteName): string => `10.77.${SITES.indexOf(site) + 1}.1`;
const RIG_ADDRESS = "10.77.8.1";
export const CLIENT_ADDRESS = "10.77.9.1";

const ip = (...words: string[]) => runOk(["ip", ...words]);
const portOf = (name: string) => `p-${name}`;

export async function buildNetwork(): Promise<void> {
  await runOk(["mount", "-t", "tmpfs", "tmpfs", "/run"]);
  await ip("link", "add", "lan", "type", "bridge", "forward_delay", "0");
  await ip("addr", "add", `${RIG_ADDRESS}/16`, "dev", "lan");
  await ip("link", "set", "lan", "up");
  const places: readonly (readonly [string, string])[] = [
    ...SITES.map((site) => [site, addressOf(site)] as const),
    ["client", CLIENT_ADDRESS],
  ];
  for (const [name, address] of places) {
    await ip("netns", "add", name);
    await ip("-n", name, "link", "set", "lo", "up");
    await ip("link", "add", "e0", "netns", name, "type", "veth", "peer", "name", portOf(name));
    await ip("-n", name, "addr", "add", `${address}/16`, "dev", "e0");
    await ip("-n", name, "link", "set", "e0", "up");
    await ip("link", "set", portOf(name), "master", "lan", "up");
  }
}

export const cut = (site: SiteName) => ip("link", "set", portOf(site), "nomaster");
export const heal = (site: SiteName) => ip("link", "set", portOf(site), "master", "lan");

/** First process of a site: starts what it is told, one command line a line. */
const INIT = `while IFS= read -r line; do sh -c "$line" & done; while :; do sleep 1; done`;

export interface SitePlace {
  /** In the background, inside the site. */
  tell(commandLine: string): void;
  /** Every process of it at once. */
  lose(): Promise<void>;
}

export async function startSite(site: SiteName): Promise<SitePlace> {
  const own = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const child: Child = await start(["ip", "netns", "exec", site, ...own, "sh", "-c", INIT], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  return {
    tell: (commandLine) => void child.process.stdin?.write(`${commandLine}\n`),
    lose: async () => {
      child.process.kill("SIGKILL");
      await child.exited;
    },
  };
}
