// The workload's status for Prometheus: each scrape asks all agents then, so that nothing old is ever told; scrapes that come
// while agents are asked share the answer.
import { createServer } from "node:http";
import { METRICS_TYPE, metricsText } from "../api/metrics-text.ts";
import { OutlastError } from "../domain/outcome.ts";
import type { Plan } from "../domain/plan.ts";
import { workloadSamples } from "../status/workload-metrics.ts";
import type { WorkloadStatus } from "../status/workload-status.ts";

const failure = (code: string, what: string, where: string, next: string, exit: 2 | 3, cause?: unknown) =>
  new OutlastError(
    { code, definite: true, what, where, next, ...(cause === undefined ? {} : { cause }) },
    exit,
  );

/** Until the signal. Throws OutlastError (USAGE, PORT_IN_USE, LISTEN_REFUSED). */
export async function serveStatus(
  plan: Plan,
  listen: string,
  look: () => Promise<WorkloadStatus>,
  signal: AbortSignal,
): Promise<void> {
  const place = /^(\d+\.\d+\.\d+\.\d+):(\d{1,5})$/.exec(listen);
  if (place === null)
    throw failure(
      "USAGE",
      `${listen} is no ADDRESS:PORT`,
      "--listen",
      "for example --listen 127.0.0.1:7410",
      2,
    );
  let asking: Promise<WorkloadStatus> | null = null;
  const shared = () => {
    asking ??= look().finally(() => {
      asking = null;
    });
    return asking;
  };
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") {
      response.writeHead(404).end("GET /metrics\n");
      return;
    }
    shared().then(
      (status) =>
        response
          .writeHead(200, { "content-type": METRICS_TYPE })
          .end(metricsText(workloadSamples(plan, status))),
      (cause: unknown) => response.writeHead(500).end(`${String(cause)}\n`),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        failure(
          cause.code === "EADDRINUSE" ? "PORT_IN_USE" : "LISTEN_REFUSED",
          `it can't be listened on: ${cause.message}`,
          listen,
          "name another --listen ADDRESS:PORT, of this machine",
          3,
          cause,
        ),
      ),
    );
    server.listen(Number(place[2]), place[1], resolve);
  });
  process.stderr.write(`metrics of ${plan.name} on http://${listen}/metrics\n`);
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
