// What an interface is on the air: its addresses, its filter (IEEE 802.15.4-2006, 7.5.6.2) and whom its acknowledgements tell of a frame.
import { RadioParameter } from "../abi.ts";
import { Err } from "../err.ts";
import { type Addressing, BROADCAST, FRAME_ACK, FRAME_BEACON, FRAME_COMMAND } from "./frame.ts";

/** Children, by short and by extended address each, whose data requests are acknowledged with frame pending. */
export const PENDING_MAX = 32;

export class Identity {
  /** Receiver on when idle. */
  receive = false;
  /** A frame of it is under way. */
  sending = false;
  private pan = BROADCAST;
  /** An interface that nobody has given a PAN takes nothing; the first one is there from the start. */
  private isUsed: boolean;
  private short = BROADCAST;
  private extended = 0n;
  private readonly pendingShort = new Set<number>();
  private readonly pendingExtended = new Set<bigint>();

  constructor(number: number) {
    this.isUsed = number === 0;
  }

  /** Every `RadioParameter` but the channel. */
  set(parameter: number, value: bigint): number {
    switch (parameter) {
      case RadioParameter.PanId:
        this.isUsed = true;
        this.pan = Number(BigInt.asUintN(16, value));
        return Err.Ok;
      case RadioParameter.ShortAddress:
        this.short = Number(BigInt.asUintN(16, value));
        return Err.Ok;
      case RadioParameter.ExtendedAddress:
        this.extended = BigInt.asUintN(64, value);
        return Err.Ok;
      case RadioParameter.Receive:
        if (value !== 0n && value !== 1n) return Err.Reserved;
        this.receive = value === 1n;
        return Err.Ok;
      case RadioParameter.PendingShort:
        return add(this.pendingShort, Number(BigInt.asUintN(16, value)));
      case RadioParameter.PendingExtended:
        return add(this.pendingExtended, BigInt.asUintN(64, value));
      case RadioParameter.NotPendingShort:
        this.pendingShort.delete(Number(BigInt.asUintN(16, value)));
        return Err.Ok;
      case RadioParameter.NotPendingExtended:
        this.pendingExtended.delete(BigInt.asUintN(64, value));
        return Err.Ok;
      case RadioParameter.PendingNone:
        this.pendingShort.clear();
        this.pendingExtended.clear();
        return Err.Ok;
      default:
        return Err.Reserved;
    }
  }

  /** The third level of filtering; who has short address 0 is the PAN coordinator, as ZigBee has it. */
  accepts(head: Addressing): boolean {
    if (!this.isUsed || head.type > FRAME_COMMAND || head.type === FRAME_ACK || head.version > 1) return false;
    if (head.type === FRAME_BEACON) return head.sourcePan !== undefined && (this.pan === BROADCAST || head.sourcePan === this.pan);
    if (head.targetPan === undefined) return this.short === 0 && head.sourcePan === this.pan;
    if (head.targetPan !== this.pan && head.targetPan !== BROADCAST) return false;
    if (head.targetExtended !== undefined) return head.targetExtended === this.extended;
    return head.targetShort === BROADCAST || head.targetShort === this.short;
  }

  awaits(head: Addressing): boolean {
    if (head.sourceExtended !== undefined) return this.pendingExtended.has(head.sourceExtended);
    return head.sourceShort !== undefined && this.pendingShort.has(head.sourceShort);
  }
}

function add<T>(list: Set<T>, address: T): number {
  if (list.has(address)) return Err.Ok;
  if (list.size >= PENDING_MAX) return Err.NoBuffer;
  list.add(address);
  return Err.Ok;
}
