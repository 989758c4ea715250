// One at a time, in order of asking. What one caller's act throws is that caller's; the next one begins all the same.

export function inTurn(): <T>(act: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(act: () => Promise<T>): Promise<T> => {
    const mine = last.then(act);
    last = mine.catch(() => undefined); // whoever asked is told by `mine`
    return mine;
  };
}
