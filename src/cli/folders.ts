// Where Outlast keeps what it fetched or built: OUTLAST_CACHE, else $XDG_CACHE_HOME/outlast, else ~/.cache/outlast.
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env["OUTLAST_CACHE"]) return resolve(env["OUTLAST_CACHE"]);
  if (env["XDG_CACHE_HOME"]?.startsWith("/")) return join(env["XDG_CACHE_HOME"], "outlast");
  return join(homedir(), ".cache", "outlast");
}

/** Evidence outlives caches: OUTLAST_EVIDENCE, else ./evidence of the current folder. */
export function evidenceFolder(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env["OUTLAST_EVIDENCE"] || "evidence");
}
