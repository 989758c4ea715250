// Talks to a running lab's keeper from outside its namespaces: the socket is reached through /proc/PID/root.
import { request } from "node:http";
import { OutlastError } from "../domain/outcome.ts";
import type { ControlMethod, ControlMethods } from "./keeper/control.ts";
import { CONTROL_SOCKET } from "./keeper/keeper.ts";

export interface KeeperClient {
  /** As this process sees it. */
  readonly keeperPid: number;
  call<M extends ControlMethod>(
    method: M,
    input: ControlMethods[M]["input"],
    signal?: AbortSignal,
  ): Promise<ControlMethods[M]["output"]>;
  /** Path of a file of the lab, as seen from outside. */
  pathOf(insidePath: string): string;
}

export function connectKeeper(name: string, keeperPid: number): KeeperClient {
  const pathOf = (insidePath: string) => `/proc/${keeperPid}/root${insidePath}`;
  return {
    keeperPid,
    pathOf,
    call: (method, input, signal) =>
      new Promise((resolve, reject) => {
        const fail = (what: string, definite: boolean, cause?: unknown) =>
          reject(
            new OutlastError({
              code: "LAB_CALL_FAILED",
              definite,
              what: `lab ${name}: ${method}: ${what}`,
              where: `keeper, process ${keeperPid}`,
              next: "see 'outlast lab status'; 'outlast lab down' ends a lab even when its keeper does not answer",
              cause,
            }),
          );
        const body = JSON.stringify(input);
        const outgoing = request(
          {
            socketPath: pathOf(CONTROL_SOCKET),
            path: `/v1/${method}`,
            method: "POST",
            headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
            ...(signal === undefined ? {} : { signal }),
          },
          (incoming) => {
            const chunks: Buffer[] = [];
            incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
            incoming.on("error", (cause) => fail(cause.message, false, cause));
            incoming.on("end", () => {
              const text = Buffer.concat(chunks).toString();
              const parsed = JSON.parse(text) as { error?: string };
              if (incoming.statusCode === 200) resolve(parsed as never);
              else fail(parsed?.error ?? text, true);
            });
          },
        );
        outgoing.on("error", (cause) =>
          fail(
            signal?.aborted === true ? "no answer before the caller gave up" : cause.message,
            false,
            cause,
          ),
        );
        outgoing.end(body);
      }),
  };
}
