// Who invokes an operation: a process has one open at a time; after `unknown` its id is retired and the client goes on
// under a new one with the same session. Grows when needed, up to a bound.

export interface Actor {
  readonly process: number;
  readonly session: number;
}

export interface ProcessPool {
  /** null: the bound is reached. */
  take(): Actor | null;
  giveBack(actor: Actor, retired: boolean): void;
  /** For an operation that nobody could send. */
  stranger(): Actor;
}

export function processPool(sizeMax: number): ProcessPool {
  const free: Actor[] = [];
  let nextProcess = 0;
  let size = 0;
  const stranger = (): Actor => {
    const process = nextProcess;
    nextProcess += 1;
    return { process, session: process };
  };
  return {
    take: () => {
      const known = free.pop();
      if (known !== undefined) return known;
      if (size >= sizeMax) return null;
      size += 1;
      return stranger();
    },
    giveBack: (actor, retired) => {
      free.push(retired ? { ...actor, process: nextProcess++ } : actor);
    },
    stranger,
  };
}
