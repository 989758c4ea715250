// How the peer is set up: one etcd and one Patroni with its PostgreSQL in each site. Pure.
//
// Sources: Patroni's documentation, "Dynamic configuration settings" (ttl 30, loop_wait 10, retry_timeout 10 are its defaults;
// the least it accepts are ttl 20, loop_wait 1, retry_timeout 3), "Replication modes" (synchronous_mode, quorum commit),
// "YAML configuration"; etcd's "Tuning" for heartbeat and election timeout at 10 ms.
import { dirname } from "node:path";
import type { Installation } from "../../src/engines/contract.ts";
import { asOrdinaryUser } from "../../src/linux/ordinary-user.ts";
import { LAB_FOLDER } from "../../src/lab/disks/disks.ts";
import { diskOf } from "../../src/lab/keeper/keeper.ts";
import type { ProcessSpec } from "../../src/lab/keeper/place.ts";
import type { Place } from "../../src/lab/topology.ts";
import type { Patroni } from "./provision.ts";

export const SUPERUSER = "postgres";
export const REST_PORT = 8008;
export const POSTGRESQL_PORT = 5432;
const ETCD_PORT = 2379;
const ETCD_PEER_PORT = 2380;

export interface PeerSettings {
  readonly name: "default" | "fastest";
  /** Patroni's dynamic configuration. */
  readonly dcs: Readonly<Record<string, unknown>>;
  readonly etcd: { readonly heartbeatMs: number; readonly electionMs: number };
}

/** Zero loss asks for a synchronous mode and its strict form: without it the last one alive goes on acknowledging by itself. */
const LOSSLESS = { synchronous_mode: true, synchronous_mode_strict: true, synchronous_node_count: 1 };

export const PEERS: readonly PeerSettings[] = [
  {
    name: "default",
    dcs: { ttl: 30, loop_wait: 10, retry_timeout: 10, ...LOSSLESS },
    etcd: { heartbeatMs: 100, electionMs: 1_000 },
  },
  {
    name: "fastest",
    // Quorum commit: any standby acknowledges, as ours; and no waiting for a primary that might start again.
    dcs: {
      ttl: 20,
      loop_wait: 1,
      retry_timeout: 3,
      ...LOSSLESS,
      synchronous_mode: "quorum",
      primary_start_timeout: 0,
    },
    etcd: { heartbeatMs: 50, electionMs: 300 },
  },
];

export interface PeerPrograms {
  readonly etcd: Installation;
  readonly postgresql: Installation;
  readonly patroni: Patroni;
}

export const configFile = (site: Place) => `patroni-${site.namespace}.yaml`;

/** JSON is YAML. */
export function patroniConfig(
  site: Place,
  sites: readonly Place[],
  { dcs }: PeerSettings,
  programs: PeerPrograms,
): string {
  const disk = diskOf(site);
  const others = sites.filter(({ name }) => name !== site.name);
  const login = { username: SUPERUSER };
  return JSON.stringify({
    scope: "ledger",
    name: site.name,
    restapi: {
      listen: `${site.address}:${REST_PORT}`,
      connect_address: `${site.address}:${REST_PORT}`,
    },
    etcd3: { hosts: [site, ...others].map(({ address }) => `${address}:${ETCD_PORT}`) },
    bootstrap: {
      dcs: {
        ...dcs,
        postgresql: { use_pg_rewind: true, parameters: { max_connections: 300, wal_keep_size: "512MB" } },
      },
      initdb: [{ encoding: "UTF8" }, "data-checksums"],
    },
    postgresql: {
      listen: `${site.address}:${POSTGRESQL_PORT}`,
      connect_address: `${site.address}:${POSTGRESQL_PORT}`,
      data_dir: `${disk}/postgresql`,
      bin_dir: dirname(programs.postgresql.programs["postgres"] ?? ""),
      pg_hba: ["local all all trust", "host all all 0.0.0.0/0 trust", "host replication all 0.0.0.0/0 trust"],
      authentication: { superuser: login, replication: login, rewind: login },
      parameters: { unix_socket_directories: disk },
    },
    watchdog: { mode: "off" },
  });
}

export function sitePrograms(
  site: Place,
  sites: readonly Place[],
  { etcd: { heartbeatMs, electionMs } }: PeerSettings,
  { etcd, patroni }: PeerPrograms,
): ProcessSpec[] {
  const url = (address: string, port: number) => `http://${address}:${port}`;
  const flags = {
    name: site.name,
    "data-dir": `${diskOf(site)}/etcd`,
    "listen-client-urls": url(site.address, ETCD_PORT),
    "advertise-client-urls": url(site.address, ETCD_PORT),
    "listen-peer-urls": url(site.address, ETCD_PEER_PORT),
    "initial-advertise-peer-urls": url(site.address, ETCD_PEER_PORT),
    "initial-cluster": sites.map(({ name, address }) => `${name}=${url(address, ETCD_PEER_PORT)}`).join(","),
    "heartbeat-interval": heartbeatMs,
    "election-timeout": electionMs,
    "log-level": "warn",
  };
  return [
    {
      name: "etcd",
      restart: true,
      argv: [
        etcd.programs["etcd"] ?? "",
        ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      ],
    },
    {
      name: "patroni",
      restart: true,
      argv: asOrdinaryUser([
        "env",
        `PYTHONPATH=${patroni.packages}`,
        patroni.python,
        "-m",
        "patroni",
        `${LAB_FOLDER}/${configFile(site)}`,
      ]),
    },
  ];
}
