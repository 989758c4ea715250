// The processes of fence-rig.ts, each in a network namespace: engine, agent, client. Commands come as JSON lines and are
// answered in the same way, one after the other.
import { connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Fence } from "../../src/fences/contract.ts";
import { startKernelFence } from "../../src/fences/kernel/fence.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import { TOOLS_ON_PATH } from "../../src/linux/network-tools.ts";
import { systemClock as clock } from "../../src/runtime/clock.ts";
import { measureLateness } from "../lateness.ts";
import { PLANTS } from "./plants.ts";
import { ENGINE, SPEC } from "./place.ts";

const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const commands = async function* () {
  for await (const line of createInterface({ input: process.stdin })) yield JSON.parse(line);
};

/** Answers "id" with "ok"; "stream" with bytes without end; "keep" with "ok" and later, when told to, with "late". */
export async function engine(): Promise<void> {
  const kept = new Set<Socket>();
  const piece = Buffer.alloc(64 * 1024, "x");
  const serve = (socket: Socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      const line = data.toString().trim();
      if (line === "stream") {
        const pour = () => {
          while (socket.writable && socket.write(piece));
        };
        socket.on("drain", pour);
        pour();
        return;
      }
      if (line === "keep") kept.add(socket);
      socket.write("ok\n");
    });
  };
  for (const host of [ENGINE.ip, ENGINE.ip6])
    await new Promise<void>((resolve, reject) => {
      createServer(serve).once("error", reject).listen(SPEC.ports.engine, host, resolve);
    });
  say({ ready: true });
  for await (const { late } of commands()) {
    if (late === true) for (const socket of kept) socket.write("late\n");
    kept.clear();
    say({});
  }
}

/** One fence at a time: "install" with the name of a plant, or "", "remove". */
export async function agent(): Promise<void> {
  const none = (): never => {
    throw new RangeError("agent: no fence is installed");
  };
  let installed: Fence | null = null;
  const told = (outcome: Outcome) =>
    say({
      kind: outcome.kind,
      code: outcome.kind === "done" ? "" : outcome.failure.code,
      atMs: clock.nowMs(),
    });
  let nonce = 0;
  /** The epoch that is renewed all the time; null: none. */
  let holding: number | null = null;
  let renewing: Promise<void> = Promise.resolve();
  const renewOnce = async (fence: Fence, epoch: number) => {
    nonce += 1;
    await fence.ticket(nonce);
    await fence.confirm(nonce, epoch);
  };
  const renew = async (fence: Fence, epoch: number) => {
    while (holding === epoch) {
      await clock.sleep(100);
      await renewOnce(fence, epoch);
    }
  };
  say({ ready: true });
  for await (const { act, epoch, number, ms, plant } of commands()) {
    if (act === "install") {
      const { sabotage } = PLANTS[plant] ?? {};
      const how = sabotage === undefined ? {} : { sabotage };
      installed = await startKernelFence({ spec: SPEC, tools: TOOLS_ON_PATH, clock, ...how });
      say({});
      continue;
    }
    const fence: Fence = installed ?? none();
    switch (act) {
      case "begin":
        told(await fence.beginEpoch(epoch));
        break;
      case "ticket":
        nonce += 1;
        told(await fence.ticket(nonce));
        break;
      case "confirm":
        told(await fence.confirm(nonce, epoch));
        break;
      case "hold":
        holding = epoch;
        await renewOnce(fence, epoch);
        renewing = renew(fence, epoch);
        say({});
        break;
      case "let-go":
        holding = null;
        await renewing;
        say({});
        break;
      case "close":
        told(await fence.close());
        break;
      case "timings":
        told(await fence.setTimings({ ticketMs: number, fenceMs: ms }));
        break;
      case "reads":
        told(await fence.allowReads(number, ms));
        break;
      case "end-reads":
        told(await fence.endReads());
        break;
      case "check":
        told(await fence.check());
        break;
      case "audit":
        told(await fence.audit());
        break;
      case "observe":
        say(await fence.observe());
        break;
      case "remove":
        told(await fence.remove());
        await fence[Symbol.asyncDispose]();
        break;
      default:
        throw new RangeError(`agent: ${act}`);
    }
  }
}

interface Held {
  readonly socket: Socket;
  bytes: number;
  lastMs: number;
  text: string;
  error: string;
}

/** Opens named connections, speaks over them and tells what came when. */
export async function client(listenPort: string): Promise<void> {
  const all = new Map<string, Held>();
  const latenessMs = measureLateness();
  if (listenPort !== "")
    createServer((socket) => socket.on("error", () => undefined)).listen(Number(listenPort));
  const until = async (happened: () => boolean, ms: number) => {
    const untilMs = clock.nowMs() + ms;
    while (!happened() && clock.nowMs() < untilMs) await clock.sleep(5);
  };
  say({ ready: true });
  for await (const { act, name, host, port, line, ms } of commands()) {
    if (act === "open") {
      const socket = connect({ host, port });
      const held: Held = { socket, bytes: 0, lastMs: 0, text: "", error: "" };
      all.set(name, held);
      let connected = false;
      socket.on("connect", () => (connected = true));
      socket.on("error", (error: NodeJS.ErrnoException) => (held.error = error.code ?? error.message));
      socket.on("data", (data) => {
        held.bytes += data.length;
        held.lastMs = clock.nowMs();
        if (held.text.length < 100 && data.length < 100) held.text += data.toString();
      });
      await until(() => connected || held.error !== "", ms);
      say({ connected, error: held.error });
      continue;
    }
    const held = all.get(name);
    if (held === undefined) throw new RangeError(`client: no connection ${name}`);
    if (act === "ask") {
      const before = held.bytes;
      held.socket.write(`${line}\n`);
      await until(() => held.bytes > before || held.error !== "", ms);
      say({ answered: held.bytes > before, error: held.error });
    } else {
      const { bytes, lastMs, text, error } = held;
      say({ bytes, lastMs, text, error, latenessMs: latenessMs() });
    }
  }
}
