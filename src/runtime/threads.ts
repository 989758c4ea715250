// The only place that starts threads. A thread runs one module, which says by `answerAsked` what it answers; questions and
// answers are cloned, and shared memory in them is shared.
import { availableParallelism } from "node:os";
import { parentPort, Worker } from "node:worker_threads";

export interface Thread extends AsyncDisposable {
  /** One question at a time. Rejects with what the thread threw, or when it ended without an answer. */
  ask(question: unknown): Promise<unknown>;
}

/** Threads that can run at once on this machine. */
export const threadsAtOnce = (): number => availableParallelism();

/** `module` without its extension, beside `from` (import.meta.url). */
export function startThread(module: string, from: string): Thread {
  const worker = new Worker(new URL(`${module}.${from.endsWith(".ts") ? "ts" : "js"}`, from));
  let fault: Error | null = null;
  let waits: { answer(value: unknown): void; fail(error: Error): void } | null = null;
  const fail = (error: Error) => {
    fault ??= error;
    waits?.fail(fault);
    waits = null;
  };
  worker.on("message", (answer: unknown) => {
    waits?.answer(answer);
    waits = null;
  });
  worker.on("error", (error) => fail(error as Error));
  worker.on("exit", (code) => fail(new Error(`the thread ${module} ended with ${code}`)));
  return {
    ask(question) {
      if (waits !== null) throw new RangeError("a thread is asked one question at a time");
      return new Promise((answer, reject) => {
        if (fault !== null) return reject(fault);
        waits = { answer, fail: reject };
        worker.postMessage(question);
      });
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

/** In the thread: what it answers. What `answer` throws ends the thread, and is what the one who asked gets. */
export function answerAsked(answer: (question: unknown) => unknown): void {
  const port = parentPort;
  if (port === null) throw new RangeError("answerAsked: not in a thread");
  port.on("message", (question: unknown) => port.postMessage(answer(question)));
}
