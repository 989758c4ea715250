// The etcd driver: the parts of the contract, joined.
import { join } from "node:path";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { listFolder } from "../../runtime/files.ts";
import type { Engine } from "../contract.ts";
import { etcdEngineClient } from "./client.ts";
import { etcdLaunch } from "./launch.ts";
import { attachEtcd } from "./member.ts";
import { etcdStanding, replaceEtcdMember } from "./membership.ts";
import { type ProvisionOptions, provisionEtcd } from "./provision.ts";

export function etcdEngine(options: ProvisionOptions & { readonly clock?: Clock }): Engine {
  const clock = options.clock ?? systemClock;
  return {
    kind: "etcd",
    provision: (version, signal) => provisionEtcd(version, signal, options),
    launch: etcdLaunch,
    hasData: async (dataFolder) =>
      (await listFolder(join(dataFolder, "member", "wal"))).some((name) => name.endsWith(".wal")),
    attach: (member) => attachEtcd(member, clock),
    client: (member) => etcdEngineClient(member),
    membership: {
      standing: (member, signal) => etcdStanding(member, signal, clock),
      replace: (lost, signal) => replaceEtcdMember(lost, signal, clock),
    },
  };
}
