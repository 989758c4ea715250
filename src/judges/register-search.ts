// Linearizability of one register by search: every order that real time allows, kept as a set of configurations
// (value, which open operations have taken effect) that moves along the history (Wing & Gong 1993 with Lowe's
// memoisation, operations taken only when an answer forces one). Exact for any values; bounded by steps.
//
// Three facts keep the set small:
// - a read, and a cas that was refused, takes effect as soon as the value suits it: it changes nothing;
// - of open operations that do the same, the one that ends first goes first;
// - of two configurations that differ only in unknown operations used, the one that used fewer can do all the other can.
import { INITIAL, type RegisterOperation } from "./register-operations.ts";

export interface SearchResult {
  readonly verdict: "valid" | "invalid" | "unknown";
  readonly steps: number;
  /** The operation whose answer no order explains; null unless invalid. */
  readonly stuckAt: RegisterOperation | null;
}

interface Event {
  readonly at: number;
  readonly completes: boolean;
  readonly index: number;
}

/** By time; at equal times invocations first, because equal is concurrent. */
function eventsOf(operations: readonly RegisterOperation[]): Event[] {
  const events: Event[] = [];
  operations.forEach(({ invoked, completed }, index) => {
    events.push({ at: invoked, completes: false, index });
    if (Number.isFinite(completed)) events.push({ at: completed, completes: true, index });
  });
  return events.sort((a, b) => a.at - b.at || Number(a.completes) - Number(b.completes));
}

function mostOpen(events: readonly Event[]): number {
  let open = 0;
  let most = 0;
  for (const event of events) {
    open += event.completes ? -1 : 1;
    if (open > most) most = open;
  }
  return most;
}

/** A set of configurations in flat memory: [value, mask word, mask word, ...]. */
function configurations(words: number, certain: Int32Array) {
  const stride = words + 1;
  let data = new Int32Array(4 * stride);
  let table = new Int32Array(16);
  let count = 0;

  const hash = (config: Int32Array): number => {
    let h = Math.imul((config[0] as number) + 1, 0x9e3779b1);
    for (let word = 0; word < words; word += 1) {
      h = Math.imul(h ^ ((config[word + 1] as number) & (certain[word] as number)), 0x85ebca6b);
      h ^= h >>> 15;
    }
    return h >>> 0;
  };
  const load = (index: number, into: Int32Array) => {
    for (let at = 0; at < stride; at += 1) into[at] = data[index * stride + at] as number;
  };
  const store = (index: number, config: Int32Array) => {
    for (let at = 0; at < stride; at += 1) data[index * stride + at] = config[at] as number;
  };
  const grow = () => {
    const wider = new Int32Array(data.length * 2);
    wider.set(data);
    data = wider;
  };
  const rehash = () => {
    table = new Int32Array(table.length * 2);
    const config = new Int32Array(stride);
    for (let index = 0; index < count; index += 1) {
      load(index, config);
      let at = hash(config) & (table.length - 1);
      while (table[at] !== 0) at = (at + 1) & (table.length - 1);
      table[at] = index + 1;
    }
  };
  /** 0: differ in what is certain; 1: the known one is at least as good; 2: the new one is better. */
  const compare = (index: number, config: Int32Array): 0 | 1 | 2 => {
    const base = index * stride;
    if (data[base] !== config[0]) return 0;
    let knownLess = true;
    let newLess = true;
    for (let word = 0; word < words; word += 1) {
      const known = data[base + word + 1] as number;
      const given = config[word + 1] as number;
      if (((known ^ given) & (certain[word] as number)) !== 0) return 0;
      if ((known & ~given) !== 0) knownLess = false;
      if ((given & ~known) !== 0) newLess = false;
    }
    return knownLess ? 1 : newLess ? 2 : 0;
  };
  return {
    get count() {
      return count;
    },
    load,
    store,
    clear() {
      table.fill(0);
      count = 0;
    },
    /** Index of the configuration when it is new or better than a known one, else -1. */
    add(config: Int32Array): number {
      let at = hash(config) & (table.length - 1);
      for (; table[at] !== 0; at = (at + 1) & (table.length - 1)) {
        const index = (table[at] as number) - 1;
        const relation = compare(index, config);
        if (relation === 1) return -1;
        if (relation === 2) {
          store(index, config);
          return index;
        }
      }
      if ((count + 1) * stride > data.length) grow();
      store(count, config);
      table[at] = count + 1;
      count += 1;
      if (count * 2 > table.length) rehash();
      return count - 1;
    },
  };
}

export function searchRegister(
  operations: readonly RegisterOperation[],
  stepsMax: number,
  initial = INITIAL,
): SearchResult {
  const events = eventsOf(operations);
  const words = Math.max(1, Math.ceil(mostOpen(events) / 32));
  const certain = new Int32Array(words);
  const config = new Int32Array(words + 1);
  const next = new Int32Array(words + 1);
  let frontier = configurations(words, certain);
  let reached = configurations(words, certain);
  const between = configurations(words, certain);
  config[0] = initial;
  frontier.add(config);

  const slots: (RegisterOperation | null)[] = [];
  const slotOf = new Int32Array(operations.length);
  const free: number[] = [];
  const has = (mask: Int32Array, slot: number) =>
    ((mask[(slot >> 5) + 1] as number) & (1 << (slot & 31))) !== 0;
  const put = (mask: Int32Array, slot: number) => {
    mask[(slot >> 5) + 1] = (mask[(slot >> 5) + 1] as number) | (1 << (slot & 31));
  };
  const take = (mask: Int32Array, slot: number) => {
    mask[(slot >> 5) + 1] = (mask[(slot >> 5) + 1] as number) & ~(1 << (slot & 31));
  };
  const suits = (operation: RegisterOperation, value: number) =>
    (operation.kind === "read" && operation.from === value) ||
    (operation.kind === "refused" && operation.from !== value);
  /** Reads and refused cas that this value suits take effect at once. */
  const settle = (mask: Int32Array) => {
    for (let slot = 0; slot < slots.length; slot += 1) {
      const open = slots[slot];
      if (open && suits(open, mask[0] as number)) put(mask, slot);
    }
  };
  /** Another open operation does the same and ends earlier (or has the lower slot). */
  const waits = (mask: Int32Array, slot: number, operation: RegisterOperation): boolean => {
    for (let other = 0; other < slots.length; other += 1) {
      const open = slots[other];
      if (!open || other === slot || open.kind !== operation.kind) continue;
      if (open.to !== operation.to || open.from !== operation.from || has(mask, other)) continue;
      if (open.completed < operation.completed || (open.completed === operation.completed && other < slot))
        return true;
    }
    return false;
  };

  let steps = 0;
  for (const { completes, index } of events) {
    const operation = operations[index] as RegisterOperation;
    if (!completes) {
      const slot = free.pop() ?? slots.length;
      slots[slot] = operation;
      slotOf[index] = slot;
      const bit = 1 << (slot & 31);
      const others = (certain[slot >> 5] as number) & ~bit;
      certain[slot >> 5] = Number.isFinite(operation.completed) ? others | bit : others;
      if (operation.kind !== "read" && operation.kind !== "refused") continue;
      for (let at = 0; at < frontier.count; at += 1) {
        frontier.load(at, config);
        if (!suits(operation, config[0] as number)) continue;
        put(config, slot);
        frontier.store(at, config);
      }
      continue;
    }
    const slot = slotOf[index] as number;
    reached.clear();
    between.clear();
    const stack: number[] = [];
    for (let at = 0; at < frontier.count; at += 1) {
      frontier.load(at, config);
      steps += 1;
      if (has(config, slot)) reached.add(config);
      else {
        const found = between.add(config);
        if (found >= 0) stack.push(found);
      }
    }
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      between.load(top, config);
      for (let other = 0; other < slots.length; other += 1) {
        const open = slots[other];
        if (!open || open.to < 0 || has(config, other)) continue;
        if (open.kind === "swap" && open.from !== config[0]) continue;
        if (waits(config, other, open)) continue;
        steps += 1;
        if (steps > stepsMax) return { verdict: "unknown", steps, stuckAt: null };
        next.set(config);
        next[0] = open.to;
        put(next, other);
        settle(next);
        if (has(next, slot)) reached.add(next);
        else {
          const found = between.add(next);
          if (found >= 0) stack.push(found);
        }
      }
    }
    if (reached.count === 0) return { verdict: "invalid", steps, stuckAt: operation };
    // The slot is free for the next operation: its bit leaves every configuration, and the set is hashed anew.
    frontier.clear();
    slots[slot] = null;
    free.push(slot);
    for (let at = 0; at < reached.count; at += 1) {
      reached.load(at, config);
      take(config, slot);
      frontier.add(config);
    }
  }
  return { verdict: "valid", steps, stuckAt: null };
}
