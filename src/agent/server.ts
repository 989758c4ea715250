// The agent's HTTP server, from the routes table of api/agent.ts.
import { createHash, timingSafeEqual } from "node:crypto";
import Fastify, { type FastifyReply } from "fastify";
import {
  AGENT_ROUTES,
  type AgentStatus,
  peerReturned,
  type WorkflowAnswer,
  type WorkflowAsked,
  workflowAsked,
} from "../api/agent.ts";
import { METRICS_TYPE } from "../api/metrics-text.ts";
import { agentMetrics } from "./metrics.ts";
import type { SiteReport } from "../domain/health.ts";
import { OutlastError } from "../domain/outcome.ts";
import { PORTS } from "../domain/plan.ts";

export interface AgentAnswers {
  readonly site: string;
  status(): AgentStatus;
  report(): SiteReport;
  /** A peer says that its site starts anew; null: it is not that peer. */
  returned(site: string, address: string): Promise<number | null>;
  /** Where a recovery is run. */
  readonly workflows?: WorkflowAnswers;
}

export interface WorkflowAnswers {
  /** What every call that changes something has to know. */
  readonly token: string;
  begin(asked: WorkflowAsked): Promise<WorkflowAnswer | { readonly refused: string }>;
  read(id: string): Promise<WorkflowAnswer | null>;
}

/** In a time that tells nothing of the token. */
function sameToken(header: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(header ?? ""), digest(`Bearer ${token}`));
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
  for (const { path } of [AGENT_ROUTES.ready, AGENT_ROUTES.readyz])
    app.get(path, (_request, reply) => {
      const report = answers.report();
      return send(reply, report.ableToCommit ? 200 : 503, report);
    });
  app.get(AGENT_ROUTES.metrics.path, (_request, reply) =>
    reply.type(METRICS_TYPE).send(agentMetrics(answers.status(), answers.report())),
  );
  const { workflows } = answers;
  if (workflows !== undefined) {
    app.post(AGENT_ROUTES.ask.path, async (request, reply) => {
      if (!sameToken(request.headers.authorization, workflows.token))
        return send(reply, 401, { error: "the agent's token is asked for (authorization: Bearer …)" });
      const asked = workflowAsked.safeParse(request.body);
      if (!asked.success) return send(reply, 400, { error: asked.error.message });
      const begun = await workflows.begin(asked.data);
      return "refused" in begun ? send(reply, 409, { error: begun.refused }) : send(reply, 202, begun);
    });
    app.get<{ Params: { id: string } }>(AGENT_ROUTES.workflow.path, async (request, reply) => {
      const found = await workflows.read(request.params.id);
      return found === null ? send(reply, 404, { error: "no such workflow" }) : send(reply, 200, found);
    });
  }
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
