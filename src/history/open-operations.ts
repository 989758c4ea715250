// A process has one operation open at a time, and its id is retired after `unknown`.

export interface OpenOperations {
  /** Takes the next operation of a stream (`completed` Infinity: unknown); false: `fault` says what is wrong with it. */
  take(process: number, invoked: number, completed: number, line: number): boolean;
  readonly fault: string;
}

/** Ids below this are places in arrays, others go through a map. */
const DIRECT_MAX = 4_194_304;

/** Remembers one operation a process. */
export function openOperations(): OpenOperations {
  let size = 64;
  let begins = new Float64Array(size);
  let ends = new Float64Array(size);
  /** 0: none so far. */
  let lines = new Float64Array(size);
  /** Of the other ids: their places in `far`. */
  const places = new Map<number, number>();
  const far = { begins: [] as number[], ends: [] as number[], lines: [] as number[] };
  let fault = "";
  const widen = (list: Float64Array): Float64Array<ArrayBuffer> => {
    const wider = new Float64Array(size);
    wider.set(list);
    return wider;
  };
  const refuse = (process: number, before: number, goesOn: boolean): false => {
    fault = goesOn
      ? `process ${process} goes on after the unknown outcome of line ${before}: it needs a new id`
      : `process ${process} already has the operation of line ${before} open`;
    return false;
  };
  const takeFar = (process: number, invoked: number, completed: number, line: number): boolean => {
    let place = places.get(process);
    if (place === undefined) {
      place = places.size;
      places.set(process, place);
    } else {
      const begin = far.begins[place] as number;
      const end = far.ends[place] as number;
      if (invoked < end && begin < completed)
        return refuse(
          process,
          far.lines[place] as number,
          end === Number.POSITIVE_INFINITY && begin <= invoked,
        );
      if (begin > invoked) return true;
    }
    far.begins[place] = invoked;
    far.ends[place] = completed;
    far.lines[place] = line;
    return true;
  };
  return {
    get fault() {
      return fault;
    },
    take(process, invoked, completed, line) {
      if (process < 0 || process >= DIRECT_MAX) return takeFar(process, invoked, completed, line);
      if (process >= size) {
        while (size <= process) size *= 2;
        begins = widen(begins);
        ends = widen(ends);
        lines = widen(lines);
      }
      const before = lines[process] as number;
      if (before !== 0) {
        const begin = begins[process] as number;
        const end = ends[process] as number;
        if (invoked < end && begin < completed)
          return refuse(process, before, end === Number.POSITIVE_INFINITY && begin <= invoked);
        if (begin > invoked) return true;
      }
      begins[process] = invoked;
      ends[process] = completed;
      lines[process] = line;
      return true;
    },
  };
}
