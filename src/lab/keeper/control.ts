// The keeper's control socket: HTTP on a unix socket inside the lab's mount namespace. Requests come from this machine's
// own tools (drill, `outlast lab`); nothing in a site can reach it: places see other mount namespaces' paths but the
// daemons are never told of it, and a test runs them with it unreadable.
import { createServer, type IncomingMessage } from "node:http";
import { chmod } from "node:fs/promises";
import type { ChangeRequest } from "../changes.ts";
import { CONTROL_SOCKET, type Keeper } from "./keeper.ts";
import type { ProcessSpec } from "./place.ts";

/** Method → what it takes and gives. The client (`keeper-client.ts`) is typed by the same table. */
export interface ControlMethods {
  status: { input: Record<string, never>; output: ReturnType<Keeper["status"]> };
  apply: { input: ChangeRequest; output: Awaited<ReturnType<Keeper["apply"]>> };
  heal: { input: { id: string; because: string }; output: Awaited<ReturnType<Keeper["heal"]>> };
  startProcess: { input: { place: string; spec: ProcessSpec }; output: null };
  /** SIGTERM to a process of a place; the keeper starts it again if it is one that it supervises. */
  stopProcess: { input: { place: string; name: string }; output: null };
  /** Replaces the plan that daemons read when they start. */
  writePlan: { input: { text: string }; output: null };
  ended: { input: { place: string; name: string }; output: Awaited<ReturnType<Keeper["ended"]>> };
  fidelity: { input: { reset: boolean }; output: Awaited<ReturnType<Keeper["fidelity"]>> };
  down: { input: Record<string, never>; output: null };
}
export type ControlMethod = keyof ControlMethods;

const BODY_MAX_BYTES = 1024 * 1024;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX_BYTES) throw new RangeError("request too large");
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString() || "{}");
}

export async function serveControl(
  keeper: Keeper,
  down: (because: string) => void,
): Promise<AsyncDisposable> {
  const methods: {
    readonly [M in ControlMethod]: (
      input: ControlMethods[M]["input"],
    ) => Promise<ControlMethods[M]["output"]>;
  } = {
    status: async () => keeper.status(),
    apply: (input) => keeper.apply(input),
    heal: ({ id, because }) => keeper.heal(id, because),
    startProcess: async ({ place, spec }) => {
      await keeper.startProcess(place, spec);
      return null;
    },
    stopProcess: async ({ place, name }) => {
      keeper.stopProcess(place, name);
      return null;
    },
    writePlan: async ({ text }) => {
      await keeper.writePlan(text);
      return null;
    },
    ended: ({ place, name }) => keeper.ended(place, name),
    fidelity: ({ reset }) => keeper.fidelity(reset),
    down: async () => null, // answered first, then done
  };
  const answer = async (request: IncomingMessage): Promise<{ status: number; body: unknown }> => {
    const name = (request.url ?? "").replace(/^\/v1\//, "");
    if (!Object.hasOwn(methods, name)) return { status: 404, body: { error: `no method ${name}` } };
    try {
      const call = methods[name as ControlMethod] as (input: unknown) => Promise<unknown>;
      return { status: 200, body: await call(await bodyOf(request)) };
    } catch (error) {
      return { status: 409, body: { error: error instanceof Error ? error.message : String(error) } };
    }
  };
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      if (request.url === "/v1/down") response.once("close", () => down("asked to go down"));
    });
  });
  server.requestTimeout = 0; // `ended` waits as long as the process lives
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(CONTROL_SOCKET, resolve);
  });
  await chmod(CONTROL_SOCKET, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
