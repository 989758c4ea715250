// The driver of links that works everywhere: VXLAN devices and the relay, a process of its own. It answers each line of its
// input with one line, so the keeper knows when a cut holds.
import { lineCalls } from "../../runtime/line-calls.ts";
import { outlastCommand, start } from "../../runtime/process.ts";
import { applyBatches, inNamespace } from "../apply-network.ts";
import type { LinkDriver, LinkFidelity } from "../link.ts";
import type { Topology } from "../topology.ts";
import { BACKBONE, backboneBatches, vxlanBatch } from "./relay-network.ts";

export async function startRelayLinks(topology: Topology, seed: number): Promise<LinkDriver> {
  await applyBatches(backboneBatches());
  const child = await start(inNamespace(BACKBONE.namespace, outlastCommand("relay")), {
    stdio: ["pipe", "pipe", "inherit"],
    // A session of its own: where the kernel shares cores between sessions first (sched_autogroup), the relay does not
    // queue behind the two dozen processes of the lab, also for a user who may not raise a priority.
    detached: true,
  });
  const { stdin, stdout } = child.process;
  if (stdin === null || stdout === null) throw new Error("the relay has no pipes");
  const ask = lineCalls(stdin, stdout, "the relay has ended");
  const ports = Object.fromEntries(
    topology.places.filter((place) => place.kind !== "clients").map((place) => [place.name, place.port]),
  );
  await ask({ start: { ports, links: topology.links, seed } });
  return {
    attach: (place) => applyBatches([vxlanBatch(place)]),
    detach: async () => undefined, // its device went with it
    set: async (links) => {
      await ask({ set: links });
    },
    fidelity: (reset) => ask<LinkFidelity>({ fidelity: { reset } }),
    [Symbol.asyncDispose]: () => child.stop(500),
  };
}
