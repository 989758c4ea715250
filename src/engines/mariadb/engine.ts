// The MariaDB driver: the parts of the contract, joined. One primary, standbys that stream from it, any one of which
// acknowledges (semi-synchronous replication).
import { type Clock, systemClock } from "../../runtime/clock.ts";
import type { Engine } from "../contract.ts";
import type { ProvisionOptions } from "../provision-programs.ts";
import { mariadbEngineClient } from "./client.ts";
import { hasMariadbData } from "./copies.ts";
import { mariadbLaunch } from "./launch.ts";
import { attachMariadb } from "./member.ts";
import { provisionMariadb } from "./provision.ts";
import { attachReplicated } from "./replication.ts";
import { startStandbyProgress } from "./standby-progress.ts";

export function mariadbEngine(options: ProvisionOptions & { readonly clock?: Clock }): Engine {
  const clock = options.clock ?? systemClock;
  return {
    kind: "mariadb",
    provision: (version, signal) => provisionMariadb(version, signal, options),
    launch: mariadbLaunch,
    hasData: hasMariadbData,
    attach: (member) => attachMariadb(member, clock, startStandbyProgress(member, clock)),
    client: (member) => mariadbEngineClient(member),
    replication: {
      attach: (place) => attachReplicated(place, clock),
    },
  };
}
