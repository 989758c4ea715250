// Wires a recovery agent: the store's driver and members, the kernel's fence, the programs they need.
import type { RecoveryAgent } from "../agent/recovery/recovery-agent.ts";
import { startRecoveryAgent } from "../agent/recovery/recovery-agent.ts";
import type { FencePlace, RecoveryAgentOptions } from "../agent/recovery/options.ts";
import { type Outcome, OutlastError } from "../domain/outcome.ts";
import { PORTS } from "../domain/plan.ts";
import { etcdEngine } from "../engines/etcd/engine.ts";
import type { FenceSpec } from "../fences/kernel/spec.ts";
import { startKernelFence } from "../fences/kernel/fence.ts";
import type { NetworkTools } from "../linux/network-tools.ts";
import { provideTools } from "../linux/tools.ts";
import { openEtcdStore } from "../store/etcd/store.ts";
import { cacheFolder } from "./folders.ts";

type Given = Omit<RecoveryAgentOptions, "storeEngine" | "storeInstalled" | "openStore" | "startFence">;

export async function startRecovery(given: Given, signal: AbortSignal): Promise<RecoveryAgent> {
  const { plan, log, clock } = given;
  const provided = <T>(outcome: Outcome<T>): T => {
    if (outcome.kind === "done") return outcome.value;
    throw new OutlastError(outcome.failure, outcome.failure.code === "INTERRUPTED" ? 130 : 3);
  };
  const progress = (line: string) => log.info(line);
  const storeEngine = etcdEngine({
    cacheFolder: cacheFolder(),
    progress,
    ports: { client: PORTS.storeClient, peer: PORTS.storePeer },
  });
  const tools = provided(await provideTools(["ip", "nft", "conntrack"], cacheFolder(), signal, progress));
  return await startRecoveryAgent({
    ...given,
    storeEngine,
    storeInstalled: provided(await storeEngine.provision(null, signal)),
    openStore: (address) =>
      openEtcdStore(address, PORTS.storeClient, { clock, root: `outlast/${plan.name}/` }),
    startFence: (place) =>
      startKernelFence({
        spec: fenceSpec(place),
        tools: tools.paths as unknown as NetworkTools,
        clock,
        signal,
      }),
  });
}

/** Agent and engine are one user: PostgreSQL runs as another one only inside a user namespace (engines/postgresql). */
function fenceSpec({ workload, address, engineAddress, peers, timings }: FencePlace): FenceSpec {
  const user = process.getuid?.() ?? 0;
  return {
    owner: workload,
    addresses: [{ family: "ip", site: address, engine: engineAddress, peers }],
    ports: {
      engine: PORTS.postgresql,
      readWrite: PORTS.postgresql,
      readOnly: PORTS.postgresqlReads,
      replication: PORTS.postgresqlReplication,
      ticket: PORTS.fenceTicket,
      confirm: PORTS.fenceConfirm,
    },
    users: { agent: user, engine: user },
    timings,
    routing: { mark: 0x6f75, priority: 100 },
  };
}
