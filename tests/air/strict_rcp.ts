// A co-processor as strict as OpenThread's (src/ncp, draft-rquattle-spinel-unified): before the radio is enabled nothing can be set, a frame names its
// channel, one frame is under way at a time, the properties of newer versions are unknown.  What passes goes to ours.
import { Duplex } from "node:stream";
import type { Medium } from "../../host/air/medium.ts";
import { Coprocessor } from "../../host/spinel/coprocessor.ts";
import {
  COMMAND_GET,
  COMMAND_IS,
  COMMAND_RESET,
  Property,
  packed,
  readSpinel,
  type SpinelFrame,
  Status,
  writeSpinel,
} from "../../host/spinel/frame.ts";
import { HdlcDecoder, hdlcEncode } from "../../host/spinel/hdlc.ts";

export interface StrictOptions {
  /** Frames for which no answer comes at all, resets included. */
  deaf?: (frame: SpinelFrame) => boolean;
  /** A status for a frame instead of what it deserves. */
  refuse?: (frame: SpinelFrame) => number | undefined;
}

/** Size of channel, back-offs, retries, CSMA, three flags, two delays, channel afterwards. */
const ABOUT_SIZE = 16;

export class StrictRcp {
  /** Of transmissions that were let through: what stood behind the PSDU. */
  readonly abouts: number[][] = [];
  readonly refused: { property: number; status: number }[] = [];
  readonly stream: Duplex;
  resets = 0;
  private enabled = false;
  private sending = 0;
  private readonly coprocessor: Coprocessor;
  private readonly fromHost = new HdlcDecoder((octets) => this.frame(octets));
  private readonly fromOurs = new HdlcDecoder((octets) => this.answer(octets));

  constructor(
    medium: Medium,
    private readonly options: StrictOptions = {},
  ) {
    this.stream = new Duplex({
      read: () => undefined,
      write: (octets, _encoding, done) => {
        this.fromHost.input(octets);
        done();
      },
    });
    this.coprocessor = new Coprocessor(medium, { id: "strict", output: (octets) => this.fromOurs.input(octets) });
  }

  /** As by a watchdog: everything is forgotten. */
  resetUnasked(said = true): void {
    this.enabled = false;
    this.sending = 0;
    this.resets++;
    this.coprocessor.input(hdlcEncode(Uint8Array.of(0x80, COMMAND_RESET)));
    if (said) this.push(writeSpinel(0, COMMAND_IS, Property.LastStatus, packed(Status.ResetPowerOn)));
  }

  private push(frame: Uint8Array): void {
    if (!this.stream.destroyed) this.stream.push(hdlcEncode(frame));
  }

  private status(tid: number, property: number, status: number): void {
    this.refused.push({ property, status });
    if (tid !== 0) this.push(writeSpinel(tid, COMMAND_IS, Property.LastStatus, packed(status)));
  }

  private frame(octets: Uint8Array): void {
    const frame = readSpinel(octets);
    if (!frame || this.options.deaf?.(frame)) return;
    if (frame.command === COMMAND_RESET) {
      this.resetUnasked();
      return;
    }
    const why = this.options.refuse?.(frame) ?? this.wrong(frame);
    if (why !== undefined) {
      this.status(frame.tid, frame.property, why);
      return;
    }
    if (frame.property === Property.PhyEnabled) this.enabled = frame.value[0] === 1;
    if (frame.property === Property.StreamRaw && frame.command !== COMMAND_GET) this.sending = frame.tid;
    this.coprocessor.input(hdlcEncode(octets));
  }

  private wrong(frame: SpinelFrame): number | undefined {
    const { command, property, value } = frame;
    if (property === Property.MacReceiveWhenIdle) return Status.PropertyNotFound;
    if (command === COMMAND_GET || property === Property.PhyEnabled || property === Property.MacRawStream) return undefined;
    if (!this.enabled) return Status.InvalidState;
    if (property !== Property.StreamRaw) return undefined;
    if (this.sending !== 0) return Status.InvalidState;
    const about = [...value.subarray(2 + ((value[0] ?? 0) | ((value[1] ?? 0) << 8)))];
    if (about.length === 0) return Status.ParseError;
    if (about.length < ABOUT_SIZE) return Status.InvalidArgument; // not OpenThread's rule, but ours: nothing is left to a default
    this.abouts.push(about);
    return undefined;
  }

  private answer(octets: Uint8Array): void {
    const frame = readSpinel(octets);
    if (!frame) return;
    if (frame.tid === 0 && frame.property === Property.LastStatus) return; // resets are told above
    if (frame.tid !== 0 && frame.tid === this.sending && frame.property === Property.LastStatus) this.sending = 0;
    this.push(octets);
  }
}
