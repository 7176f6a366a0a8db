// Entry of the cluster tests: the mirrors and applications of one kind of device on the stubbed APS.  `start` takes 0 hub, 1 meter, 2 display.
import { apsHeard } from "../../../assembly/zigbee/aps/types";
import { bindingAdd, bindingsReset } from "../../../assembly/zigbee/aps/binding";
import { HubHeard, hubAsked, hubDeadline, hubInput, hubReset, hubTell, hubTick } from "../../../assembly/application/hub/hub";
import { ihdDeadline, ihdReset, ihdTick } from "../../../assembly/application/ihd/ihd";
import { activationReset } from "../../../assembly/upgrade/activation";
import { meterInput, meterReset } from "../../../assembly/application/meter/meter";
import { progressSet } from "../../../assembly/model/progress";
import { errandsBeginHub, errandsBeginMeter, errandsDeadline, errandsReset, errandsTick } from "../../../assembly/sep1/errands";
import { hubRequested } from "../../../assembly/application/hub/request";
import { deviceAt } from "../../../assembly/zigbee/aps/devices";
import { requested } from "../../../assembly/sep1/ota/requested";
import { hubMirrorInput } from "../../../assembly/sep1/mirror_hub";
import { ihdMirrorInput } from "../../../assembly/sep1/mirror_ihd";
import { keepAliveMs, keepAliveReset } from "../../../assembly/sep1/keep_alive/client";
import { meterMirrorConfirm, meterMirrorDeadline, meterMirrorInput, meterMirrorTick } from "../../../assembly/sep1/mirror_meter";
import { notifySoon } from "../../../assembly/sep1/ota/notify";
import { otaServerDeadline, otaServerReset, otaServerTick } from "../../../assembly/sep1/ota/server";
import { priceDeadline, priceReset, priceTick } from "../../../assembly/sep1/price/server";
import { HUB_INSTANCES } from "../../../assembly/sep1/instances/hub";
import { IHD_INSTANCES } from "../../../assembly/sep1/instances/ihd";
import { METER_INSTANCES } from "../../../assembly/sep1/instances/meter";
import { instancesAre } from "../../../assembly/zigbee/zcl/instances";
import { reportingReset } from "../../../assembly/zigbee/zcl/reporting";

const HUB: u32 = 0;
const METER: u32 = 1;

const room = memory.data(512);
let kind: u32 = 0;

export function buffer(): usize { return room; }

export function start(device: u32, now: i64): void {
  kind = device;
  keepAliveReset();
  instancesAre(kind == HUB ? HUB_INSTANCES : kind == METER ? METER_INSTANCES : IHD_INSTANCES);
  if (kind == HUB) {
    hubReset(now);
    bindingsReset();
    priceReset();
    otaServerReset(now);
  } else if (kind == METER) {
    bindingsReset();
    reportingReset();
    meterReset(now);
  } else {
    errandsReset();
    ihdReset(now);
    activationReset();
  }
}

export function hear(extended: u64, cluster: u32, keyKind: u32, broadcast: u32, size: u32, now: i64): i32 {
  apsHeard.source = <u32>extended & 0xffff;
  apsHeard.sourceExtended = extended;
  apsHeard.sourceEndpoint = 1;
  apsHeard.targetEndpoint = 1;
  apsHeard.profile = 0x0109;
  apsHeard.cluster = cluster;
  apsHeard.keyKind = keyKind;
  apsHeard.broadcast = broadcast;
  apsHeard.payload = room;
  apsHeard.size = size;
  if (kind != HUB) return kind == METER ? meterMirrorInput(now) : ihdMirrorInput(now);
  let what = hubMirrorInput(now);
  if (requested.size != 0) hubRequested(requested.extended, requested.payload, requested.size);
  requested.size = 0;
  return what;
}

/** The trust centre knows a device. */
export function known(index: u32, extended: u64): void { deviceAt(index).extended = extended; }

/** An event record in the buffer. */
export function event(now: i64): i32 {
  if (kind == HUB) {
    let what = hubInput(room, now);
    if (what == HubHeard.Rollout) notifySoon(hubAsked.image, now);
    return what;
  }
  meterInput(room, now);
  return 0;
}

export function tick(now: i64): i64 {
  if (kind == HUB) {
    priceTick(now);
    if (hubTick(true, now) == HubHeard.Rollout) notifySoon(hubAsked.image, now);
    otaServerTick(now);
    while (hubTell()) {}
    return min<i64>(min<i64>(hubDeadline(now), priceDeadline()), otaServerDeadline());
  }
  if (kind == METER) {
    meterMirrorTick(now);
    return meterMirrorDeadline();
  }
  errandsTick(now);
  ihdTick(now);
  return min<i64>(errandsDeadline(), ihdDeadline());
}

/** As `hear`, to another endpoint or profile. */
export function misdirected(endpoint: u32, profile: u32, cluster: u32, size: u32): i32 {
  apsHeard.targetEndpoint = endpoint;
  apsHeard.profile = profile;
  apsHeard.cluster = cluster;
  apsHeard.keyKind = 2;
  apsHeard.payload = room;
  apsHeard.size = size;
  return kind == HUB ? hubMirrorInput(0) : kind == METER ? meterMirrorInput(0) : ihdMirrorInput(0);
}

export function confirm(handle: i32): void {
  apsHeard.handle = handle;
  apsHeard.status = 0;
  meterMirrorConfirm(0);
}
export function bind(cluster: u32, extended: u64): i32 { return bindingAdd(1, cluster, extended, 1, false); }
export function partners(hub: u64, meter: u64, now: i64): void {
  errandsBeginHub(hub, 1, now);
  errandsBeginMeter(meter, 1, now);
}
export function stage(to: i32): void { progressSet(to); }
/** An answer of the Keep-Alive cluster in the buffer, under the key in `slot`; answers how long a trust centre may then be silent. */
export function keepAlive(slot: u32, size: u32): i64 {
  apsHeard.keySlot = slot;
  hear(0x00124b0000000001, 0x0025, 2, 0, size, 0);
  apsHeard.keySlot = 0;
  return keepAliveMs();
}
