// The PostgreSQL driver: the parts of the contract, joined. One primary, standbys that stream from it.
import { type Clock, systemClock } from "../../runtime/clock.ts";
import type { Engine } from "../contract.ts";
import { postgresqlEngineClient } from "./client.ts";
import { hasPostgresqlData } from "./copies.ts";
import { postgresqlLaunch } from "./launch.ts";
import { attachPostgresql } from "./member.ts";
import { type ProvisionOptions, provisionPostgresql } from "./provision.ts";
import { attachReplicated } from "./replication.ts";

export function postgresqlEngine(options: ProvisionOptions & { readonly clock?: Clock }): Engine {
  const clock = options.clock ?? systemClock;
  return {
    kind: "postgresql",
    provision: (version, signal) => provisionPostgresql(version, signal, options),
    launch: postgresqlLaunch,
    hasData: hasPostgresqlData,
    attach: (member) => attachPostgresql(member, clock),
    client: (member) => postgresqlEngineClient(member),
    replication: {
      attach: (place) => attachReplicated(place, clock),
    },
  };
}
