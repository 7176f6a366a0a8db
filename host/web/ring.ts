// The newest things of a kind, numbered from 1 on: what is older than the ring is long makes room, and its number says that it is gone.

export interface Part<T> {
  items: T[];
  /** The number of the last one that was looked at: ask for what comes after it. */
  next: number;
  /** So many were asked for and are not kept any more. */
  missed: number;
}

export class Ring<T> {
  private readonly kept: T[] = [];
  private count = 0;

  constructor(readonly capacity: number) {}

  /** The number of the newest; 0 while there is none. */
  get last(): number {
    return this.count;
  }

  /** The number of the oldest that is kept; one more than `last` while there is none. */
  get first(): number {
    return this.count - this.kept.length + 1;
  }

  /** Answers its number. */
  push(item: T): number {
    if (this.kept.length < this.capacity) this.kept.push(item);
    else this.kept[this.count % this.capacity] = item;
    return ++this.count;
  }

  get(number: number): T | undefined {
    if (number < this.first || number > this.count) return undefined;
    return this.kept[(number - 1) % this.capacity];
  }

  /** Those after a number that `wanted` takes: at most `limit`, of at most `scan` that are looked at. */
  after(number: number, limit: number, scan: number, wanted: (item: T) => boolean = () => true): Part<T> {
    const from = Math.max(number + 1, this.first);
    const items: T[] = [];
    let at = from;
    for (; at <= this.count && at < from + scan && items.length < limit; at++) {
      const item = this.get(at) as T;
      if (wanted(item)) items.push(item);
    }
    return { items, next: Math.max(number, at - 1), missed: Math.max(0, from - number - 1) };
  }
}
