// Our meter and our display in the network of another make: zigbee-on-host is coordinator and trust centre, the test is the application on top of it.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Log, Record } from "../../../host/abi.ts";
import { FCS_SIZE } from "../../../host/air/frame.ts";
import type { AirFrame } from "../../../host/air/medium.ts";
import { CaptureWriter } from "../../../host/air/pcapng.ts";
import { makeCa } from "../../../host/crypto/ca.ts";
import { hashMmo } from "../../../host/crypto/mmo.ts";
import type { DeviceEdge, HomeDevice } from "../../../host/home/device.ts";
import { seconds } from "../../../host/home/head_end.ts";
import { Home } from "../../../host/home/home.ts";
import { Keyring } from "../../../host/home/keyring.ts";
import { DEFAULT_PLAN, type DeviceId } from "../../../host/home/plan.ts";
import { derive, type Factory, withCrc } from "../../../host/home/provision.ts";
import { DownKind } from "../../../host/home/uplink.ts";
import { loadParse, loadRead } from "../../../host/load/file.ts";
import { DEFAULT_HOUSEHOLD } from "../../../host/load/household.ts";
import { moduleBytes, ROOT } from "../../../host/modules.ts";
import { stream } from "../../crypto/party.ts";
import { Plug } from "../house.ts";
import { Watch } from "../watch.ts";
import { Esi } from "./esi.ts";
import { big, hex, Outside, type Said } from "./outside.ts";

const EUI64 = 0x00124b00aabbccddn;
const PAN = 0x1a62;
const CHANNEL = 15;
const NETWORK_KEY = Buffer.from("01030507090b0d0f00020406080a0c0d", "hex");
/** The package seals every Transport Key with one key, whatever install codes it was told: ours have the same one. */
const INSTALL_CODE = withCrc(derive(0, "install code of a batch").subarray(0, 16));
const PRECONFIGURED = hashMmo(INSTALL_CODE);

/** In the hub's place in the plan: the supplier's words to a hub reach the application. */
class Stand implements HomeDevice {
  readonly id = "hub";
  onPower: () => void = () => {};
  onRecord: (octets: Uint8Array) => void = () => {};

  powerOn(): void {
    this.onPower();
  }

  push(_kind: number, octets: Uint8Array): boolean {
    this.onRecord(octets);
    return true;
  }

  close(): void {}
}

export interface ForeignOptions {
  seed: number;
  /** A CSV; the default household otherwise. */
  load?: string;
}

export class ForeignHome extends Watch {
  readonly home: Home;
  readonly path: string;
  readonly plugs = new Map<DeviceId, Plug>();
  readonly factories = new Map<DeviceId, Factory>();
  readonly said: Said[] = [];
  readonly esi: Esi;
  readonly outside: Outside;
  /** Called for every frame on the air. */
  onFrame: (frame: AirFrame) => void = () => {};
  private readonly capture: CaptureWriter;
  private readonly stand = new Stand();
  private readonly edge: DeviceEdge;

  constructor(
    name: string,
    readonly options: ForeignOptions,
  ) {
    super();
    const { seed, load } = options;
    mkdirSync(join(ROOT, "build/captures"), { recursive: true });
    this.path = join(ROOT, `build/captures/${name}-${seed}.pcapng`);
    this.capture = new CaptureWriter(this.path);
    const keyring = new Keyring(DEFAULT_PLAN);
    keyring.open(this.capture, null);
    let edge: DeviceEdge | undefined;
    this.home = new Home({
      plan: DEFAULT_PLAN,
      seed,
      suite: null,
      load: load === undefined ? loadRead(DEFAULT_HOUSEHOLD) : loadParse("the scenario's load", load),
      build: (row, factory, itsEdge, site) => {
        this.factories.set(row.id, factory);
        if (row.role !== "hub") factory.records.set(Record.InstallCode, INSTALL_CODE);
        if (row.role === "hub") {
          edge = itsEdge;
          return this.stand;
        }
        const plug = new Plug(row, factory, moduleBytes(row.module), site.medium, itsEdge);
        this.plugs.set(row.id, plug);
        return plug;
      },
      enter: (action) => action(),
      keyring,
      tell: (event) => void this.events.push(event),
    });
    this.edge = edge as DeviceEdge;
    this.home.medium.onFrame((frame) => {
      this.capture.frame(frame.timeUs, frame.psdu);
      this.onFrame(frame);
    });
    this.outside = new Outside(this.home.medium, "hub", seed);
    this.outside.onSaid = (said) => this.take(said);
    this.esi = new Esi({
      outside: this.outside,
      ca: makeCa(derive(seed, "certificate authority")),
      extended: EUI64,
      pan: PAN,
      networkKey: NETWORK_KEY,
      random: stream(`interface ${seed}`),
      after: (ms, action) => void this.home.clock.after(ms * 1000, action),
      utc: () => seconds(this.home.originMs + this.nowMs),
    });
    this.stand.onPower = () => this.form();
    this.stand.onRecord = (octets) => this.supplied(octets);
    this.home.start();
  }

  plug(name: DeviceId): Plug {
    return this.plugs.get(name) as Plug;
  }

  extended(name: DeviceId): bigint {
    return (this.factories.get(name) as Factory).extended;
  }

  /** As `run`, with the process beside: whichever has something to do first does it. */
  async pass(ms: number): Promise<void> {
    const { clock } = this.home;
    const endUs = clock.nowUs + ms * 1000;
    for (;;) {
      const outsideUs = this.outside.nextUs;
      const nextUs = Math.min(clock.nextUs ?? Number.POSITIVE_INFINITY, endUs);
      if (outsideUs > endUs && nextUs >= endUs) break;
      if (outsideUs <= nextUs) {
        clock.runUntil(outsideUs - 1);
        if (clock.nowUs < outsideUs) clock.runUntil(outsideUs);
        await this.outside.turn();
      } else clock.step();
    }
    this.home.advance(endUs);
  }

  /** Passes time until `condition` holds; false when it does not within `ms`. */
  async passUntil(condition: () => boolean, ms: number, stepMs = 250): Promise<boolean> {
    for (const end = this.nowMs + ms; this.nowMs < end && !condition(); ) await this.pass(stepMs);
    return condition();
  }

  saidOf(name: string): Said[] {
    return this.said.filter((each) => each.name === name);
  }

  /** The last events, for a message. */
  tail(count = 20): string {
    const lines = this.events.filter(({ event }) => event !== "register" && event !== "reading").slice(-count);
    const said = this.said.slice(-count).map((each) => JSON.stringify(each).slice(0, 300));
    return `seed ${this.options.seed}, now ${this.nowMs}, ${this.path}\n${lines.map((each) => JSON.stringify(each)).join("\n")}\n${said.join("\n")}`;
  }

  close(): void {
    this.home.close();
    this.outside.close();
    this.capture.close();
  }

  private form(): void {
    const network = {
      eui64: big(EUI64),
      panId: PAN,
      extendedPanId: big(0xdddddddddddddddan),
      channel: CHANNEL,
      nwkUpdateId: 0,
      txPower: 5,
      networkKey: hex(NETWORK_KEY),
      networkKeyFrameCounter: 0,
      networkKeySequenceNumber: 0,
      tcKey: hex(PRECONFIGURED),
      tcKeyFrameCounter: 0,
    };
    this.outside.call("form", [network]);
  }

  /** The supplier's words to a hub: who may join, with which install code, and when. */
  private supplied(octets: Uint8Array): void {
    if (octets[0] !== DownKind.Permit || this.saidOf("formed").length === 0) return;
    this.outside.call("context.allowJoins", [254, true]);
  }

  private take(said: Said): void {
    const [first, second, third, fourth] = said.value;
    if (said.name === "mac") this.esi.mac(Buffer.from(first, "hex").subarray(0, -FCS_SIZE));
    else if (said.name === "frame") this.esi.clear(first, third, Buffer.from(fourth, "hex"));
    else {
      if (said.name === "formed") this.formed();
      const shows = said.name === "joined" || said.name === "rejoined";
      // Each repetition of an announcement is told again.
      if (shows && !this.esi.know(first, BigInt(`0x${second}`))) return;
      this.said.push({ ...said, value: [...said.value, `at ${this.nowMs}`] });
    }
  }

  private formed(): void {
    for (const id of this.plugs.keys()) {
      this.outside.call("context.addInstallCode", [big(this.extended(id)), hex(INSTALL_CODE)]);
    }
    this.outside.call("context.allowJoins", [254, true]);
    const octets = Buffer.alloc(3);
    octets.writeUInt16LE(PAN, 0);
    octets[2] = CHANNEL;
    this.edge.log(Log.Formed, octets);
  }
}
