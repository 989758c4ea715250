// Where a MariaDB with all its tools comes from (../provision-programs.ts).
import type { Outcome } from "../../domain/outcome.ts";
import type { Installation } from "../contract.ts";
import { type EnginePrograms, type ProvisionOptions, provisionPrograms } from "../provision-programs.ts";

const PROGRAMS = ["mariadbd", "mariadb", "mariadb-dump", "mariadb-binlog", "mariadb-install-db"] as const;
export type ProgramName = (typeof PROGRAMS)[number];

/** --init-rpl-role decides since these what a crash leaves of unacknowledged writes (MDEV-33465); before: guessed. */
const LEAST: Readonly<Record<string, number>> = { "10.11": 8, "11.4": 2, "11.8": 0 };

const seriesOf = (version: string): string => version.split(".").slice(0, 2).join(".");

const MARIADB: EnginePrograms = {
  engine: "mariadb",
  title: "MariaDB",
  programs: PROGRAMS,
  says: /Ver (\d+\.\d+\.\d+)-MariaDB/,
  series: ["11.8", "11.4", "10.11"],
  seriesOf,
  isVersion: /^1\d\.\d{1,2}(?:\.\d{1,2})?$/,
  unfit: (version) => {
    const least = LEAST[seriesOf(version)] ?? 0;
    return Number(version.split(".")[2]) >= least
      ? null
      : `${version} can't be told what to do with unacknowledged writes after a crash; ${seriesOf(version)}.${least} can`;
  },
  installed: () => [["/usr/sbin", "/usr/bin"]],
  around: (folder) => [folder, `${folder}/../bin`, `${folder}/../scripts`],
  packages: () => ["mariadb-server-core", "mariadb-client-core", "mariadb-client"],
  without: null,
  unpacked: () => ["usr/sbin", "usr/bin"],
  distributions: { "debian 12": "10.11", "debian 13": "11.8", "ubuntu 24.04": "10.11" },
  // Messages and character sets lie below it.
  added: (name, root) =>
    name === "mariadbd" || name === "mariadb-install-db" ? [`--basedir=${root}/usr`] : [],
};

export const provisionMariadb = (
  version: string | null,
  signal: AbortSignal,
  options: ProvisionOptions,
): Promise<Outcome<Installation>> => provisionPrograms(MARIADB, version, signal, options);
