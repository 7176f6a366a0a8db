// How long to go on: for so many cases, the same on each machine, or for so many seconds.

/** Whether so many cases are enough. */
export type Enough = (cases: number) => boolean;

export const cases =
  (count: number): Enough =>
  (done) =>
    done >= count;

export function seconds(count: number): Enough {
  const end = Date.now() + count * 1000;
  return () => Date.now() >= end;
}
