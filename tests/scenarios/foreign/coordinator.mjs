// A coordinator and trust centre by zigbee-on-host in a process of its own, in simulated time: node coordinator.mjs PACKAGE_FOLDER SAVE_FOLDER SEED
//
// In, a line of JSON: { now, octets, calls }: the time in ms, what the co-processor said by then, functions of the driver to be called.  Out, when
// nothing more happens at that time: { due, octets, said }: when it wants to run next, what it says to the co-processor, what happened.
import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { advance, install, nextMs, settle } from "./simulated_time.mjs";

const [folder, saves, seed] = process.argv.slice(2);
const write = process.stdout.write.bind(process.stdout);
install(Number(seed));
const load = createRequire(`${folder}/`);
let told = [];
let sent = [];
const plain = (_key, item) => {
  if (typeof item === "bigint") return item.toString(16);
  return item?.type === "Buffer" ? Buffer.from(item.data).toString("hex") : item;
};
const say = (name, ...value) => void told.push({ name, value });

const quiet = () => {};
const spoken = (name) => (message) => say(name, typeof message === "function" ? message() : message);
load("zigbee-on-host/dist/utils/logger.js").setLogger({ debug: quiet, info: quiet, warning: spoken("warning"), error: spoken("error") });
const { OTRCPDriver } = load("zigbee-on-host");

const transport = Object.assign(new EventEmitter(), { write: (octets) => sent.push(Buffer.from(octets).toString("hex")) > 0 });
const callbacks = {
  onMACFrame: (frame) => say("mac", frame),
  onFatalError: (message) => say("fatal", message),
  onFrame: (short, extended, header, payload) => say("frame", short, extended, header, payload),
  onGPFrame: quiet,
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

let driver;
const own = {
  /** The network as the first message describes it. */
  async form(network) {
    const { eui64, extendedPanId, ...rest } = network;
    const known = { eui64, extendedPanId, extendedPANId: extendedPanId };
    driver = new OTRCPDriver(transport, callbacks, stream, { ...rest, ...known }, saves, true);
    await driver.start();
    await driver.formNetwork();
    say("formed", network.panId);
  },
  /** The next number of everything that a frame of the application's own counts. */
  numbers: () => [
    driver.macHandler.nextSeqNum(),
    driver.nwkHandler.nextSeqNum(),
    driver.context.nextNWKKeyFrameCounter(),
    driver.apsHandler.nextCounter(),
  ],
  /** What the package knows of its devices. */
  devices: () =>
    [...driver.context.deviceTable].map(([extended, { address16, neighbor, capabilities }]) => [
      extended,
      address16,
      neighbor,
      capabilities?.rxOnWhenIdle,
    ]),
};

const value = (item) => {
  if (item === null) return undefined;
  if (item?.hex !== undefined) return Buffer.from(item.hex, "hex");
  if (item?.big !== undefined) return BigInt(`0x${item.big}`);
  if (item && typeof item === "object" && !Array.isArray(item)) {
    return Object.fromEntries(Object.entries(item).map(([name, each]) => [name, value(each)]));
  }
  return item;
};

function call({ id, path, args }) {
  const names = path.split(".");
  const last = names.pop();
  const target = own[path] ? own : names.reduce((at, name) => at[name], driver);
  const failed = (error) => say("failed", id, String(error?.stack ?? error));
  try {
    const given = target[last](...args.map(value));
    if (given instanceof Promise) given.then((result) => say("result", id, result), failed);
    else say("result", id, given);
  } catch (error) {
    failed(error);
  }
}

async function exchange({ now, octets, calls }) {
  await advance(now);
  for (const each of octets) {
    transport.emit("data", Buffer.from(each, "hex"));
    await settle();
  }
  for (const each of calls) {
    call(each);
    await settle();
  }
  const answer = { due: nextMs(), octets: sent, said: told };
  told = [];
  sent = [];
  write(`${JSON.stringify(answer, plain)}\n`);
}

process.on("uncaughtException", (error) => say("fatal", String(error?.stack ?? error)));
process.on("unhandledRejection", (error) => say("rejection", String(error?.stack ?? error)));
let rest = "";
process.stdin.on("data", (part) => {
  rest += part;
  const lines = rest.split("\n");
  rest = lines.pop();
  for (const line of lines) exchange(JSON.parse(line));
});
process.stdin.on("end", () => process.exit(0));
