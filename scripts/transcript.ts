// Writes the README's transcript from a real run of the demonstration: golden file and README block together.
import { readFileSync, writeFileSync } from "node:fs";
import { outlastCommand, run } from "../src/runtime/process.ts";
import { storyOf } from "./transcript-lines.ts";

const { code, stdout, stderr } = await run(outlastCommand("demo"), {
  timeoutMs: 300_000,
  env: { NO_COLOR: "1" },
});
if (code !== 0)
  throw new Error(`the demonstration ended with ${code}: run it on a quiet machine\n${stderr.slice(-3_000)}`);
const story = storyOf(stderr + stdout).join("\n");
writeFileSync("test/golden/demo.txt", `${story}\n`);
const readme = readFileSync("README.md", "utf8");
const block = /(<!-- transcript[^\n]*\n```\n)[\s\S]*?(```\n<!-- end of transcript -->)/;
writeFileSync(
  "README.md",
  readme.replace(block, (_, before: string, after: string) => `${before}${story}\n${after}`),
);
process.stdout.write(`${story}\n`);
