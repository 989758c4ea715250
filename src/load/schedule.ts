// What each client profile does, and when: seed → operations. Pure, so that a run can be repeated and any process
// knows the keys of all. Times are nanoseconds since the history's origin.
import { seededRandom } from "../runtime/random.ts";

/** How often each kind is chosen; the rest is compare-and-set. */
const MIX = { append: 0.45, write: 0.2, read: 0.25 } as const;
const REGISTER_SHARE = 1 - MIX.append;
/** Operations that a register sees, from all regions and profiles, before the next one takes its place. */
const OPERATIONS_PER_KEY = 25;
const KEY_LIFE_MIN_S = 2;

export interface ScheduleSettings {
  readonly seed: number;
  readonly region: string;
  /** Client regions and profiles of the whole run: they share the keys. */
  readonly regions: number;
  readonly profiles: number;
  /** Operations per second of each profile, once the ramp is over. */
  readonly ratePerSecond: number;
  /** The rate grows evenly from nothing for so long: a system that is still warming up would only make a queue of it. */
  readonly rampMs: number;
  /** When number 0, and with it the ramp, begins. */
  readonly startNs: number;
  /** Distinguishes the keys of this run from those of earlier ones in the same store. */
  readonly tag: string;
}

export type Intent =
  | { readonly op: "append"; readonly key: "journal"; readonly input: string }
  | { readonly op: "write"; readonly key: string; readonly input: string }
  | { readonly op: "read"; readonly key: string }
  /** What it compares with is known only when it is sent. */
  | { readonly op: "cas"; readonly key: string; readonly to: string };

export interface Scheduled {
  readonly profile: string;
  readonly index: number;
  readonly scheduledNs: number;
  readonly intent: Intent;
}

/** The run's name in keys, from its origin: two runs of one machine never share it. */
export const runTag = (originNs: bigint): string => originNs.toString(36);

function hash(text: string, seed: number): number {
  let state = (seed ^ 0x811c9dc5) >>> 0; // FNV-1a
  for (let i = 0; i < text.length; i += 1) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return state;
}

/** So many registers are in use at once, each for so long, that each sees about OPERATIONS_PER_KEY operations. */
export function keyRotation(settings: ScheduleSettings): { readonly lifeNs: number; readonly keys: number } {
  const perSecond = settings.regions * settings.profiles * settings.ratePerSecond * REGISTER_SHARE;
  const lifeS = Math.max(KEY_LIFE_MIN_S, OPERATIONS_PER_KEY / perSecond);
  return {
    lifeNs: Math.round(lifeS * 1e9),
    keys: Math.max(1, Math.round((perSecond * lifeS) / OPERATIONS_PER_KEY)),
  };
}

/** When operation number `n` would be due if all were evenly spaced; `n` need not be whole. */
function dueNs({ ratePerSecond, rampMs, startNs }: ScheduleSettings, n: number): number {
  const rampS = rampMs / 1000;
  const inRamp = (ratePerSecond * rampS) / 2;
  const s = n < inRamp ? Math.sqrt((2 * rampS * n) / ratePerSecond) : n / ratePerSecond + rampS / 2;
  return startNs + s * 1e9;
}

/** The operation number `index` of a profile: one in each slot (1/rate seconds after the ramp), anywhere in it, so that no
 * probe or timer of the system can fall into step with the clients. */
export function operationAt(settings: ScheduleSettings, profile: string, index: number): Scheduled {
  const { seed, region, tag } = settings;
  const random = seededRandom(hash(`${region}/${profile}/${index}`, seed));
  const scheduledNs = Math.floor(dueNs(settings, index + random.next()));
  const unique = `${tag}-${region}-${profile}-${index}`;
  const chosen = random.next();
  if (chosen < MIX.append)
    return { profile, index, scheduledNs, intent: { op: "append", key: "journal", input: unique } };
  const { lifeNs, keys } = keyRotation(settings);
  const key = `${tag}-${Math.floor(scheduledNs / lifeNs)}-${random.below(keys)}`;
  const intent: Intent =
    chosen < MIX.append + MIX.write
      ? { op: "write", key, input: unique }
      : chosen < MIX.append + MIX.write + MIX.read
        ? { op: "read", key }
        : { op: "cas", key, to: unique };
  return { profile, index, scheduledNs, intent };
}

/** The first index that is scheduled at or after a time. */
export function indexFrom(settings: ScheduleSettings, profile: string, fromNs: number): number {
  const { ratePerSecond, rampMs, startNs } = settings;
  // Inverse of dueNs; one less, because of its rounding.
  const [fromS, rampS] = [Math.max(0, fromNs - startNs) / 1e9, rampMs / 1000];
  const before =
    fromS < rampS ? (ratePerSecond * fromS ** 2) / (2 * rampS) : (fromS - rampS / 2) * ratePerSecond;
  let index = Math.max(0, Math.floor(before) - 1);
  while (operationAt(settings, profile, index).scheduledNs < fromNs) index += 1;
  return index;
}
