// The relay process: one request a line on standard input, one answer a line on standard output (lab/keeper/keeper.ts).
import { createInterface } from "node:readline";
import { Command } from "commander";
import type { LinkSetting } from "../../lab/link.ts";
import { BACKBONE } from "../../lab/relay/relay-network.ts";
import { type Relay, startRelay } from "../../lab/relay/relay.ts";
import { systemClock } from "../../runtime/clock.ts";
import { seededRandom } from "../../runtime/random.ts";

type Request =
  | { start: { ports: Record<string, number>; links: LinkSetting[]; seed: number } }
  | { set: LinkSetting[] }
  | { fidelity: { reset: boolean } };

export function build(): Command {
  return new Command("relay").action(async () => {
    let relay: Relay | null = null;
    for await (const line of createInterface({ input: process.stdin })) {
      const request = JSON.parse(line) as Request;
      let answer: unknown = {};
      if ("start" in request) {
        const { ports, links, seed } = request.start;
        relay = await startRelay({
          listen: { address: BACKBONE.relay, port: BACKBONE.port },
          backbone: { address: BACKBONE.keeper, port: BACKBONE.port },
          ports,
          links,
          clock: systemClock,
          random: seededRandom(seed),
        });
      } else if (relay === null) throw new Error("the relay was asked before it was started");
      else if ("set" in request) relay.set(request.set);
      else {
        answer = relay.fidelity();
        if (request.fidelity.reset) relay.resetFidelity();
      }
      process.stdout.write(`${JSON.stringify(answer)}\n`);
    }
    process.exit(0);
  });
}
