// Round trips of zigbee-on-host in a process of its own: node --import tsx zigbee_on_host.ts PACKAGE_FOLDER ROUNDS WARM_UP
//
// The package is GPL-3: nothing of it is linked into the project, shipped or read; it is driven by what its documentation names.  It is a coordinator over
// a co-processor that answers at once from memory: no air, no waiting, and the partner's frames are made before the clock runs.  A round: it asks with
// network security (it never secures what its application sends), and gets an answer under both, as a block of an image over the air has it.
import { createCipheriv } from "node:crypto";
import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withFcs } from "../../host/air/frame.ts";
import { COMMAND_GET, COMMAND_IS, COMMAND_RESET, COMMAND_SET, Property, readSpinel, Status, writeSpinel } from "../../host/spinel/frame.ts";
import { HdlcDecoder, hdlcEncode } from "../../host/spinel/hdlc.ts";
import { Properties } from "../../host/spinel/properties.ts";
import { program } from "../words/program.ts";
import { cpuUs } from "./cpu.ts";

const [folder, roundsWord, warmUpWord] = process.argv.slice(2);
const ROUNDS = Number(roundsWord);
const WARM_UP = Number(warmUpWord);

const PAN = 0x1a62;
const NETWORK_KEY = Buffer.from("01030507090b0d0f00020406080a0c0d", "hex");
const LINK_KEY = Buffer.from("5a6967426565416c6c69616e63653039", "hex");
const SHORT = 0x1234;
const EXTENDED = 0x00124b0011223344n;
const CLUSTER = 0x0702;
const PROFILE = 0x0109;
const MIC = 4;

const u16 = (value: number): Buffer => Buffer.from([value & 0xff, value >>> 8]);
const u32 = (value: number): Buffer => Buffer.from([...u16(value & 0xffff), ...u16(value >>> 16)]);
const u64 = (value: bigint): Buffer => Buffer.concat([u32(Number(value & 0xffff_ffffn)), u32(Number(value >> 32n))]);

/** Read Attributes, and its response: what asked_meter.ts asks and is answered. */
const ATTRIBUTES = [0x0000, 0x0200, 0x0300, 0x0301, 0x0302, 0x0400];
const request = Buffer.from([0x00, 7, 0x00, ...ATTRIBUTES.flatMap((id) => [...u16(id)])]);
const response = Buffer.concat([
  Buffer.from([0x08, 7, 0x01]),
  ...[
    [0x25, 6],
    [0x18, 1],
    [0x30, 1],
    [0x22, 3],
    [0x22, 3],
    [0x2a, 3],
  ].map(([type, size], index) => Buffer.concat([u16(ATTRIBUTES[index]), Buffer.from([0, type]), Buffer.alloc(size, 0x5a)])),
]);

/** `head` and what follows from the auxiliary header: that header without its level, the sealed text, the MIC. */
function sealed(key: Buffer, head: Buffer, control: number, counter: number, extendedNonce: Buffer, text: Buffer): Buffer {
  const tail = Buffer.concat([u32(counter), extendedNonce]);
  const nonce = Buffer.concat([u64(EXTENDED), u32(counter), Buffer.from([control])]);
  const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: MIC });
  cipher.setAAD(Buffer.concat([head, Buffer.from([control]), tail]), { plaintextLength: text.length });
  const octets = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  return Buffer.concat([head, Buffer.from([control & ~7]), tail, octets]);
}

/** The partner's answer number `count`, as the co-processor hands it on. */
function answer(count: number): Buffer {
  const counter = 1000 + count;
  const apsHead = Buffer.concat([Buffer.from([0x60, 1]), u16(CLUSTER), u16(PROFILE), Buffer.from([1, count & 0xff])]);
  const aps = sealed(LINK_KEY, apsHead, 0x05, counter, Buffer.alloc(0), response);
  const nwkHead = Buffer.concat([u16(0x0208), u16(0), u16(SHORT), Buffer.from([30, count & 0xff])]);
  const nwk = sealed(NETWORK_KEY, nwkHead, 0x2d, counter, Buffer.concat([u64(EXTENDED), Buffer.from([0])]), aps);
  const psdu = withFcs(Buffer.concat([Buffer.from([0x61, 0x88, count & 0xff]), u16(PAN), u16(0), u16(SHORT), nwk]));
  const meta = [10, 0, 0xd3, 0x80, 0, 0, 15, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  return Buffer.from(hdlcEncode(writeSpinel(0, COMMAND_IS, Property.StreamRaw, [...u16(psdu.length), ...psdu, ...meta])));
}

/** Answers what the driver asks; every frame that is to be sent has been acknowledged, and `sent` is told. */
function coprocessor(sent: () => void): EventEmitter & { write(octets: Uint8Array): boolean } {
  const properties = new Properties(0n);
  const reply = (tid: number, property: number, value: Uint8Array | readonly number[]): void =>
    void transport.emit("data", Buffer.from(hdlcEncode(writeSpinel(tid, COMMAND_IS, property, value))));
  const act = (octets: Uint8Array): void => {
    const frame = readSpinel(octets);
    if (!frame) return;
    const { tid, command, property, value } = frame;
    if (command === COMMAND_RESET) reply(0, Property.LastStatus, [Status.ResetSoftware]);
    else if (command === COMMAND_GET) reply(tid, property, properties.value(property) ?? [0]);
    else if (command === COMMAND_SET && property !== Property.StreamRaw) reply(tid, property, value);
    else if (command === COMMAND_SET) {
      reply(tid, Property.LastStatus, [Status.Ok]);
      sent();
    }
  };
  const decoder = new HdlcDecoder((octets) => queueMicrotask(() => act(octets)));
  const write = (octets: Uint8Array): boolean => {
    decoder.input(octets);
    return true;
  };
  const transport = Object.assign(new EventEmitter(), { write });
  return transport;
}

async function main(): Promise<void> {
  const load = createRequire(`${folder}/`);
  const quiet = (): void => undefined;
  load("zigbee-on-host/dist/utils/logger.js").setLogger({ debug: quiet, info: quiet, warning: quiet, error: quiet });
  const { OTRCPDriver } = load("zigbee-on-host");
  const saves = mkdtempSync(join(tmpdir(), "kilowasm-bench-"));
  const answers = Array.from({ length: ROUNDS }, (_, index) => answer(index + 1));
  let waiting: (() => void) | undefined;
  let round = -1;
  let right = 0;
  // The first frame of a round is the question; what follows acknowledges the answer.
  let answered = -1;
  let acknowledged = 0;
  const transport = coprocessor(() => {
    if (round === answered) acknowledged++;
    else {
      answered = round;
      transport.emit("data", answers[round]);
    }
  });
  const heard = (source: number, _extended: unknown, _header: unknown, payload: Buffer): void => {
    if (source === SHORT && payload.equals(response)) right++;
    waiting?.();
  };
  const driver = new OTRCPDriver(transport, { ...callbacks, onFrame: heard }, stream, network, saves);
  await driver.start();
  await driver.formNetwork();
  driver.context.deviceTable.set(EXTENDED, partner);
  driver.context.address16ToAddress64.set(SHORT, EXTENDED);
  let begun = 0;
  for (round = 0; round < ROUNDS; round++) {
    if (round === WARM_UP) begun = cpuUs();
    const came = new Promise<void>((resolve) => {
      waiting = resolve;
    });
    await driver.sendUnicast(request, PROFILE, CLUSTER, SHORT, undefined, 1, 1);
    await came;
  }
  const us = (cpuUs() - begun) / (ROUNDS - WARM_UP);
  await new Promise((resolve) => setImmediate(resolve));
  rmSync(saves, { recursive: true });
  console.log(JSON.stringify({ right, acknowledged, us }));
  process.exit(right === ROUNDS && acknowledged >= ROUNDS ? 0 : 1);
}

const callbacks = {
  onMACFrame: () => {},
  onFatalError: (message: string) => {
    console.error(message);
    process.exit(1);
  },
  onGPFrame: () => {},
  onDeviceJoined: () => {},
  onDeviceRejoined: () => {},
  onDeviceLeft: () => {},
  onDeviceAuthorized: () => {},
};
const stream = {
  txChannel: 15,
  ccaBackoffAttempts: 4,
  ccaRetries: 3,
  enableCSMACA: true,
  headerUpdated: true,
  reTx: false,
  securityProcessed: true,
  txDelay: 0,
  txDelayBaseTime: 0,
  rxChannelAfterTxDone: 15,
};
const network = {
  eui64: 0x00124b00aabbccddn,
  panId: PAN,
  extendedPANId: 0xdddddddddddddddan,
  extendedPanId: 0xdddddddddddddddan,
  channel: 15,
  nwkUpdateId: 0,
  txPower: 5,
  networkKey: NETWORK_KEY,
  networkKeyFrameCounter: 0,
  networkKeySequenceNumber: 0,
  tcKey: LINK_KEY,
  tcKeyFrameCounter: 0,
};
/** A router beside the coordinator that has joined. */
const partner = {
  address16: SHORT,
  capabilities: {
    alternatePANCoordinator: false,
    deviceType: 1,
    powerSource: 1,
    rxOnWhenIdle: true,
    securityCapability: false,
    allocateAddress: true,
  },
  authorized: true,
  neighbor: true,
  recentLQAs: [],
  lastTransportedNetworkKeySeq: 0,
  incomingNWKFrameCounter: undefined,
  endDeviceTimeout: undefined,
  linkStatusMisses: 0,
};

await program(import.meta.url, main);
