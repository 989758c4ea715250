// The control API of a balancer: routes of api/balancer.ts, nothing decided here.
import Fastify from "fastify";
import { BALANCER_ROUTES, type BalancerStatus, reachabilityRow } from "../api/balancer.ts";
import type { ReachabilityRow } from "../domain/health.ts";
import { OutlastError } from "../domain/outcome.ts";
import type { Route } from "../domain/route.ts";

const BODY_MAX_BYTES = 64 * 1024;

export interface ControlOptions {
  readonly host: string;
  readonly port: number;
  readonly status: () => BalancerStatus;
  readonly route: () => Route | null;
  /** null: this balancer takes no rows (a gateway). Else whether the row was taken. */
  readonly onRow: ((row: ReachabilityRow) => boolean) | null;
}

export interface Control extends AsyncDisposable {
  readonly port: number;
}

export async function startControl({ host, port, status, route, onRow }: ControlOptions): Promise<Control> {
  const server = Fastify({ logger: false, bodyLimit: BODY_MAX_BYTES, forceCloseConnections: true });
  const refuse = (code: string, what: string, next: string) => ({
    error: { code, definite: true, what, next },
  });
  server.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .send(refuse("NOT_FOUND", `no ${request.method} ${request.url}`, "see src/api/balancer.ts")),
  );
  server.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) =>
    reply
      .code(error.statusCode ?? 500)
      .send(refuse("BAD_REQUEST", error.message, "send a body as in src/api/balancer.ts")),
  );
  server.route({
    ...at(BALANCER_ROUTES.rows),
    handler: (request, reply) => {
      if (onRow === null)
        return reply
          .code(409)
          .send(refuse("NOT_A_NAME_SERVER", "a gateway takes no rows", "send rows to the name servers"));
      const parsed = reachabilityRow.safeParse(request.body);
      if (!parsed.success)
        return reply
          .code(400)
          .send(refuse("BAD_ROW", parsed.error.message.slice(0, 600), "send a whole row"));
      return onRow(parsed.data)
        ? reply.code(204).send()
        : reply
            .code(409)
            .send(refuse("ROW_REFUSED", "older than the last row, or of no region of the plan", "nothing"));
    },
  });
  server.route({
    ...at(BALANCER_ROUTES.route),
    handler: (_request, reply) => {
      const now = route();
      return now === null
        ? reply
            .code(503)
            .send(refuse("NO_ROUTE", "no route is known yet", "ask again when sites were probed"))
        : reply.send(now);
    },
  });
  server.route({ ...at(BALANCER_ROUTES.status), handler: () => status() });
  server.route({ ...at(BALANCER_ROUTES.live), handler: () => ({ live: true }) });
  try {
    await server.listen({ host, port });
  } catch (cause) {
    await server.close();
    throw new OutlastError({
      code: "CONTROL_PORT_UNAVAILABLE",
      definite: true,
      what: `the control API can't listen: ${(cause as Error).message}`,
      where: `${host}:${port}`,
      next: "end the other process that uses the address, or give the plan another one",
      cause,
    });
  }
  const bound = server.server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

const at = ({ method, path }: (typeof BALANCER_ROUTES)[keyof typeof BALANCER_ROUTES]) => ({
  method,
  url: path,
});
