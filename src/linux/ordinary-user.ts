// Database servers refuse to run as user 0, and PostgreSQL as a user without a name. Started by root (or by the lab's root of a
// user namespace) or by a nameless user its programs run in one more user namespace, as user 1, who has a name everywhere
// (daemon or bin); outside, their files belong to whoever started them.

const BECOME = `if [ "$(id -u)" = 0 ] || ! id -un >/dev/null 2>&1
then exec unshare --user --map-user=1 --map-group=1 -- "$@"
fi
exec "$@"`;

/** Pure: the same command line for everybody; who runs it is seen when it starts. Every program is exec'ed, none waits. */
export const asOrdinaryUser = (argv: readonly string[]): readonly string[] => [
  "sh",
  "-c",
  BECOME,
  "sh",
  ...argv,
];
