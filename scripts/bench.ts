// Runs bench/NAME.ts, or lists the benches. A bench prints a table, writes bench/results/NAME.json and ends with 0 when
// all its bars are met, 1 when one is missed, 5 when it could not tell.
import { globSync } from "node:fs";
import { basename } from "node:path";

const names = globSync("bench/*.ts")
  .map((file) => basename(file, ".ts"))
  .filter((name) => name !== "report" && !name.endsWith("-server"))
  .sort();
const name = process.argv[2];
if (name === undefined || !names.includes(name)) {
  process.stderr.write(
    `outlast: NO_SUCH_BENCH ${name === undefined ? "no bench named" : `no bench ${name}`}\nat: bench/\ndo: name one of ${names.join(", ")}\n`,
  );
  process.exitCode = 2;
} else {
  process.argv.splice(2, 1);
  await import(`../bench/${name}.ts`);
}
