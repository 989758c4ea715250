// A lock between processes that the kernel lets go of when its holder dies: flock(1) on a file. Without flock on this
// machine the body runs unlocked: callers rename whole results into place, so that costs double work, never harm.
import { type FileHandle, open } from "node:fs/promises";
import { type Child, findProgram, start } from "./process.ts";

/**
 * Takes the lock for as long as the file stays open, here or in any process that inherits it; null: somebody else has it.
 * Throws PROGRAM_NOT_STARTED where there is no flock(1).
 */
export async function takeLock(file: string): Promise<FileHandle | null> {
  const handle = await open(file, "a");
  // The lock is the open file's, not flock's: it stays when flock has ended.
  const flock = await start(["flock", "--exclusive", "--nonblock", "3"], {
    stdio: ["ignore", "ignore", "inherit", handle.fd],
  });
  const { code } = await flock.exited;
  if (code === 0) return handle;
  await handle.close();
  return null;
}

/** `onWait` is called once when somebody else holds it. Ends with the signal: then returns null and did nothing. */
export async function withLock<T>(
  file: string,
  signal: AbortSignal,
  onWait: () => void,
  body: () => Promise<T>,
): Promise<T | null> {
  const flock = await findProgram("flock");
  if (flock === null) return signal.aborted ? null : await body();
  // cat ends when this process closes its input or dies, and with it the lock.
  const holder = await start([flock, "-x", file, "sh", "-c", "echo held; exec cat >/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    const held = await acquired(holder, signal, onWait);
    return held ? await body() : null;
  } finally {
    holder.process.stdin?.end();
    await holder.stop(1_000);
  }
}

function acquired(holder: Child, signal: AbortSignal, onWait: () => void): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (held: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      resolve(held);
    };
    const giveUp = () => finish(false);
    const timer = setTimeout(onWait, 500);
    if (signal.aborted) return finish(false);
    signal.addEventListener("abort", giveUp, { once: true });
    holder.process.stdout?.once("data", () => finish(true));
    void holder.exited.then(giveUp);
  });
}
