// What a kernel fence does not stop, in sentences for `check`, status and evidence. Pure.
import type { FenceSpec } from "./spec.ts";

export function leavesOpen({ users, addresses, ports }: FenceSpec): string[] {
  const always = [
    "Unix sockets: whoever may open the engine's socket on this machine is not asked for an epoch.",
    "Programs that run as the agent's or the engine's user reach the engine directly on this machine.",
    `Replication (port ${ports.replication}) from the other sites passes at all times; what may be done over it is the engine's to refuse.`,
    "A machine that is suspended, or a paused virtual machine: its timers stand still, and the fence stays as it was until it wakes.",
    "Whoever is root here can change the rules; that is noticed by the audit, not prevented.",
  ];
  if (users.agent === users.engine)
    always.push(
      "Agent and engine are one user: the engine could refresh the fence, and any program of that user.",
    );
  if (!addresses.some(({ family }) => family === "ip6"))
    always.push("Nothing over IPv6: the engine must not listen on an IPv6 address.");
  return always;
}
