// A gateway's row goes to every name server each interval, and at once when it changed. One request open a server: what comes
// while one is open replaces what waits. A server that does not answer within the timeout is tried again at the next row.
import { Agent, request } from "node:http";
import { BALANCER_ROUTES } from "../api/balancer.ts";
import type { ReachabilityRow } from "../domain/health.ts";
import { PORTS } from "../domain/plan.ts";
import type { Target } from "./probe.ts";

export interface Publisher extends AsyncDisposable {
  publish(row: ReachabilityRow): void;
  /** site → "" when it took the last row, else why not. */
  readonly state: ReadonlyMap<string, string>;
}

export function startPublisher(
  servers: readonly Target[],
  timeoutMs: number,
  port: number = PORTS.balancer,
): Publisher {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 });
  const stopped = new AbortController();
  const state = new Map<string, string>();
  const open = new Set<string>();
  const waiting = new Map<string, ReachabilityRow>();

  const send = async (server: Target, row: ReachabilityRow) => {
    if (open.has(server.site)) {
      waiting.set(server.site, row);
      return;
    }
    open.add(server.site);
    for (let next: ReachabilityRow | undefined = row; next !== undefined && !stopped.signal.aborted; ) {
      const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(timeoutMs)]);
      state.set(server.site, await post(server.address, port, next, agent, signal));
      next = waiting.get(server.site);
      waiting.delete(server.site);
    }
    open.delete(server.site);
  };

  return {
    state,
    publish: (row) => {
      for (const server of servers) void send(server, row);
    },
    [Symbol.asyncDispose]: async () => {
      stopped.abort();
      agent.destroy();
    },
  };
}

function post(
  host: string,
  port: number,
  row: ReachabilityRow,
  agent: Agent,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve) => {
    const { method, path } = BALANCER_ROUTES.rows;
    const body = JSON.stringify(row);
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const asked = request({ host, port, method, path, agent, signal, headers }, (answer) => {
      answer.resume();
      answer.on("error", (cause) => resolve(cause.message));
      answer.on("end", () => resolve(answer.statusCode === 204 ? "" : `HTTP ${answer.statusCode}`));
    });
    asked.on("error", (cause) => resolve(cause.message));
    asked.end(body);
  });
}
