// What came back over HTTP → ok, fail or unknown. Fail only when it certainly did not happen (docs/load.md has the table).
import {
  EPOCH_HEADER,
  errorSchema,
  registerSchema,
  SITE_HEADER,
  swappedSchema,
  termSchema,
} from "../api/ledger.ts";
import type { Request, Result } from "./client.ts";

export type Exchange =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: Readonly<Record<string, string | string[] | undefined>>;
      readonly text: string;
    }
  /** No byte of the request was written: it certainly did not happen. */
  | { readonly kind: "not-sent"; readonly code: string }
  /** Sent, or perhaps sent. */
  | { readonly kind: "no-answer"; readonly code: string };

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no schema accepts it
  }
}

function output(op: Request["op"], body: unknown): { readonly value?: unknown } | null {
  switch (op) {
    case "append":
    case "write":
      return termSchema.safeParse(body).success ? {} : null;
    case "read": {
      const read = registerSchema.safeParse(body);
      return read.success ? { value: read.data.value } : null;
    }
    case "cas": {
      const swapped = swappedSchema.safeParse(body);
      return swapped.success ? { value: swapped.data.swapped } : null;
    }
    default:
      return op satisfies never;
  }
}

export function classify(op: Request["op"], exchange: Exchange): Result {
  if (exchange.kind === "not-sent") return { outcome: "fail", error: exchange.code };
  if (exchange.kind === "no-answer") return { outcome: "unknown", error: exchange.code };
  const { status, headers, text } = exchange;
  const site = headers[SITE_HEADER];
  const epoch = Number(headers[EPOCH_HEADER]);
  const by = {
    ...(typeof site === "string" ? { site } : {}),
    ...(Number.isSafeInteger(epoch) ? { epoch } : {}),
  };
  const body = json(text);
  if (status >= 200 && status < 300) {
    const got = output(op, body);
    if (got === null) return { ...by, outcome: "unknown", error: "BAD_ANSWER" };
    return { ...by, outcome: "ok", ...("value" in got ? { output: got.value } : {}) };
  }
  const told = errorSchema.safeParse(body);
  if (told.success) {
    const { code, definite } = told.data.error;
    return { ...by, outcome: definite && status !== 504 ? "fail" : "unknown", error: code };
  }
  // Not the ledger's words: something between us answered. Only a refusal of the request itself is definite.
  return { ...by, outcome: status >= 400 && status < 500 ? "fail" : "unknown", error: `HTTP_${status}` };
}

export interface HttpRequest {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly body: string | null;
}

export function httpRequest(request: Request): HttpRequest {
  switch (request.op) {
    case "append":
      return { method: "POST", path: "/v1/journal", body: JSON.stringify({ id: request.id }) };
    case "write":
      return {
        method: "PUT",
        path: `/v1/registers/${request.key}`,
        body: JSON.stringify({ value: request.value }),
      };
    case "read":
      return { method: "GET", path: `/v1/registers/${request.key}`, body: null };
    case "cas":
      return {
        method: "POST",
        path: `/v1/registers/${request.key}/compare-and-set`,
        body: JSON.stringify({ from: request.from, to: request.to }),
      };
    default:
      return request satisfies never;
  }
}
