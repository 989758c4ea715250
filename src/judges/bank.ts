// A bank: transfers move money, nothing makes or destroys it. Every read of all balances must hold the same total (the
// one that the accounts were opened with), the same accounts, and nothing negative; and what a read shows must be some
// set of transfers that may have happened by then.
import type { Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { inOrder, operationWords } from "./words.ts";

export const BANK = "bank";

export interface BankRules {
  /** What all balances add up to; null: what the first read says. */
  readonly total: number | null;
  readonly mayBeNegative: boolean;
}

type Balances = Readonly<Record<string, number>>;

function balancesOf(output: unknown): Balances | null {
  if (typeof output !== "object" || output === null || Array.isArray(output)) return null;
  return Object.values(output).every((amount) => Number.isSafeInteger(amount)) ? (output as Balances) : null;
}

interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

function transferOf(input: unknown): Transfer | null {
  const { from, to, amount } = (typeof input === "object" && input !== null ? input : {}) as Record<
    string,
    unknown
  >;
  return typeof from === "string" && typeof to === "string" && Number.isSafeInteger(amount)
    ? { from, to, amount: amount as number }
    : null;
}

const sum = (balances: Balances): number =>
  Object.values(balances).reduce((total, amount) => total + amount, 0);
const end = (operation: Operation): number => operation.completed ?? Number.POSITIVE_INFINITY;

/**
 * Per account: from one read to a later one that began after it, the balance can have changed by no more than what the
 * transfers that may have happened in between move, and by no less than what certainly happened does. Bounds, not a search:
 * a lost or doubled transfer shows when nothing else can hide it.
 */
function drift(
  reads: readonly Operation[],
  transfers: readonly Operation[],
): { reason: string; witness: Operation[] } | null {
  const byStart = inOrder(transfers);
  const byEnd = reads.toSorted((x, y) => end(x) - end(y));
  let begun = 0;
  let ended = 0;
  let open: Operation[] = [];
  // The latest read that was over before this one began gives the tightest bounds.
  let earlier: Operation | null = null;
  for (const later of reads) {
    for (; ended < byEnd.length && end(byEnd[ended] as Operation) < later.invoked; ended += 1) {
      const read = byEnd[ended] as Operation;
      if (earlier === null || read.invoked > earlier.invoked) earlier = read;
    }
    if (earlier === null) continue;
    for (; begun < byStart.length && (byStart[begun] as Operation).invoked <= end(later); begun += 1)
      open.push(byStart[begun] as Operation);
    const since = earlier.invoked;
    open = open.filter((operation) => end(operation) >= since);
    const before = earlier.output as Balances;
    const after = later.output as Balances;
    const least = new Map<string, number>();
    const most = new Map<string, number>();
    for (const operation of open) {
      const transfer = transferOf(operation.input);
      if (transfer === null || operation.invoked > end(later)) continue;
      const certain =
        operation.outcome === "ok" && operation.invoked > end(earlier) && end(operation) < later.invoked;
      for (const [account, amount] of [
        [transfer.from, -transfer.amount],
        [transfer.to, transfer.amount],
      ] as const) {
        if (amount < 0 || certain) least.set(account, (least.get(account) ?? 0) + amount);
        if (amount > 0 || certain) most.set(account, (most.get(account) ?? 0) + amount);
      }
    }
    for (const [account, amount] of Object.entries(after)) {
      const change = amount - (before[account] ?? 0);
      const [low, high] = [least.get(account) ?? 0, most.get(account) ?? 0];
      if (change >= low && change <= high) continue;
      return {
        reason: `account ${account} changed by ${change} between ${operationWords(earlier)} and ${operationWords(later)}, but the transfers that may have happened allow ${low} to ${high}`,
        witness: [earlier, later],
      };
    }
  }
  return null;
}

export function judgeBank(operations: readonly Operation[], rules: BankRules): Verdict {
  const answered = operations.filter(({ op, outcome }) => op === "balances" && outcome === "ok");
  const transfers = operations.filter(({ op, outcome }) => op === "transfer" && outcome !== "fail");
  const statistics = { reads: answered.length, transfers: transfers.length };
  const give = (verdict: Verdict["verdict"], reason: string, ...witness: readonly Operation[]): Verdict => ({
    model: BANK,
    verdict,
    reason,
    witness: inOrder(witness),
    statistics,
  });
  const unreadable = answered.find(({ output }) => balancesOf(output) === null);
  if (unreadable !== undefined)
    return give("unknown", `${operationWords(unreadable)}: expected {ACCOUNT: whole number}`, unreadable);
  const strange = transfers.find(({ input }) => transferOf(input) === null);
  if (strange !== undefined)
    return give(
      "unknown",
      `${operationWords(strange)}: expected {from, to, amount}, a whole number`,
      strange,
    );
  const reads = inOrder(answered);
  const first = reads[0];
  if (first === undefined) return give("unknown", "nobody read the balances");
  const total = rules.total ?? sum(first.output as Balances);
  const names = Object.keys(first.output as Balances)
    .sort()
    .join(" ");
  for (const read of reads) {
    const balances = read.output as Balances;
    const found = sum(balances);
    if (found !== total)
      return give(
        "invalid",
        `${operationWords(read)} adds up to ${found}, not ${total}${rules.total === null ? ` as ${operationWords(first)} does` : ""}`,
        ...(rules.total === null ? [first, read] : [read]),
      );
    const negative = Object.entries(balances).find(([, amount]) => amount < 0);
    if (negative !== undefined && !rules.mayBeNegative)
      return give("invalid", `${operationWords(read)} has ${negative[1]} in account ${negative[0]}`, read);
    const accounts = Object.keys(balances).sort().join(" ");
    if (accounts !== names)
      return give(
        "invalid",
        `${operationWords(read)} has the accounts ${accounts}, the first read had ${names}`,
        first,
        read,
      );
  }
  const linearizable = reads.filter(({ from }) => from === undefined);
  const found = drift(linearizable, transfers);
  if (found !== null) return give("invalid", found.reason, ...found.witness);
  return give(
    "valid",
    `all ${reads.length} reads add up to ${total}, and no account changed by more than its transfers`,
  );
}
