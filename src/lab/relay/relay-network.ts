// Topology → `ip` commands of the relay's links. Pure. The VXLAN sockets stay in the keeper's own namespace (the backbone);
// their remote is the relay, in a namespace of its own.
import { INNER_MTU, type IpBatch } from "../network.ts";
import { macOf, type Place } from "../topology.ts";

export const BACKBONE = {
  keeper: "169.254.77.1",
  relay: "169.254.77.2",
  namespace: "relay",
  port: 4789,
} as const;
const OUTER_MTU = 9100;

export function backboneBatches(): IpBatch[] {
  const { keeper, relay, namespace } = BACKBONE;
  return [
    {
      namespace: null,
      lines: [
        "link set lo up",
        `netns add ${namespace}`,
        `link add bb0 mtu ${OUTER_MTU} type veth peer name rl0 netns ${namespace} mtu ${OUTER_MTU}`,
        `address add ${keeper}/30 dev bb0`,
        "link set bb0 up",
      ],
    },
    { namespace, lines: ["link set lo up", `address add ${relay}/30 dev rl0`, "link set rl0 up"] },
  ];
}

/** A place's `eth0`: its VXLAN identifier tells the relay who sends. */
export const vxlanBatch = (place: Place): IpBatch => ({
  namespace: null,
  lines: [
    `link add vx${place.port} mtu ${INNER_MTU} address ${macOf(place)} type vxlan id ${place.port} local ${BACKBONE.keeper} remote ${BACKBONE.relay} dstport ${BACKBONE.port} nolearning`,
    `link set vx${place.port} netns ${place.namespace} name eth0`,
  ],
});
