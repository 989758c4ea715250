// The front-end of a site: HTTP from the routes table, the engine through the site's own member.
//
//   client ─HTTP─► route (validated) ─► handler ─► engine call, once ─► own member
//                                          └─ ?from=SITE ─► that site's member, replica mode
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { z } from "zod";
import { EPOCH_HEADER, LEDGER_ROUTES, type LedgerRouteName, type Route, SITE_HEADER } from "../api/ledger.ts";
import { probeKey } from "../api/ledger-keys.ts";
import { openApi } from "../api/openapi.ts";
import { addressOf } from "../domain/address.ts";
import { OutlastError } from "../domain/outcome.ts";
import { type Plan, siteOf } from "../domain/plan.ts";
import type { EngineClient, ReadMode } from "../engines/contract.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import { failFast } from "./fail-fast.ts";
import { type Handlers, handlers } from "./handlers.ts";
import { probeWrite } from "./probe-write.ts";
import { readinessTiming } from "./readiness.ts";
import { startReadinessWatch } from "./readiness-watch.ts";
import { refusal, type Reply } from "./reply.ts";

/** Longer than any client keeps an idle connection, so that it is never this end that closes under a request. */
const KEEP_ALIVE_MS = 600_000;
const BODY_MAX_BYTES = 65_536;

export interface LedgerOptions {
  readonly plan: Plan;
  readonly site: string;
  readonly version: string;
  /** A client bound to one member; `here`: this site's own. */
  readonly client: (
    member: { readonly name: string; readonly address: string },
    here: boolean,
  ) => EngineClient;
  /** Longest wait for the engine within one request. */
  readonly deadlineMs: number;
  readonly readMode: ReadMode;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Ledger extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
}

/** Starts to listen; throws OutlastError (PORT_IN_USE, ADDRESS_MISSING). */
export async function startLedger(options: LedgerOptions): Promise<Ledger> {
  const { plan, site, client, clock, log } = options;
  await using stack = new AsyncDisposableStack();
  // Filled while it serves: outlives the move of `stack` below.
  const opened = stack.use(new AsyncDisposableStack());
  const addressIn = (name: string) => addressOf(siteOf(plan, name).address, `site ${name}`);
  const clients = new Map<string, EngineClient>();
  const clientOf = (name: string): EngineClient => {
    const known = clients.get(name);
    if (known !== undefined) return known;
    const made = opened.use(client({ name, address: addressIn(name) }, name === site));
    clients.set(name, made);
    return made;
  };
  const own = clientOf(site);
  let probes = 0;
  const watch = stack.use(
    startReadinessWatch({
      timing: readinessTiming(plan),
      probe: (signal) =>
        probeWrite(own, plan, () => own.write(probeKey(site), String((probes += 1)), signal), signal),
      clock,
      log,
    }),
  );
  const app = stack.adopt(
    buildServer(
      site,
      handlers({
        site,
        own: failFast(own, site, watch.ability),
        replica: (name) => (plan.sites.some((known) => known.name === name) ? clientOf(name) : null),
        readMode: options.readMode,
        watch,
        clock,
        openApi: openApi("Outlast ledger", options.version, LEDGER_ROUTES),
      }),
      options.deadlineMs,
      log,
    ),
    (server) => server.close(),
  );
  const host = addressIn(site);
  const { port } = plan.balancer;
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EADDRINUSE" && code !== "EADDRNOTAVAIL" && code !== "EACCES") throw cause;
    throw new OutlastError({
      code: code === "EADDRINUSE" ? "PORT_IN_USE" : "ADDRESS_NOT_USABLE",
      definite: true,
      what: `cannot listen on ${host}:${port}: ${code}`,
      where: `site ${site}`,
      next: "end what listens there, or change balancer.port or the site's address in the plan",
      cause,
    });
  }
  const owned = stack.move();
  return { url: `http://${host}:${port}`, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function buildServer(site: string, answers: Handlers, deadlineMs: number, log: Log): FastifyInstance {
  const app = Fastify({
    logger: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    bodyLimit: BODY_MAX_BYTES,
    forceCloseConnections: true,
  });
  const send = (reply: FastifyReply, { status, body, term }: Reply) => {
    if (term !== undefined) reply.header(EPOCH_HEADER, String(term));
    return reply.code(status).header(SITE_HEADER, site).send(body);
  };
  for (const [name, route] of Object.entries(LEDGER_ROUTES) as [LedgerRouteName, Route][])
    app.route({
      method: route.method,
      url: route.path,
      handler: async (request, reply) => {
        const input = parse(route, request);
        if ("status" in input) return send(reply, input);
        using wait = requestWait(reply, deadlineMs);
        await clientsRead();
        if (wait.signal.aborted) return send(reply, CLIENT_GONE);
        // The table's types say that each handler gets what its route's schemas parsed.
        const handle = answers[name] as (input: Input, signal: AbortSignal) => Promise<Reply>;
        return send(reply, await handle(input, wait.signal));
      },
    });
  app.setNotFoundHandler((request, reply) =>
    send(reply, refusal(404, "NO_SUCH_ROUTE", `${request.method} ${request.url}`, "see /openapi.json")),
  );
  app.setErrorHandler((error, _request, reply) => {
    const { statusCode = 500, message } = error as { statusCode?: number; message: string };
    if (statusCode < 500)
      return send(reply, refusal(statusCode, "BAD_REQUEST", message, "see /openapi.json"));
    log.error(`INTERNAL ${(error as Error).stack ?? message}`);
    // Whatever broke may have broken after the engine was asked.
    return send(reply, {
      status: 504,
      body: { error: { code: "INTERNAL", definite: false, what: message, next: "look at the ledger's log" } },
    });
  });
  return app;
}

interface Input {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

function parse(route: Route, request: FastifyRequest): Input | Reply {
  const result: Record<string, unknown> = {};
  for (const part of ["params", "query", "body"] as const) {
    const schema = route[part];
    if (schema === undefined) continue;
    const parsed = schema.safeParse(request[part] ?? {});
    if (!parsed.success)
      return refusal(400, "BAD_REQUEST", `${part}: ${z.prettifyError(parsed.error)}`, "see /openapi.json");
    result[part] = parsed.data;
  }
  return result as unknown as Input;
}

/** Ends with the deadline or when the client has gone: the engine call is then abandoned, never repeated. */
/**
 * After everything that is waiting to be read: a client that gave up while this process was behind is known to be gone, and its
 * request is not sent to the engine. Otherwise a front-end that is once behind works for the dead, and stays behind.
 */
const clientsRead = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

const CLIENT_GONE = refusal(
  503,
  "CLIENT_GONE",
  "the client closed its connection before its request was begun",
  "nothing: nobody hears this",
);

function requestWait(reply: FastifyReply, deadlineMs: number): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), deadlineMs);
  const onClose = () => controller.abort();
  reply.raw.once("close", onClose);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      reply.raw.off("close", onClose);
    },
  };
}
