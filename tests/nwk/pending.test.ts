// Who asks to be let in and then never fetches the answer leaves nothing on the radio's list of children that frames wait for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PENDING_MAX } from "../../host/air/identity.ts";
import { LabAir, payload, SECURE, tags } from "./lab.ts";

const SLEEPY = 0x80;

function u16(value: number): Buffer {
  return Buffer.from([value & 0xff, value >>> 8]);
}

/** A rejoin request in clear of a device that sleeps, as anybody can send it. */
function rejoinRequest(pan: number, extended: bigint, short: number): Buffer {
  const address = Buffer.alloc(8);
  address.writeBigUInt64LE(extended);
  const mac = Buffer.concat([Buffer.from([0x61, 0x88, short & 0xff]), u16(pan), u16(0), u16(short)]);
  const nwk = Buffer.concat([u16(0x1009), u16(0), u16(short), Buffer.from([1, short & 0xff]), address]);
  return Buffer.concat([mac, nwk, Buffer.of(6, SLEEPY)]);
}

test("strangers without a key that never ask for their answers take no sleeping child's place", () => {
  const air = new LabAir("pending");
  const hub = air.hub();
  const child = air.member("end_device", "child");
  const reach = (tag: number): boolean => {
    hub.send(child.network.address, payload(tag), SECURE);
    air.run(12_000);
    return tags(child).includes(tag);
  };
  assert.ok(reach(1), "the ground for what follows");
  for (let index = 0; index < 2 * PENDING_MAX; index++) {
    hub.inject(rejoinRequest(hub.network.panId, 0x6660n + BigInt(index), 0x1000 + index));
    air.run(8000);
  }
  assert.ok(reach(2));
});
