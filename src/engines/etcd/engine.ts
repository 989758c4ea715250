// The etcd driver: the parts of the contract, joined.
import { join } from "node:path";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { startEtcdClient } from "../../protocols/etcd/client.ts";
import { listFolder } from "../../runtime/files.ts";
import type { Engine } from "../contract.ts";
import { etcdEngineClient } from "./client.ts";
import { ENGINE_PORTS, etcdLaunch, type EtcdPorts } from "./launch.ts";
import { attachEtcd } from "./member.ts";
import { etcdStanding, replaceEtcdMember } from "./membership.ts";
import { type ProvisionOptions, provisionEtcd } from "./provision.ts";

/** `ports`: where its members listen, when not at those of an engine. */
export function etcdEngine(
  options: ProvisionOptions & { readonly clock?: Clock; readonly ports?: EtcdPorts },
): Engine {
  const { clock = systemClock, ports = ENGINE_PORTS } = options;
  return {
    kind: "etcd",
    provision: (version, signal) => provisionEtcd(version, signal, options),
    launch: (installed, member, plan) => etcdLaunch(installed, member, plan, ports),
    hasData: async (dataFolder) =>
      (await listFolder(join(dataFolder, "member", "wal"))).some((name) => name.endsWith(".wal")),
    attach: (member) => attachEtcd(member, clock, startEtcdClient(member.address, ports.client)),
    client: (member) => etcdEngineClient(member),
    membership: {
      standing: (member, signal) => etcdStanding(member, signal, clock, ports),
      replace: (lost, signal) => replaceEtcdMember(lost, signal, clock, ports),
    },
  };
}
