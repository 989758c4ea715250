// PostgreSQL refuses to run as user 0. Started by root (or by the lab's root of a user namespace) its programs run in one
// more user namespace, in which they are user 1000; outside, their files belong to whoever started them.

const BECOME = `[ "$(id -u)" != 0 ] || exec unshare --user --map-user=1000 --map-group=1000 -- "$@"; exec "$@"`;

/** Pure: the same command line for everybody; who runs it is seen when it starts. Every program is exec'ed, none waits. */
export const asOrdinaryUser = (argv: readonly string[]): readonly string[] => [
  "sh",
  "-c",
  BECOME,
  "sh",
  ...argv,
];
