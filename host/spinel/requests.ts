// The requests of a Spinel client: a tid each, so many under way as there are tids, the rest in their order behind them.
import { COMMAND_RESET, type SpinelFrame, writeSpinel } from "./frame.ts";
import { hdlcEncode } from "./hdlc.ts";

const TIDS = 15;
/** A co-processor that answers a request later than this has lost it. */
export const ANSWER_MS = 1000;

export interface Request {
  command: number;
  property: number;
  value: readonly number[];
  /** Null: it will never be answered. */
  answered(answer: SpinelFrame | null): void;
}

interface UnderWay {
  request: Request;
  timer: NodeJS.Timeout;
}

export class Requests {
  private readonly underWay = new Map<number, UnderWay>();
  private waiting: Request[] = [];
  private tid = 0;

  constructor(
    private readonly write: (octets: Uint8Array) => void,
    /** A request was not answered in time. */
    private readonly silent: () => void,
  ) {}

  ask(request: Request): void {
    this.waiting.push(request);
    this.next();
  }

  /** An answer; false for what nobody asked. */
  take(frame: SpinelFrame): boolean {
    const found = this.underWay.get(frame.tid);
    if (!found) return false;
    clearTimeout(found.timer);
    this.underWay.delete(frame.tid);
    found.request.answered(frame);
    this.next();
    return true;
  }

  /** What is under way and what waits is never answered: the co-processor has forgotten it. */
  drop(): void {
    const dropped = [...[...this.underWay.values()].map(({ request }) => request), ...this.waiting];
    for (const { timer } of this.underWay.values()) clearTimeout(timer);
    this.underWay.clear();
    this.waiting = [];
    for (const request of dropped) request.answered(null);
  }

  private next(): void {
    while (this.underWay.size < TIDS && this.waiting.length > 0) {
      do this.tid = (this.tid % TIDS) + 1;
      while (this.underWay.has(this.tid));
      const request = this.waiting.shift() as Request;
      const { command, property, value } = request;
      this.underWay.set(this.tid, { request, timer: setTimeout(this.silent, ANSWER_MS) });
      this.write(hdlcEncode(writeSpinel(this.tid, command, property, value)));
    }
  }
}

/** A reset, of the stack alone: a part on USB stays on its port.  Older ones take no notice of what kind it is. */
export function resetFrame(): Uint8Array {
  const STACK = 2;
  return hdlcEncode(Uint8Array.of(0x80, COMMAND_RESET, STACK));
}
