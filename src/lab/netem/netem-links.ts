// The driver of links by the kernel's netem (netem-rules.ts has the picture). Contract-tested: its commands are parsed by the
// real `tc`, and what it measures by is tried; a kernel with netem is needed to see packets wait.
import { OutlastError } from "../../domain/outcome.ts";
import type { Log } from "../../runtime/log.ts";
import { run, runOk } from "../../runtime/process.ts";
import { applyBatches } from "../apply-network.ts";
import type { LinkDriver } from "../link.ts";
import { INNER_MTU } from "../network.ts";
import { macOf, type Topology } from "../topology.ts";
import { linkLines, portLines, portOf } from "./netem-rules.ts";
import { startPings } from "./pings.ts";

const BRIDGE = "segment";
const TC_TIMEOUT_MS = 10_000;

/** Throws NETEM_NOT_THERE when this kernel has no netem (or no htb or flower). */
export async function startNetemLinks(topology: Topology, log: Pick<Log, "error">): Promise<LinkDriver> {
  const { code, stderr } = await run(["tc", "qdisc", "add", "dev", "lo", "root", "netem", "limit", "1"]);
  if (code !== 0)
    throw new OutlastError(
      {
        code: "NETEM_NOT_THERE",
        definite: true,
        what: `this kernel has no netem: ${stderr.trim().slice(-200)}`,
        where: "--links netem",
        next: "'modprobe -a sch_netem sch_htb cls_flower' as root, or leave the option out: the relay works everywhere",
      },
      3,
    );
  await runOk(["tc", "qdisc", "delete", "dev", "lo", "root"]);
  await applyBatches([
    {
      namespace: null,
      lines: ["link set lo up", `link add ${BRIDGE} mtu ${INNER_MTU} type bridge`, `link set ${BRIDGE} up`],
    },
  ]);
  let links = topology.links;
  const pings = startPings(topology, () => links, log);
  const tc = (lines: readonly string[]) =>
    runOk(["tc", "-batch", "-"], { input: `${lines.join("\n")}\n`, timeoutMs: TC_TIMEOUT_MS });
  return {
    async attach(place) {
      const port = portOf(place);
      await applyBatches([
        {
          namespace: null,
          lines: [
            `link add ${port} mtu ${INNER_MTU} type veth peer name eth0 netns ${place.namespace} mtu ${INNER_MTU} address ${macOf(place)}`,
            `link set ${port} master ${BRIDGE}`,
            `link set ${port} up`,
          ],
        },
      ]);
      // A new port has no rules; where it leads must not be reached without them for one packet.
      await tc([
        ...portLines(topology, place),
        ...linkLines(
          topology,
          links.filter(({ to }) => to === place.name),
        ),
      ]);
      pings.from(place);
    },
    detach: (place) => pings.forget(place),
    async set(next) {
      links = next;
      const up = new Set(pings.places());
      await tc(
        linkLines(
          topology,
          next.filter(({ to }) => up.has(to)),
        ),
      );
    },
    fidelity: async (reset) => pings.fidelity(reset),
    [Symbol.asyncDispose]: () => pings[Symbol.asyncDispose](),
  };
}
