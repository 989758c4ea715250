// Mistakes that are planted one at a time: what a rule is for is shown by the drill that notices its absence.

interface Plant {
  /** The drill that has to notice. */
  readonly drill: string;
  /** On all that goes to nft. */
  readonly sabotage?: (commands: string) => string;
  /** Run in the site's namespace after the fence was installed. */
  readonly also?: readonly (readonly string[])[];
}

const without =
  (pattern: RegExp, instead = "") =>
  (commands: string) =>
    commands.replaceAll(pattern, instead);

export const PLANTS: Readonly<Record<string, Plant>> = {
  "answers pass without a lease": {
    drill: "last byte",
    sabotage: (commands) =>
      commands
        .replaceAll('counter name "withheld" drop', "accept")
        .replaceAll('counter name "refused" reject with tcp reset', "accept"),
  },
  "a fence that does not end": {
    drill: "last byte",
    sabotage: without(/(update @lease \{ @th,96,32) timeout \d+ms/g, "$1 timeout 1h"),
  },
  "a confirm needs no ticket": { drill: "late confirm", sabotage: without(/ meta mark @ticket/g) },
  "a confirm needs no ticket (thaw)": { drill: "thaw", sabotage: without(/ meta mark @ticket/g) },
  "a ticket that does not end": {
    drill: "thaw",
    sabotage: without(/(update @ticket \{ @th,64,32) timeout \d+ms/g, "$1 timeout 1h"),
  },
  "a confirm of any epoch": {
    drill: "other epoch",
    sabotage: without(/(udp dport 7462) @th,96,32 0x[0-9a-f]+/g, "$1"),
  },
  "every packet marks its connection anew": {
    drill: "late acknowledgement",
    sabotage: without(/ct state new tcp flags & \(fin\|syn\|rst\|ack\) == syn/g),
  },
  "a connection may begin in its middle": {
    drill: "forgotten connection",
    sabotage: without(/tcp flags & \(fin\|syn\|rst\|ack\) == syn/g),
    also: [["sh", "-c", "echo 1 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose"]],
  },
  "the engine's address is an ordinary one": {
    drill: "flush",
    also: [["ip", "rule", "add", "priority", "1", "lookup", "local"]],
  },
  "reads without an end": {
    drill: "reads",
    sabotage: without(/(add element .* readers \{ 0x[0-9a-f]+) timeout \d+ms/g, "$1 timeout 1h"),
  },
  "a takeover leaves the reads": {
    drill: "reads before promotion",
    sabotage: without(/flush set inet \S+ readers/g),
  },
  "replication from anybody": {
    drill: "replication",
    sabotage: without(/ip saddr \{ 10\.77\.2\.1 \} (tcp dport 5433 ct mark set)/g, "$1"),
  },
  "resets are withheld": {
    drill: "refused at once",
    sabotage: without(/tcp flags & rst == rst accept/g),
  },
};
