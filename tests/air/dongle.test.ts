// Node as the client of a radio co-processor: what it sends is on the air, what is on the air reaches it, and a reset loses nothing.
import assert from "node:assert/strict";
import { duplexPair } from "node:stream";
import { test } from "node:test";
import { RadioParameter } from "../../host/abi.ts";
import { PENDING_MAX } from "../../host/air/identity.ts";
import { Medium } from "../../host/air/medium.ts";
import { Err } from "../../host/err.ts";
import { serveCoprocessor } from "../../host/spinel/coprocessor.ts";
import { Dongle } from "../../host/spinel/dongle.ts";
import { COMMAND_RESET } from "../../host/spinel/frame.ts";
import { hdlcEncode } from "../../host/spinel/hdlc.ts";
import { StrictRcp } from "./strict_rcp.ts";
import { CHANNEL, keepPace, PAN, station, until } from "./support.ts";
import { dataRequest, macData } from "./zigbee.ts";

const OURS = 0x0001;
const THEIRS = 0x0002;

async function desk() {
  const medium = new Medium({ seed: 1 });
  const [near, far] = duplexPair();
  serveCoprocessor(medium, far, { id: "dongle", enter: (action) => action() });
  const dongle = new Dongle(near);
  const sent: [number, number, boolean][] = [];
  const heard: string[] = [];
  dongle.onSent = (...result) => sent.push(result);
  dongle.onReceived = (psdu) => heard.push(Buffer.from(psdu).toString("hex"));
  await dongle.begin(2000);
  dongle.set(RadioParameter.PanId, BigInt(PAN));
  dongle.set(RadioParameter.ShortAddress, BigInt(OURS));
  dongle.set(RadioParameter.ExtendedAddress, 0x00124b00000000aan);
  dongle.set(RadioParameter.Channel, BigInt(CHANNEL));
  const other = station(medium, "other", THEIRS);
  const rest = keepPace(medium);
  return {
    medium,
    dongle,
    near,
    other,
    sent,
    heard,
    [Symbol.dispose]: () => {
      rest();
      near.destroy();
      far.destroy();
    },
  };
}

test("a co-processor is one interface", async () => {
  using all = await desk();
  assert.equal(all.dongle.set(RadioParameter.PanId, 1n, 1), Err.NotFound);
  assert.equal(all.dongle.send(macData(7, PAN, OURS, THEIRS, Buffer.alloc(4)), 9, 1), Err.NotFound);
});

test("a frame goes out, is acknowledged, and another comes in", async () => {
  using all = await desk();
  const { dongle, other, sent, heard } = all;
  const out = macData(7, PAN, OURS, THEIRS, Buffer.from("to the other"));
  assert.equal(dongle.send(out, 9), Err.Ok);
  assert.equal(dongle.send(out, 10), Err.Busy);
  await until("the frame is acknowledged", () => sent.length === 1);
  assert.deepEqual(sent, [[9, Err.Ok, false]]);
  assert.deepEqual(other.heard, [out]);
  const back = macData(8, PAN, THEIRS, OURS, Buffer.from("and back"));
  other.radio.send(back, 1);
  await until("the other's frame arrives", () => heard.length === 1);
  assert.deepEqual(heard, [back.toString("hex")]);
});

test("a frame to nobody is not acknowledged, and sizes that no frame has are refused", async () => {
  using all = await desk();
  const { dongle, sent } = all;
  assert.equal(dongle.send(new Uint8Array(2), 1), Err.BadLength);
  assert.equal(dongle.send(new Uint8Array(126), 1), Err.BadLength);
  dongle.send(macData(1, PAN, OURS, 0x7777, Buffer.from("nobody")), 3);
  await until("the co-processor gives up", () => sent.length === 1);
  assert.deepEqual(sent, [[3, Err.NoAck, false]]);
});

test("a child's data request is acknowledged with frame pending while its address is set, also after the co-processor has reset", async () => {
  using all = await desk();
  const { dongle, other, near } = all;
  assert.equal(dongle.set(RadioParameter.PendingShort, BigInt(THEIRS)), Err.Ok);
  const ask = async (): Promise<boolean> => {
    const before = other.sent.length;
    other.radio.send(dataRequest(5, PAN, OURS, THEIRS), 1);
    await until("the request is acknowledged", () => other.sent.length > before);
    assert.equal(other.sent[before].status, Err.Ok);
    return other.sent[before].pending;
  };
  assert.equal(await ask(), true);
  const resets = dongle.counters.resets;
  near.write(hdlcEncode(Uint8Array.of(0x80, COMMAND_RESET)));
  await until("it has reset", () => dongle.counters.resets > resets);
  assert.equal(await ask(), true);
  dongle.set(RadioParameter.NotPendingShort, BigInt(THEIRS));
  assert.equal(await ask(), false);
  dongle.set(RadioParameter.PendingShort, BigInt(THEIRS));
  dongle.set(RadioParameter.PendingNone, 0n);
  assert.equal(await ask(), false);
});

test("the list of pending addresses is full at its limit, and an unknown parameter is refused", async () => {
  using all = await desk();
  const { dongle } = all;
  for (let index = 0; index < PENDING_MAX; index++) assert.equal(dongle.set(RadioParameter.PendingExtended, BigInt(index + 1)), Err.Ok);
  assert.equal(dongle.set(RadioParameter.PendingExtended, 0x99n), Err.NoBuffer);
  assert.equal(dongle.set(RadioParameter.PendingExtended, 1n), Err.Ok);
  assert.equal(dongle.set(99, 0n), Err.Reserved);
});

test("a stream behind which no co-processor answers is named in a sentence", async () => {
  const [near, far] = duplexPair();
  far.resume();
  await assert.rejects(new Dongle(near).begin(50), /co-processor said nothing/);
  near.destroy();
  far.destroy();
});

test("a co-processor that falls silent while it sends is reset, and the frame counts as not sent", async () => {
  let silent = false;
  const rcp = new StrictRcp(new Medium({ seed: 1 }), { deaf: () => silent });
  const dongle = new Dongle(rcp.stream);
  const sent: number[] = [];
  dongle.onSent = (_handle, status) => sent.push(status);
  await dongle.begin(2000);
  dongle.set(RadioParameter.Channel, BigInt(CHANNEL));
  silent = true;
  dongle.send(macData(1, PAN, OURS, THEIRS, Buffer.from("lost")), 3);
  await until("the wait ends", () => sent.length === 1);
  assert.deepEqual(sent, [Err.ChannelBusy]);
  assert.equal(dongle.counters.timeouts, 1);
  silent = false;
  await until("it is asked again", () => dongle.counters.resets === 2);
  dongle.close();
  rcp.stream.destroy();
});
