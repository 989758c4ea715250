// Indexes in the order of their times. Histories come nearly in order, so this is a merge sort that passes over what
// is sorted already: n for those, n log n for any.

const RUN = 16;

/** 0 … count − 1 by `times`; what has the same time keeps its order. */
export function sortByTime(times: Float64Array, count: number): Uint32Array {
  const order = new Uint32Array(count);
  const timeOf = (at: number) => times[order[at] as number] as number;
  for (let start = 0; start < count; start += RUN) {
    const end = Math.min(start + RUN, count);
    for (let index = start; index < end; index += 1) {
      const time = times[index] as number;
      let at = index;
      for (; at > start && timeOf(at - 1) > time; at -= 1) order[at] = order[at - 1] as number;
      order[at] = index;
    }
  }
  let spare: Uint32Array<ArrayBuffer> | null = null;
  for (let width = RUN; width < count; width *= 2)
    for (let start = 0; start + width < count; start += 2 * width) {
      const middle = start + width;
      if (timeOf(middle - 1) <= timeOf(middle)) continue;
      const end = Math.min(start + 2 * width, count);
      spare ??= new Uint32Array(count);
      // What the left half ends with after the right half's begin moves; all before stays where it is.
      let left = start;
      const begin = timeOf(middle);
      while (timeOf(left) <= begin) left += 1;
      spare.set(order.subarray(left, middle), left);
      let right = middle;
      for (let at = left, from = left; from < middle; at += 1)
        if (right < end && timeOf(right) < (times[spare[from] as number] as number)) {
          order[at] = order[right] as number;
          right += 1;
        } else {
          order[at] = spare[from] as number;
          from += 1;
        }
    }
  return order;
}
