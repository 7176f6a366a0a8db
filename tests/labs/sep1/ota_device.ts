// Entry of the OTA client's tests: the display's mirror, the client and the update on the stubbed APS.
import { apsHeard } from "../../../assembly/zigbee/aps/types";
import { clockReset, clockSet } from "../../../assembly/model/clock";
import { errandsReset } from "../../../assembly/sep1/errands";
import { IHD_INSTANCES } from "../../../assembly/sep1/instances/ihd";
import { instancesAre } from "../../../assembly/zigbee/zcl/instances";
import { ihdMirrorInput } from "../../../assembly/sep1/mirror_ihd";
import {
  otaClientDeadline, otaClientExpecting, otaClientReached, otaClientReset, otaClientStart, otaClientStop, otaClientTick, otaClientZdo,
} from "../../../assembly/sep1/ota/client";
import { otaServer } from "../../../assembly/sep1/ota/requests";
import { transferWrote } from "../../../assembly/sep1/ota/transfer";
import { upgradeDeadline, upgradeReset, upgradeTick } from "../../../assembly/upgrade/upgrade";
import { ZdoHeard, zdoHeard } from "../../../assembly/zigbee/zdo/zdo";
import { apsKeyRow } from "../../../assembly/zigbee/aps/keys";
import { KEY_SLOT_OWN } from "../../../assembly/zigbee/limits";

const room = memory.data(512);
const HUB: u64 = 0x00124b0000000001;

export function buffer(): usize { return room; }

export function start(now: i64): void {
  instancesAre(IHD_INSTANCES);
  clockReset();
  errandsReset();
  upgradeReset(now);
  otaClientReset(now);
  apsKeyRow(KEY_SLOT_OWN).extended = HUB;
}

export function ready(now: i64): void { otaClientStart(now); }
export function lost(): void { otaClientStop(); }
export function clock(utc: u32, now: i64): void { clockSet(utc, now); }

/** The hub's answer to a match request: its endpoint, 0 = it has none. */
export function matched(sequence: u32, endpoint: u32, now: i64): void {
  store<u8>(room, endpoint);
  zdoHeard.kind = ZdoHeard.Matched;
  zdoHeard.sequence = sequence;
  zdoHeard.source = 0;
  zdoHeard.status = 0;
  zdoHeard.list = room;
  zdoHeard.size = endpoint == 0 ? 0 : 1;
  otaClientZdo(now);
}

export function hear(extended: u64, cluster: u32, keyKind: u32, broadcast: u32, size: u32, now: i64): i32 {
  apsHeard.source = extended == HUB ? 0 : <u32>extended & 0xffff;
  apsHeard.sourceExtended = extended;
  apsHeard.sourceEndpoint = 1;
  apsHeard.targetEndpoint = 1;
  apsHeard.profile = 0x0109;
  apsHeard.cluster = cluster;
  apsHeard.keyKind = keyKind;
  apsHeard.broadcast = broadcast;
  apsHeard.payload = room;
  apsHeard.size = size;
  return ihdMirrorInput(now);
}

export function tick(joined: bool, key: bool, now: i64): i64 {
  otaClientTick(now);
  upgradeTick(joined, key, otaClientReached(), now);
  return min<i64>(otaClientDeadline(), upgradeDeadline(now));
}

export function expecting(): i64 { return otaClientExpecting(); }
export function wrote(): bool { return transferWrote(); }
export function server(): u64 { return otaServer.extended; }
