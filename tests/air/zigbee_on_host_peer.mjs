// A coordinator by zigbee-on-host in a process of its own: node zigbee_on_host_peer.mjs PACKAGE_FOLDER PORT SAVE_FOLDER
//
// It speaks Spinel over TCP to our co-processor and prints one line for each thing that happens.

import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { connect } from "node:net";

const [folder, port, saves] = process.argv.slice(2);
const { OTRCPDriver } = createRequire(`${folder}/`)("zigbee-on-host");

const socket = connect(Number(port), "127.0.0.1");
const transport = Object.assign(new EventEmitter(), {
  write: (octets) => socket.write(octets),
});
socket.on("data", (octets) => transport.emit("data", octets));
socket.on("close", () => process.exit(0));

const say = (name, value) =>
  process.stdout.write(`${JSON.stringify({ name, value }, (_key, item) => (typeof item === "bigint" ? item.toString(16) : item))}\n`);
const callbacks = {
  onMACFrame: () => {},
  onFatalError: (message) => say("fatal", message),
  onFrame: (source) => say("frame", source),
  onGPFrame: () => {},
  onDeviceJoined: (source16, source64) => say("joined", [source16, source64]),
  onDeviceRejoined: (source16) => say("rejoined", source16),
  onDeviceLeft: (source16) => say("left", source16),
  onDeviceAuthorized: (source16) => say("authorized", source16),
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
  panId: 0x1a62,
  extendedPANId: 0xdddddddddddddddan,
  extendedPanId: 0xdddddddddddddddan,
  channel: 15,
  nwkUpdateId: 0,
  txPower: 5,
  networkKey: Buffer.from("01030507090b0d0f00020406080a0c0d", "hex"),
  networkKeyFrameCounter: 0,
  networkKeySequenceNumber: 0,
  tcKey: Buffer.from("5a6967426565416c6c69616e63653039", "hex"),
  tcKeyFrameCounter: 0,
};

socket.on("connect", async () => {
  try {
    const driver = new OTRCPDriver(transport, callbacks, stream, network, saves);
    await driver.start();
    say("started", [driver.protocolVersionMajor, driver.protocolVersionMinor, driver.ncpVersion]);
    await driver.formNetwork();
    driver.context.allowJoins(180, true);
    say("formed", network.panId);
  } catch (error) {
    say("error", String(error?.stack ?? error));
  }
});
