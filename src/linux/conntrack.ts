// The kernel's table of connections of this network namespace: read from /proc where the kernel shows it there (no program
// is started: 2 ms instead of 10 to 60), else through `conntrack`; deleted through `conntrack`.
import { OutlastError } from "../domain/outcome.ts";
import { readText } from "../runtime/files.ts";
import { run } from "../runtime/process.ts";
import type { NetworkTools } from "./network-tools.ts";
import { nftMark } from "./nftables.ts";

const CONNTRACK_TIMEOUT_MS = 10_000;

export interface Connection {
  /** ESTABLISHED, SYN_SENT, … as the kernel names it. */
  readonly state: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  /** As the client sees it: before address translation. */
  readonly serverAddress: string;
  readonly serverPort: number;
  readonly mark: number;
}

const LINE =
  /^(?:ipv4\s+2\s+)?tcp\s+6\s+\d+\s+([A-Z_0-9]+)\s+src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)\s.*?\bmark=(\d+)/;

export function parseConnections(text: string): Connection[] {
  return text.split("\n").flatMap((line) => {
    const found = LINE.exec(line);
    if (found === null) return [];
    const [, state = "", clientAddress = "", serverAddress = "", sport, dport, mark] = found;
    return [
      {
        state,
        clientAddress,
        clientPort: Number(sport),
        serverAddress,
        serverPort: Number(dport),
        mark: Number(mark),
      },
    ];
  });
}

export interface ConnectionFilter {
  /** As the client sees it. */
  readonly serverAddress: string;
  readonly mark?: number;
  readonly state?: "SYN_SENT" | "CLOSE";
}

const filterArguments = ({ serverAddress, mark, state }: ConnectionFilter): string[] => [
  "-p",
  "tcp",
  "--orig-dst",
  serverAddress,
  ...(state === undefined ? [] : ["--state", state]),
  ...(mark === undefined ? [] : ["--mark", nftMark(mark)]),
];

/** The TCP connections that match. Long lists may be cut at the end (runtime's bound on output): ask again after acting. */
export async function listConnections(
  tools: NetworkTools,
  filter: ConnectionFilter,
  signal?: AbortSignal,
): Promise<Connection[]> {
  const shown = await readText("/proc/self/net/nf_conntrack");
  const all = parseConnections(shown ?? (await listed(tools, filter, signal)));
  return all.filter(
    ({ serverAddress, mark, state }) =>
      serverAddress === filter.serverAddress &&
      (filter.mark === undefined || mark === filter.mark) &&
      (filter.state === undefined || state === filter.state),
  );
}

async function listed(tools: NetworkTools, filter: ConnectionFilter, signal?: AbortSignal): Promise<string> {
  const { text, error } = await asked(tools, "-L", filter, signal);
  if (error !== null) throw error;
  return text;
}

/** An entry that ends by itself between being listed and being deleted ends the whole command; the rest is asked for again. */
const VANISHED = /such conntrack doesn't exist/;
const VANISHED_MAX = 20;

/** Returns what was deleted. */
export async function deleteConnections(
  tools: NetworkTools,
  filter: ConnectionFilter,
  signal?: AbortSignal,
): Promise<Connection[]> {
  const deleted: Connection[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const { text, error } = await asked(tools, "-D", filter, signal);
    deleted.push(...parseConnections(text));
    if (error === null) return deleted;
    if (!VANISHED.test(error.failure.what) || attempt === VANISHED_MAX) throw error;
  }
}

async function asked(
  tools: NetworkTools,
  action: "-L" | "-D",
  filter: ConnectionFilter,
  signal?: AbortSignal,
): Promise<{ readonly text: string; readonly error: OutlastError | null }> {
  const argv = [tools.conntrack, action, ...filterArguments(filter)];
  const waiting = signal === undefined ? {} : { signal };
  const { code, stdout, stderr } = await run(argv, { timeoutMs: CONNTRACK_TIMEOUT_MS, ...waiting });
  // Nothing to delete ends with 1 and these words.
  if (code === 0 || /\b0 flow entries have been (deleted|shown)/.test(stderr))
    return { text: stdout, error: null };
  const error = new OutlastError({
    code: "CONNTRACK_FAILED",
    definite: false,
    what: stderr.trim().slice(-300),
    where: argv.join(" "),
    next: "run it by hand; it needs CAP_NET_ADMIN in this network namespace",
  });
  return { text: stdout, error };
}
