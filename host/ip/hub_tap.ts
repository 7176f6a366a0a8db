// The Ethernet of a simulated hub as an interface of this machine's Linux: `--tap NAME`, root only, in real time.
//
//   Linux <-- TAP interface --> frames <-- link_send, LinkReceived --> hub
//
// Linux makes itself an address of the hub's prefix and a route to the network, both from the hub's advertisements.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { EventKind } from "../abi.ts";
import { Err } from "../err.ts";
import { InputError } from "../files/input_error.ts";
import { Tap } from "./tap.ts";

/** Ethernet, without its FCS. */
const FRAME_MIN = 14;
const FRAME_MAX = 1514;
/** Of a prefix of 64 bits: Linux looks at routes of none longer than this. */
const ROUTE_BITS = 64;

/** Who has the Ethernet: a device of the home. */
export interface Linked {
  push(kind: number, octets: Uint8Array): boolean;
}

export class HubTap {
  /** Frames that found the hub busy, as on any wire. */
  lost = 0;

  private constructor(
    readonly name: string,
    private readonly tap: Tap,
  ) {}

  /** `enter` brings the simulation to the present before anything of outside reaches it: `Pacer.enter`. */
  static open(name: string, hub: Linked, enter: (action: () => void) => void): HubTap {
    const tap = Tap.open(name, "tap");
    const opened = new HubTap(name, tap);
    tap.onFrame = (frame) => {
      if (frame.length < FRAME_MIN || frame.length > FRAME_MAX) return;
      const octets = Buffer.from(frame);
      enter(() => {
        if (!hub.push(EventKind.LinkReceived, octets)) opened.lost++;
      });
    };
    try {
      opened.prepare();
    } catch (error) {
      tap.close();
      throw new InputError(`cannot set up the interface ${name}: ${(error as Error).message.split("\n")[0]}`);
    }
    return opened;
  }

  /** The hub's `link_send`. */
  send(frame: Uint8Array): number {
    this.tap.send(frame);
    return Err.Ok;
  }

  close(): void {
    this.tap.close();
  }

  /** Advertisements are taken though this machine may forward, and so are routes in them. */
  private prepare(): void {
    const settings = { disable_ipv6: 0, accept_ra: 2, accept_ra_rt_info_max_plen: ROUTE_BITS };
    for (const [key, value] of Object.entries(settings)) writeFileSync(`/proc/sys/net/ipv6/conf/${this.name}/${key}`, String(value));
    execFileSync("ip", ["link", "set", this.name, "up"], { stdio: "pipe" });
  }
}
