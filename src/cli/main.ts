// Entry point. The compile cache must be on before anything else is loaded, so everything else is loaded from here:
// it takes a third off the start of each of a lab's two dozen processes.
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { cacheFolder } from "./folders.ts";

enableCompileCache(join(cacheFolder(), "compiled")); // says by its result, not by an error, that it can't be used

const { commandLine } = await import("./command-line.ts");
process.exitCode = await commandLine(process.argv.slice(2));
