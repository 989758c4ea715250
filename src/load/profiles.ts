// The table of client profiles.
import { type Plan, siteOf } from "../domain/plan.ts";
import { OutlastError } from "../domain/outcome.ts";
import type { EngineClient } from "../engines/contract.ts";
import type { Clock } from "../runtime/clock.ts";
import type { ClientProfile } from "./client.ts";
import { startHttpProfile } from "./http-profile.ts";
import { startDirectProfile } from "./profiles/direct.ts";
import { dns } from "./profiles/dns.ts";
import { dnsFloor } from "./profiles/dns-floor.ts";
import { keepAlive } from "./profiles/keep-alive.ts";
import { kernelAddressing } from "./profiles/kernel.ts";
import { pinned } from "./profiles/pinned.ts";
import { type AddressPolicy, resolverOf, startResolvedAddress } from "./resolved-address.ts";

export interface ProfileOptions {
  readonly plan: Plan;
  /** The region's recursive resolver; null: not given. */
  readonly resolver: string | null;
  readonly engineClient: (member: { readonly name: string; readonly address: string }) => EngineClient;
  readonly clock: Clock;
}

type Start = (options: ProfileOptions) => ClientProfile;

const resolved =
  (name: string, policy: AddressPolicy): Start =>
  ({ plan, resolver, clock }) => {
    if (resolver === null)
      throw new OutlastError(
        {
          code: "RESOLVER_MISSING",
          definite: true,
          what: `the profile ${name} resolves a name and needs the region's resolver`,
          where: "--resolver",
          next: "give --resolver, or profiles that need none (kernel, direct)",
        },
        2,
      );
    const resolve = resolverOf(resolver, plan.balancer.hostname);
    return startHttpProfile(plan.balancer.port, clock, (drop) =>
      startResolvedAddress(resolve, policy, clock, drop),
    );
  };

export const PROFILES = {
  kernel: ({ plan, clock }) =>
    startHttpProfile(plan.balancer.port, clock, () => kernelAddressing(plan.balancer.virtualAddress)),
  dns: resolved("dns", dns),
  "dns-floor": resolved("dns-floor", dnsFloor),
  pinned: resolved("pinned", pinned),
  "keep-alive": resolved("keep-alive", keepAlive),
  direct: ({ plan, engineClient, clock }) => {
    const endpoints = plan.sites.map(({ name }) => {
      const { address } = siteOf(plan, name);
      if (address === null) throw new RangeError(`site ${name} has no address`);
      return { site: name, client: engineClient({ name, address }) };
    });
    const profile = startDirectProfile(endpoints, clock);
    return {
      send: profile.send,
      async [Symbol.asyncDispose]() {
        await profile[Symbol.asyncDispose]();
        await Promise.all(endpoints.map(({ client }) => client[Symbol.asyncDispose]()));
      },
    };
  },
} as const satisfies Readonly<Record<string, Start>>;

export type ProfileName = keyof typeof PROFILES;
export const PROFILE_NAMES = Object.keys(PROFILES) as ProfileName[];
