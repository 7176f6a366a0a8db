// A coordinator and trust centre by zigbee-on-host in a process of its own: node zigbee_on_host_coordinator.mjs PACKAGE_FOLDER PORT SAVE_FOLDER KEY
//
// KEY is the link key that its one joiner made of its install code, in hex.  One line of JSON for each thing that happens; standard input ends it.
import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { connect } from "node:net";

const [folder, port, saves, key] = process.argv.slice(2);
const { OTRCPDriver } = createRequire(`${folder}/`)("zigbee-on-host");

const socket = connect(Number(port), "127.0.0.1");
const transport = Object.assign(new EventEmitter(), { write: (octets) => socket.write(octets) });
socket.on("data", (octets) => transport.emit("data", octets));
socket.on("close", () => process.exit(0));

const plain = (_key, item) => {
  if (typeof item === "bigint") return item.toString(16);
  return item?.type === "Buffer" ? Buffer.from(item.data).toString("hex") : item;
};
const say = (name, ...value) => process.stdout.write(`${JSON.stringify({ name, value }, plain)}\n`);
const callbacks = {
  onMACFrame: () => {},
  onFatalError: (message) => say("fatal", message),
  onFrame: (source16, source64, header, payload) => say("frame", source16, source64, header, payload),
  onGPFrame: () => {},
  onDeviceJoined: (...values) => say("joined", ...values),
  onDeviceRejoined: (...values) => say("rejoined", ...values),
  onDeviceLeft: (...values) => say("left", ...values),
  onDeviceAuthorized: (...values) => say("authorized", ...values),
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
  tcKey: Buffer.from(key, "hex"),
  tcKeyFrameCounter: 0,
};

socket.on("connect", async () => {
  try {
    const driver = new OTRCPDriver(transport, callbacks, stream, network, saves);
    await driver.start();
    await driver.formNetwork();
    driver.context.allowJoins(180, true);
    say("formed", network.panId);
  } catch (error) {
    say("error", String(error?.stack ?? error));
  }
});
