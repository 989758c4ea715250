// The ledger's HTTP API: schemas and the table of routes. The server validates with it, clients read answers with it,
// docs/ledger.md explains it and `openapi.ts` turns it into a document. There is no second description.
import { z } from "zod";

/** Names of registers, journal entries and accounts: one path segment, no encoding needed. */
export const nameSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.:~-]{0,127}$/);
const siteSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

/** null: absent. Absence can be read and compared with, never written. */
const presentValueSchema = z.union([z.string().max(4096), z.number()]);
export const registerValueSchema = presentValueSchema.nullable();

/** The engine's term under which it answered. */
const term = z.int().nonnegative();
/** Applied position of the answering member: what a replica must have reached to have seen this answer's state. */
const position = z.int().nonnegative();

const fromReplica = z.object({ from: siteSchema.optional() });
const amount = z.int().positive().max(Number.MAX_SAFE_INTEGER);
const balance = z.int().nonnegative().max(Number.MAX_SAFE_INTEGER);

export const JOURNAL_PAGE_MAX = 1000;
export const ACCOUNTS_MAX = 1000;

export const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    /** true: it certainly took no effect. false: it may have happened, or may yet happen. */
    definite: z.boolean(),
    what: z.string(),
    next: z.string(),
  }),
});
export type LedgerError = z.infer<typeof errorSchema>;

export const termSchema = z.object({ term });
export const registerSchema = z.object({ value: registerValueSchema, term, position });
export const swappedSchema = z.object({ swapped: z.boolean(), term });
export const journalPageSchema = z.object({
  /** In order of creation. */
  ids: z.array(z.string()),
  /** Ask with `after` for the following page; null: this was the last. */
  next: z.string().nullable(),
  term,
  position,
});
export const accountsSchema = z.object({ balances: z.record(z.string(), balance), term, position });
export const siteReportSchema = z.object({
  site: z.string(),
  ableToCommit: z.boolean(),
  because: z.string(),
  epoch: z.int().nullable(),
  evidenceAgeMs: z.number().nonnegative().nullable(),
});

export interface Route {
  readonly method: "GET" | "PUT" | "POST";
  /** With `:name` for parameters. */
  readonly path: string;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  /** The body of each status that is not an error of `errorSchema`. */
  readonly responses: Readonly<Record<number, z.ZodType>>;
}

export const LEDGER_ROUTES = {
  readRegister: {
    method: "GET",
    path: "/v1/registers/:key",
    summary: "Reads a register: linearizable, or with ?from=SITE what that site's replica has",
    params: z.object({ key: nameSchema }),
    query: fromReplica,
    responses: { 200: registerSchema },
  },
  writeRegister: {
    method: "PUT",
    path: "/v1/registers/:key",
    summary: "Writes a register",
    params: z.object({ key: nameSchema }),
    body: z.object({ value: presentValueSchema }),
    responses: { 200: termSchema },
  },
  compareAndSet: {
    method: "POST",
    path: "/v1/registers/:key/compare-and-set",
    summary: "Writes `to` only if the register holds `from` (null: is absent)",
    params: z.object({ key: nameSchema }),
    body: z.object({ from: registerValueSchema, to: presentValueSchema }),
    responses: { 200: swappedSchema },
  },
  appendJournal: {
    method: "POST",
    path: "/v1/journal",
    summary: "Appends an entry; its id must be new",
    body: z.object({ id: nameSchema }),
    responses: { 201: termSchema },
  },
  listJournal: {
    method: "GET",
    path: "/v1/journal",
    summary: "Lists entries in order of creation, a page at a time",
    query: fromReplica.extend({
      after: z.string().max(64).optional(),
      limit: z.coerce.number().int().min(1).max(JOURNAL_PAGE_MAX).default(JOURNAL_PAGE_MAX),
    }),
    responses: { 200: journalPageSchema },
  },
  openAccount: {
    method: "PUT",
    path: "/v1/accounts/:name",
    summary: "Sets the balance of an account",
    params: z.object({ name: nameSchema }),
    body: z.object({ balance }),
    responses: { 200: termSchema },
  },
  transfer: {
    method: "POST",
    path: "/v1/transfers",
    summary: "Moves an amount between two accounts, both or neither",
    body: z.object({ from: nameSchema, to: nameSchema, amount }),
    responses: { 200: termSchema },
  },
  listAccounts: {
    method: "GET",
    path: "/v1/accounts",
    summary: "All balances, of one moment",
    query: fromReplica,
    responses: { 200: accountsSchema },
  },
  live: {
    method: "GET",
    path: "/health/live",
    summary: "The process answers",
    responses: { 200: z.object({ site: z.string() }) },
  },
  ready: {
    method: "GET",
    path: "/health/ready",
    summary: "Can this site commit a write?",
    responses: { 200: siteReportSchema, 503: siteReportSchema },
  },
  openapi: {
    method: "GET",
    path: "/openapi.json",
    summary: "This document",
    responses: { 200: z.record(z.string(), z.unknown()) },
  },
} as const satisfies Record<string, Route>;

export type LedgerRouteName = keyof typeof LEDGER_ROUTES;

/** On every answer that came from the engine: its term. */
export const EPOCH_HEADER = "outlast-epoch";
/** On every answer: the site whose front-end gave it. */
export const SITE_HEADER = "outlast-site";
