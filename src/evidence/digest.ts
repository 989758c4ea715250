// Digests of what was known before the fault, so that nobody can say it was written afterwards.
import { createHash } from "node:crypto";
import type { Prediction } from "../domain/drill.ts";

export const digestOf = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** Over the fields in this order, as JSON: anyone can compute it again. */
export function predictionDigest({ recoveryTimeMs, terms, writtenAt }: Omit<Prediction, "digest">): string {
  const plain = terms.map(({ name, ms, because }) => ({ name, ms, because }));
  return digestOf(JSON.stringify({ recoveryTimeMs, terms: plain, writtenAt }));
}
