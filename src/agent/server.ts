// The agent's HTTP server, from the routes table of api/agent.ts.
import Fastify, { type FastifyReply } from "fastify";
import { AGENT_ROUTES, type AgentStatus, peerReturned } from "../api/agent.ts";
import type { SiteReport } from "../domain/health.ts";
import { OutlastError } from "../domain/outcome.ts";
import { PORTS } from "../domain/plan.ts";

export interface AgentAnswers {
  readonly site: string;
  status(): AgentStatus;
  report(): SiteReport;
  /** A peer says that its site starts anew; null: it is not that peer. */
  returned(site: string, address: string): Promise<number | null>;
}

/** Listens on the site's address; throws OutlastError (PORT_IN_USE, LISTEN_REFUSED). */
export async function startAgentServer(address: string, answers: AgentAnswers): Promise<AsyncDisposable> {
  const app = Fastify({ forceCloseConnections: true, bodyLimit: 1_024 });
  const send = (reply: FastifyReply, code: number, body: unknown) =>
    reply.code(code).header("cache-control", "no-store").send(body);
  app.get(AGENT_ROUTES.status.path, (_request, reply) => send(reply, 200, answers.status()));
  app.get(AGENT_ROUTES.live.path, (_request, reply) => send(reply, 200, { site: answers.site }));
  app.post(AGENT_ROUTES.returned.path, async (request, reply) => {
    const asked = peerReturned.safeParse(request.body);
    const ended = asked.success ? await answers.returned(asked.data.site, request.ip) : null;
    return ended === null
      ? send(reply, 403, { error: "only a peer itself says that it returned" })
      : send(reply, 200, { ended });
  });
  app.get(AGENT_ROUTES.ready.path, (_request, reply) => {
    const report = answers.report();
    return send(reply, report.ableToCommit ? 200 : 503, report);
  });
  try {
    await app.listen({ host: address, port: PORTS.agent });
  } catch (cause) {
    await app.close();
    const code = (cause as NodeJS.ErrnoException).code;
    throw new OutlastError({
      code: code === "EADDRINUSE" ? "PORT_IN_USE" : "LISTEN_REFUSED",
      definite: true,
      what:
        code === "EADDRINUSE"
          ? "another process listens there"
          : `it can't be listened on: ${cause instanceof Error ? cause.message : String(cause)}`,
      where: `agent of ${answers.site}, ${address}:${PORTS.agent}`,
      next: "end the other process ('ss -ltnp' names it), or give the site an address of this machine",
      cause,
    });
  }
  return { [Symbol.asyncDispose]: () => app.close() };
}
