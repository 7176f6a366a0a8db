// For tests only: reporting over a table of its own, two endpoints with clusters that report and more attributes than a frame holds.
import { Err } from "../../../assembly/core/err";
import { bindingAdd, bindingsReset } from "../../../assembly/zigbee/aps/binding";
import { apsHeard, apsRequest } from "../../../assembly/zigbee/aps/types";
import { instancesAre } from "../../../assembly/zigbee/zcl/instances";
import { reportingConfirm, reportingDeadline, reportingHeard, reportingReset, reportingServe, reportingTick } from "../../../assembly/zigbee/zcl/reporting";
import { ZclHeard, zclInput } from "../../../assembly/zigbee/zcl/zcl";

@unmanaged @final
class Values {
  wide0: u64; wide1: u64; wide2: u64; wide3: u64; wide4: u64; wide5: u64; wide6: u64; wide7: u64;
  power: i32;
}
const values = changetype<Values>(memory.data(offsetof<Values>(), 8));

// uint48 and int16, both reportable; flags 0x01 of zcl/attributes.ts
const wide = memory.data<u16>([
  0, 0x0125, <u16>(changetype<usize>(values) + offsetof<Values>("wide0")),
  1, 0x0125, <u16>(changetype<usize>(values) + offsetof<Values>("wide1")),
  2, 0x0125, <u16>(changetype<usize>(values) + offsetof<Values>("wide2")),
  3, 0x0125, <u16>(changetype<usize>(values) + offsetof<Values>("wide3")),
  4, 0x0125, <u16>(changetype<usize>(values) + offsetof<Values>("wide4")),
  5, 0x0125, <u16>(changetype<usize>(values) + offsetof<Values>("wide5")),
  6, 0x0125, <u16>(changetype<usize>(values) + offsetof<Values>("wide6")),
  7, 0x0125, <u16>(changetype<usize>(values) + offsetof<Values>("wide7")),
  0xffff,
]);
const power = memory.data<u16>([
  0, 0x0129, <u16>(changetype<usize>(values) + offsetof<Values>("power")),
  0xffff,
]);
// Flags of zcl/instances.ts: server that reports; endpoint 2 has a cluster of the same number as endpoint 1
const instances = memory.data<u16>([
  0x0801, 0x0501, 0, 0,
  0x1101, 0x0702, <u16>wide, 0,
  0x1101, 0x0b04, <u16>power, 0,
  0x0802, 0x0501, 0, 0,
  0x1102, 0x0b04, <u16>power, 0,
  0,
]);

const room = memory.data(512);
export function buffer(): usize { return room; }

export function start(): void {
  instancesAre(instances);
  bindingsReset();
  reportingReset();
}

export function hear(endpoint: u32, cluster: u32, size: u32, now: i64): void {
  apsHeard.source = 1;
  apsHeard.sourceExtended = 0x00124b00000000ff;
  apsHeard.sourceEndpoint = 9;
  apsHeard.targetEndpoint = endpoint;
  apsHeard.profile = 0x0109;
  apsHeard.cluster = cluster;
  apsHeard.keyKind = 2;
  apsHeard.broadcast = 0;
  apsHeard.payload = room;
  apsHeard.size = size;
  assert(zclInput() == ZclHeard.Reporting);
  reportingServe(now);
}

export function set(id: u32, value: i64): void { store<i64>(changetype<usize>(values) + (id << 3), value); }
export function setPower(value: i32): void { values.power = value; }
export function bind(endpoint: u32, cluster: u32, extended: u64): i32 { return bindingAdd(endpoint, cluster, extended, 1, false); }
export function tick(now: i64): i32 { return reportingTick(now); }
export function deadline(): i64 { return reportingDeadline(); }
export function confirm(handle: i32): void { reportingConfirm(handle, Err.Ok, 0); }
export function lost(handle: i32, now: i64): void { reportingConfirm(handle, Err.NoAck, now); }
export function heard(extended: u64): void { reportingHeard(extended); }
/** The endpoint of ours that the last frame came from. */
export function source(): u32 { return apsRequest.sourceEndpoint; }
