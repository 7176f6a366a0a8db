// The events that wait for a module's next poll, docs/abi.md "Recordings and traces".
import { EVENT_HEAD, EVENT_KIND, EVENT_SIZE, EventKind } from "../abi.ts";

export const EVENT_QUEUE = 16;
export const EVENT_QUEUE_OCTETS = 2560;
export const EVENT_SIZE_MAX = 280;
/** Octets of an Ethernet frame without FCS. */
export const LINK_FRAME_MIN = 14;
export const LINK_FRAME_MAX = 1514;

export class EventQueue {
  /** Events lost because the queue was full. */
  dropped = 0;
  private readonly events: Uint8Array[] = [];
  private octets = 0;

  get length(): number {
    return this.events.length;
  }

  /** Takes a copy; false for what is no event, and when there is no room. */
  push(event: Uint8Array): boolean {
    if (event.length < EVENT_HEAD || event.length !== EVENT_HEAD + (event[EVENT_SIZE] | (event[EVENT_SIZE + 1] << 8))) return false;
    const most = event[EVENT_KIND] === EventKind.LinkReceived ? EVENT_HEAD + LINK_FRAME_MAX : EVENT_SIZE_MAX;
    if (this.events.length >= EVENT_QUEUE || event.length > most || this.octets + event.length > EVENT_QUEUE_OCTETS) {
      this.dropped++;
      return false;
    }
    this.events.push(event.slice());
    this.octets += event.length;
    return true;
  }

  /** The oldest one. */
  shift(): Uint8Array | undefined {
    const event = this.events.shift();
    if (event !== undefined) this.octets -= event.length;
    return event;
  }

  clear(): void {
    this.events.length = 0;
    this.octets = 0;
  }
}
