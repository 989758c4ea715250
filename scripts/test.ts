// Runs node:test over the tests of this clone and ends with "N passed, N failed" alone on the last line.
//   --slow        only test/slow: leftover soak, power loss, browser, tarball (.ci/run)
//   --pure        only tests that touch no process, file or network: src/**/*.test.ts of pure folders
//   --only PATTERN  files whose path contains PATTERN
// A test file lives beside its source (src/**/X.test.ts) or, when it needs real processes, in test/**/X.test.ts.
import { globSync } from "node:fs";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";

const PURE = [
  "domain",
  "plan",
  "history",
  "strategies",
  "recovery",
  "status",
  "judges",
  "advice",
  "api",
  "protocols",
  "evidence",
];

const { values } = parseArgs({
  options: {
    pure: { type: "boolean", default: false },
    slow: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const isPure = (file: string) => PURE.some((folder) => file.startsWith(`src/${folder}/`));
const wanted = (file: string) => values.only === undefined || file.includes(values.only);
const ARCHITECTURE = "test/architecture.test.ts";
const unit = globSync("src/**/*.test.ts");
const pure = values.slow ? [] : [...unit.filter(isPure), ARCHITECTURE].filter(wanted).sort();
const other = (
  values.slow
    ? globSync("test/slow/**/*.test.ts")
    : values.pure
      ? []
      : [...unit.filter((file) => !isPure(file)), ...globSync("test/**/*.test.ts")].filter(
          (file) => file !== ARCHITECTURE && !file.startsWith("test/slow/"),
        )
)
  .filter(wanted)
  .sort();
const TIMEOUT_MS = values.slow ? 1_200_000 : 300_000;

const count = { passed: 0, failed: 0 };

/** Pure tests share this process: starting one for each file costs more than the tests. The others get one each. */
async function runFiles(files: string[], isolation: "none" | "process"): Promise<void> {
  if (files.length === 0) return;
  const seen = new Set<string>();
  // Real processes and timings: one file at a time.
  const apart = isolation === "process" ? { concurrency: 1, timeout: TIMEOUT_MS } : {};
  const stream = run({ files, isolation, ...apart });
  stream.on("test:pass", (event) => {
    if (event.file?.endsWith(event.name) === true) return; // of a file without tests node makes one that passes
    if (event.file !== undefined) seen.add(event.file);
    if (event.details.type === "test" && event.skip === undefined && event.todo === undefined)
      count.passed += 1;
  });
  stream.on("test:fail", (event) => {
    if (event.file !== undefined) seen.add(event.file);
    if (event.details.type === "test") count.failed += 1;
  });
  for await (const chunk of stream.compose(new spec())) process.stdout.write(chunk as string);
  for (const file of files) {
    if ([...seen].some((name) => name.endsWith(file))) continue;
    process.stdout.write(`no test ran in ${file}: that counts as a failure\n`);
    count.failed += 1;
  }
}

await runFiles(pure, "none");
await runFiles(other, "process");
if (count.passed + count.failed === 0) {
  process.stdout.write("no test file matched: that counts as a failure\n");
  count.failed = 1;
}
process.stdout.write(`\n${count.passed} passed, ${count.failed} failed\n`);
process.exitCode = count.failed === 0 ? 0 : 1;
