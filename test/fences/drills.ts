// One drill for each thing that a fence promises. Each says whether the promise was kept and what was seen; plants.ts has the
// mistakes that make it say no.
import type { FenceEvidence } from "../../src/fences/contract.ts";
import { systemClock as clock } from "../../src/runtime/clock.ts";
import { ENGINE, PEER, SITE, SPEC, TIMINGS } from "./place.ts";

export type Answer = Record<string, unknown>;

export interface Role {
  send(command: object): void;
  next(): Promise<Answer>;
  ask(command: object): Promise<Answer>;
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  stop(): Promise<void>;
}

export interface Stage {
  readonly agent: Role;
  readonly client: Role;
  readonly peer: Role;
  readonly engine: Role;
  /** Used by no drill before; this one may use the nine after it too. */
  readonly epoch: number;
  readonly inSite: (...argv: string[]) => Promise<unknown>;
}

export interface DrillResult {
  readonly held: boolean;
  readonly [seen: string]: unknown;
}

export type Drill = (stage: Stage) => Promise<DrillResult>;

const LEASE_MS = TIMINGS.ticketMs + TIMINGS.fenceMs;
/** Two ticks of a 100 Hz kernel, and the way to the client. */
const SLACK_MS = 25;
const { ports } = SPEC;

const door = (name: string, port: number, host: string = SITE.ip) => ({
  act: "open",
  name,
  host,
  port,
  ms: 400,
});
const ask = (name: string, line = "id", ms = 1_000) => ({ act: "ask", name, line, ms });

/** Open, and renewed all the time until it is let go: so a slow machine closes nothing by accident. */
async function opened({ agent, epoch }: Stage, number: number = epoch): Promise<void> {
  await agent.ask({ act: "begin", epoch: number });
  await agent.ask({ act: "hold", epoch: number });
}
const letGo = ({ agent }: Stage) => agent.ask({ act: "let-go" });

const works = async (role: Role, name: string, port: number, host?: string): Promise<boolean> => {
  const { connected } = await role.ask(door(name, port, host));
  return connected === true && (await role.ask(ask(name))).answered === true;
};

export const DRILLS: Readonly<Record<string, Drill>> = {
  /** Under full load the last byte arrives at most P + F after the ticket, and not much earlier either. */
  "last byte": async (stage) => {
    const { agent, client, epoch } = stage;
    await opened(stage);
    for (const name of ["a", "b"]) {
      await client.ask(door(name, ports.readWrite));
      await client.ask(ask(name, "stream"));
    }
    await client.ask(door("6", ports.readWrite, SITE.ip6));
    await client.ask(ask("6", "stream"));
    await letGo(stage);
    const ticketMs = Number((await agent.ask({ act: "ticket" })).atMs);
    await clock.sleep(TIMINGS.ticketMs / 2);
    const { kind } = await agent.ask({ act: "confirm", epoch });
    await clock.sleep(LEASE_MS + 200);
    // By the kernel's own time: a client on a busy machine reads late what left in time.
    const seen = await agent.ask({ act: "observe" });
    const { open, lastPassed, packets } = seen.value as FenceEvidence;
    const lastMs =
      Number(seen.atMs) - (lastPassed.find((each) => each.epoch === epoch)?.agoMs ?? 0) - ticketMs;
    const inTime = lastMs > LEASE_MS / 2 && lastMs <= LEASE_MS + SLACK_MS;
    // Some was withheld: the engine went on pouring.
    const held = inTime && open.length === 0 && packets.withheld > 0;
    return { held, kind, lastMs: Math.round(lastMs), open, packets };
  },

  "late confirm": async (stage) => {
    const { agent, client, epoch } = stage;
    await agent.ask({ act: "begin", epoch });
    await agent.ask({ act: "ticket" });
    await clock.sleep(TIMINGS.ticketMs + SLACK_MS);
    const { code } = await agent.ask({ act: "confirm", epoch });
    const { connected } = await client.ask(door("late", ports.readWrite));
    return { held: code === "FENCE_CONFIRM_REFUSED" && connected === false, code, connected };
  },

  /** The agent is stopped between ticket and confirm; another site takes over meanwhile; it wakes and goes on. */
  thaw: async (stage) => {
    const { agent, client, epoch } = stage;
    await opened(stage);
    const before = await works(client, "thaw", ports.readWrite);
    await letGo(stage);
    await agent.ask({ act: "ticket" });
    agent.signal("SIGSTOP");
    agent.send({ act: "confirm", epoch });
    await clock.sleep(LEASE_MS + 100);
    agent.signal("SIGCONT");
    const { code } = await agent.next();
    const { connected } = await client.ask(door("thawed", ports.readWrite));
    const { answered } = await client.ask(ask("thaw"));
    // The kernel's own answer too: a fence that did open may be shut again before a starved client gets to its door.
    const refused = code === "FENCE_CONFIRM_REFUSED";
    const held = before && refused && connected === false && answered === false;
    return { held, before, code, connected, answered };
  },

  "other epoch": async (stage) => {
    const { agent, client, epoch } = stage;
    await agent.ask({ act: "begin", epoch });
    await agent.ask({ act: "ticket" });
    const { code } = await agent.ask({ act: "confirm", epoch: epoch + 1 });
    const { value } = await agent.ask({ act: "observe" });
    const { open } = value as { open: unknown[] };
    await client.ask(door("other", ports.readWrite));
    return { held: code === "FENCE_CONFIRM_REFUSED" && open.length === 0, code, open };
  },

  /** An answer that was written while fenced waits in the engine's socket; it must not come under the next epoch. */
  "late acknowledgement": async (stage) => {
    const { agent, client, engine, epoch } = stage;
    await opened(stage);
    await client.ask(door("kept", ports.readWrite));
    const { answered: before } = await client.ask(ask("kept", "keep"));
    await letGo(stage);
    await agent.ask({ act: "close" });
    await engine.ask({ late: true });
    await clock.sleep(50);
    await opened(stage, epoch + 1);
    await clock.sleep(200);
    await client.ask(ask("kept", "id", 100)); // a packet on the old connection, as clients send
    await clock.sleep(1_200);
    const { text, error } = await client.ask({ act: "report", name: "kept" });
    return { held: before === true && text === "ok\n", before, text, error };
  },

  /** Conntrack forgets a connection (its table full, its entry expired); it must not come back under the next epoch. */
  "forgotten connection": async (stage) => {
    const { client, epoch, inSite } = stage;
    await opened(stage);
    const before = await works(client, "forgotten", ports.readWrite);
    await letGo(stage);
    await inSite("conntrack", "-D", "-p", "tcp");
    await opened(stage, epoch + 1);
    const { answered, error } = await client.ask(ask("forgotten"));
    const fresh = await works(client, "fresh", ports.readWrite);
    return { held: before && answered === false && fresh, before, answered, error, fresh };
  },

  /** Somebody flushes all rules: nobody reaches the engine any more, neither by the site's address nor by its own. */
  flush: async (stage) => {
    const { agent, client, inSite } = stage;
    await opened(stage);
    const before = await works(client, "old", ports.readWrite);
    const { kind: present } = await agent.ask({ act: "check" });
    const { kind: whole } = await agent.ask({ act: "audit" });
    // A table of somebody else keeps the kernel's translations of old connections alive.
    await inSite(
      "nft",
      "add table ip other; add chain ip other nat { type nat hook prerouting priority -90; }",
    );
    await inSite("nft", "delete table inet outlast_fence_rig");
    const ways = {
      old: (await client.ask(ask("old"))).answered,
      fresh: (await client.ask(door("fresh", ports.readWrite))).connected,
      direct: (await client.ask(door("direct", ports.engine, ENGINE.ip))).connected,
      direct6: (await client.ask(door("direct6", ports.engine, ENGINE.ip6))).connected,
    };
    await inSite("nft", "flush ruleset");
    const flushed = (await client.ask(door("flushed", ports.engine, ENGINE.ip))).connected;
    const { code } = await agent.ask({ act: "check" });
    const { code: audit } = await agent.ask({ act: "audit" });
    const closed = Object.values(ways).every((open) => open === false) && flushed === false;
    const noticed = code === "FENCE_MISSING" && audit === "FENCE_MISSING";
    return {
      held: before && present === "done" && whole === "done" && closed && noticed,
      before,
      present,
      whole,
      ways,
      flushed,
      code,
      audit,
    };
  },

  /** The engine's own address, from outside, while the fence is open: our translation is the only way in. */
  direct: async (stage) => {
    await opened(stage);
    const front = await works(stage.client, "front", ports.readWrite);
    const { connected } = await stage.client.ask(door("direct", ports.engine, ENGINE.ip));
    return { held: front && connected === false, front, connected };
  },

  /** Reads end by themselves; and a new generation does not take the connections of the last one. */
  reads: async ({ agent, client }) => {
    await agent.ask({ act: "reads", number: 1, ms: 2_000 });
    const before = await works(client, "reader", ports.readOnly);
    const writer = (await client.ask(door("writer", ports.readWrite))).connected;
    await clock.sleep(2_050);
    const { answered: after } = await client.ask(ask("reader"));
    const fresh = (await client.ask(door("fresh", ports.readOnly))).connected;
    return {
      held: before && writer === false && after === false && fresh === false,
      before,
      writer,
      after,
      fresh,
    };
  },

  /** A standby becomes the primary: its readers end before, or they would turn into writers. */
  "reads before promotion": async (stage) => {
    const { agent, client } = stage;
    await agent.ask({ act: "reads", number: 2, ms: 10_000 });
    const before = await works(client, "reader", ports.readOnly);
    await agent.ask({ act: "end-reads" });
    await opened(stage);
    const { answered } = await client.ask(ask("reader"));
    const writer = await works(client, "writer", ports.readWrite);
    return { held: before && answered === false && writer, before, answered, writer };
  },

  /** Peers reach the replication port whatever the fence says; nobody else does, not even while it is open. */
  replication: async (stage) => {
    const { client, peer } = stage;
    const closed = await works(peer, "standby", ports.replication);
    const closed6 = await works(peer, "standby6", ports.replication, SITE.ip6);
    await opened(stage);
    const stranger = await client.ask(door("stranger", ports.replication));
    const stranger6 = await client.ask(door("stranger6", ports.replication, SITE.ip6));
    // A peer is nobody special at the front door.
    await letGo(stage);
    const peerAtClosed = await stage.agent.ask({ act: "close" });
    const front = await peer.ask(door("front", ports.readWrite));
    const all = [stranger.connected, stranger6.connected, front.connected];
    return {
      held: closed && closed6 && all.every((open) => open === false),
      closed,
      closed6,
      all,
      kind: peerAtClosed.kind,
    };
  },

  /** While it is closed a client is refused at once; it does not hang. */
  "refused at once": async ({ client }) => {
    const fromMs = clock.nowMs();
    const { connected, error } = await client.ask(door("refused", ports.readWrite));
    const tookMs = Math.round(clock.nowMs() - fromMs);
    return { held: connected === false && error === "ECONNREFUSED", connected, error, tookMs };
  },

  /** Other P and F hold for what is opened after; what is open keeps its end. */
  "other timings": async (stage) => {
    const { agent, epoch } = stage;
    await agent.ask({ act: "begin", epoch });
    await agent.ask({ act: "ticket" });
    await agent.ask({ act: "confirm", epoch });
    await agent.ask({ act: "timings", number: 3_000, ms: 20_000 });
    const leftMs = async () => {
      const { value } = await agent.ask({ act: "observe" });
      return (value as { open: { forMs: number }[] }).open[0]?.forMs ?? 0;
    };
    const oldMs = await leftMs();
    await agent.ask({ act: "ticket" });
    await agent.ask({ act: "confirm", epoch });
    const longerMs = await leftMs();
    return {
      held: oldMs <= TIMINGS.fenceMs && longerMs > TIMINGS.fenceMs && longerMs <= 20_000,
      oldMs,
      longerMs,
    };
  },

  /** The site's own front-end comes by the same door; so does IPv6. */
  "every door": async (stage) => {
    const { client, agent, inSite } = stage;
    await opened(stage);
    const six = await works(client, "six", ports.readWrite, SITE.ip6);
    const speak = `exec 3<>/dev/tcp/${SITE.ip}/${ports.readWrite} && echo id >&3 && read -t 1 line <&3 && [ "$line" = ok ]`;
    const own = async () =>
      inSite("bash", "-c", speak).then(
        () => true,
        () => false,
      );
    const here = await own();
    await letGo(stage);
    await agent.ask({ act: "close" });
    const closed = await own();
    const sixClosed = (await client.ask(ask("six"))).answered;
    return {
      held: six && here && !closed && sixClosed === false,
      six,
      here,
      closed,
      sixClosed,
      peer: PEER.ip,
    };
  },

  /**
   * Who is not agent or engine. In a user namespace of one user there is nobody else to be: then only what this user itself
   * may do is shown (`users: 1`).
   */
  "another user": async (stage) => {
    const { agent, epoch, inSite } = stage;
    await agent.ask({ act: "begin", epoch });
    const can = (user: readonly string[], script: string) =>
      inSite(...user, "bash", "-c", script).then(
        () => true,
        () => false,
      );
    const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    const alone = !(await can(nobody, "true"));
    const scripts = {
      ticket: `printf 12345678 > /dev/udp/127.0.0.1/${ports.ticket}`,
      replication: `timeout 2 bash -c 'exec 3<>/dev/tcp/${PEER.ip}/${ports.replication}'`,
      engine: `timeout 2 bash -c 'exec 3<>/dev/tcp/${ENGINE.ip}/${ports.engine}'`,
    };
    const open: Record<string, boolean> = {};
    for (const [name, script] of Object.entries(scripts)) open[name] = !alone && (await can(nobody, script));
    const own = {
      replication: await can([], scripts.replication),
      engine: await can([], scripts.engine),
    };
    const held = Object.values(open).every((way) => !way) && own.replication && own.engine;
    return { held, users: alone ? 1 : 2, open, own };
  },
};
