// What a client sends and what it is told: between the scheduler and the profiles.
import type { Outcome3 } from "../domain/history.ts";

export type Request =
  | { readonly op: "append"; readonly id: string }
  | { readonly op: "write"; readonly key: string; readonly value: string }
  | { readonly op: "read"; readonly key: string }
  | { readonly op: "cas"; readonly key: string; readonly from: string | null; readonly to: string };

export interface Result {
  readonly outcome: Outcome3;
  /** read: value or null; cas: whether it swapped. */
  readonly output?: unknown;
  readonly epoch?: number;
  /** Whose front-end (or member) answered. */
  readonly site?: string;
  /** Present unless ok. */
  readonly error?: string;
}

export interface ClientProfile extends AsyncDisposable {
  /** Sends once, never again; resolves at the latest at the deadline (Clock.nowMs) and never rejects. */
  send(request: Request, deadlineAtMs: number): Promise<Result>;
}
