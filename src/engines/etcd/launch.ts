// How an etcd member is started: pure, from the plan.
import { PORTS, type Plan } from "../../domain/plan.ts";
import type { Installation, Launch, MemberSpec } from "../contract.ts";
import { etcdTimings } from "./timings.ts";

export interface EtcdPorts {
  readonly client: number;
  readonly peer: number;
}

export const ENGINE_PORTS: EtcdPorts = { client: PORTS.engineClient, peer: PORTS.enginePeer };

export const peerUrl = (address: string, ports: EtcdPorts = ENGINE_PORTS) =>
  `http://${address}:${ports.peer}`;

export function etcdLaunch(
  installed: Installation,
  member: MemberSpec,
  plan: Plan,
  ports: EtcdPorts = ENGINE_PORTS,
): Launch {
  const client = (address: string) => `http://${address}:${ports.client}`;
  const peer = (address: string) => peerUrl(address, ports);
  const program = installed.programs["etcd"];
  if (program === undefined) throw new RangeError(`the installation ${installed.source} has no etcd`);
  const { heartbeatMs, electionTimeoutMs } = etcdTimings(plan);
  const loopback = member.address.startsWith("127.");
  const listen = loopback ? [member.address] : [member.address, "127.0.0.1"];
  const argv = [
    program,
    `--name=${member.name}`,
    `--data-dir=${member.dataFolder}`,
    `--listen-client-urls=${listen.map(client).join(",")}`,
    `--advertise-client-urls=${client(member.address)}`,
    `--listen-peer-urls=${peer(member.address)}`,
    `--initial-advertise-peer-urls=${peer(member.address)}`,
    `--initial-cluster=${member.members.map(({ name, address }) => `${name}=${peer(address)}`).join(",")}`,
    `--initial-cluster-state=${member.cluster}`,
    `--initial-cluster-token=outlast-${plan.name}`,
    `--heartbeat-interval=${heartbeatMs}`,
    `--election-timeout=${electionTimeoutMs}`,
    // On by default only from 3.5: without it a returning member forces an election (docs/engines.md).
    "--pre-vote=true",
    // Clients ask a silent connection by PING sooner than the default of 5 s allows (protocols/etcd/sessions.ts).
    "--grpc-keepalive-min-time=50ms",
    "--auto-compaction-mode=periodic",
    "--auto-compaction-retention=1h",
    "--logger=zap",
    "--log-level=warn",
    "--log-outputs=stderr",
  ];
  if (member.unsafeNoFsync === true) argv.push("--unsafe-no-fsync=true");
  // SIGTERM can take 4.9 s (leadership is handed over first).
  return { argv, env: {}, stopGraceMs: 6_000 };
}
