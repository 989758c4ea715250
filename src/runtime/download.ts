// Downloads a file and believes it only when its checksum is the pinned one. Bounded in size and time.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { done, type Outcome } from "../domain/outcome.ts";
import { fileFailure } from "./install.ts";

export interface Download {
  readonly url: string;
  readonly sha256: string;
  readonly file: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** No byte for so long: given up. */
const STALL_MS = 15_000;

export async function download({ url, sha256, file, maxBytes, signal }: Download): Promise<Outcome> {
  const refuse = (code: string, what: string, cause?: unknown): Outcome => ({
    kind: "failed",
    failure: { code, definite: true, what, where: url, next: "try again, or use another source", cause },
  });
  const stalled = new AbortController();
  let timer = setTimeout(() => stalled.abort(), STALL_MS);
  const target = await open(file, "w");
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, stalled.signal]) });
    if (!response.ok || response.body === null)
      return refuse("DOWNLOAD_REFUSED", `the server answered ${response.status}`);
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(() => stalled.abort(), STALL_MS);
      size += chunk.length;
      if (size > maxBytes) return refuse("DOWNLOAD_TOO_LARGE", `more than ${maxBytes} bytes came`);
      hash.update(chunk);
      await target.writeFile(chunk);
    }
    const length = response.headers.get("content-length");
    if (length !== null && Number(length) !== size)
      return refuse("DOWNLOAD_INCOMPLETE", `${size} of ${length} bytes came`);
    const got = hash.digest("hex");
    if (got !== sha256)
      return refuse("CHECKSUM_MISMATCH", `its SHA-256 is ${got}, and ${sha256} is the pinned one`);
    return done(undefined);
  } catch (cause) {
    const failure = fileFailure(cause, file);
    if (failure.code !== "NOT_PREPARED") return { kind: "failed", failure };
    const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    return refuse(
      "DOWNLOAD_INCOMPLETE",
      stalled.signal.aborted ? `nothing came for ${STALL_MS} ms` : why,
      cause,
    );
  } finally {
    clearTimeout(timer);
    await target.close();
  }
}
