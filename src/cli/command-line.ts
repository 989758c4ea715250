// The command line: a table of verbs, each imported only when asked for. Exit codes: docs/cli.md.
import { Command, CommanderError } from "commander";
import { OutlastError } from "../domain/outcome.ts";
import { VERBS } from "./verbs.ts";
import { version } from "./version.ts";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0); // the reader has what it wanted
  throw error;
});

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof OutlastError) {
    const { code, what, where, next } = error.failure;
    process.stderr.write(`outlast: ${code} ${what}\nat: ${where}\ndo: ${next}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `outlast: INTERNAL an error that should not happen\nat: ${text}\ndo: report it with this text\n`,
  );
  return 3;
}

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("outlast")
    .description("Disaster recovery you can prove, for stateful workloads")
    .version(version())
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError();
  const asked = argv.find((argument) => !argument.startsWith("-"));
  for (const [verb, { summary, load, hidden }] of Object.entries(VERBS)) {
    if (verb === asked) {
      const command = (await load()).build().exitOverride();
      for (const sub of command.commands) sub.exitOverride();
      program.addCommand(command.description(command.description() || summary));
    } else program.command(verb, { hidden: hidden ?? false }).description(summary);
  }
  if (argv.length === 0) {
    program.outputHelp();
    return 0;
  }
  await program.parseAsync([...argv], { from: "user" });
  return Number(process.exitCode ?? 0);
}

/** Runs one command; its exit code. Never rejects. */
export async function commandLine(argv: readonly string[]): Promise<number> {
  try {
    return await main(argv);
  } catch (error) {
    return report(error);
  }
}
