// Written by tools/clusters.ts from clusters/; change those files instead.
import { constantText } from "../../core/constants";
import { Update, update } from "../../model/update";
import { zclHeard } from "../../zigbee/zcl/zcl";
import { CLUSTER_IDENTIFY, CLUSTER_KEY_ESTABLISHMENT, CLUSTER_OTA } from "../clusters";
import { IdentifyNow, identifyNow, identifyRefresh, identifyServe, identifyWritten } from "../identify";
import { IdentityNow, identityNow, identityRefresh } from "../key_establishment/identity";
import { OtaNow, otaNow, otaRefresh } from "../ota/attributes";
import { otaClientInput } from "../ota/client";

const textKilowasm = constantText("kilowasm");
const textKilowasmRepeater = constantText("kilowasm repeater");
const basicAttributes = memory.data<u16>([
  0x0000, 0x0420, 1, // zclVersion
  0x0001, 0x0420, 1, // applicationVersion
  0x0004, 0x0842, <u16>textKilowasm, // manufacturerName
  0x0005, 0x0842, <u16>textKilowasmRepeater, // modelIdentifier
  0x0007, 0x0430, 1, // powerSource
  0xffff,
]);
const keyEstablishmentAttributes = memory.data<u16>([
  0x0000, 0x0031, <u16>(changetype<usize>(identityNow) + offsetof<IdentityNow>("suites")), // suites
  0xffff,
]);
const otaAttributes = memory.data<u16>([
  0x0000, 0x00f0, <u16>(changetype<usize>(otaNow) + offsetof<OtaNow>("server")), // upgradeServer
  0x0001, 0x0023, <u16>(changetype<usize>(otaNow) + offsetof<OtaNow>("offset")), // fileOffset
  0x0002, 0x0023, <u16>(changetype<usize>(update) + offsetof<Update>("running")), // currentVersion
  0x0003, 0x0021, <u16>(changetype<usize>(otaNow) + offsetof<OtaNow>("stack")), // currentStack
  0x0004, 0x0023, <u16>(changetype<usize>(otaNow) + offsetof<OtaNow>("heldVersion")), // downloadedVersion
  0x0005, 0x0021, <u16>(changetype<usize>(otaNow) + offsetof<OtaNow>("heldStack")), // downloadedStack
  0x0006, 0x0030, <u16>(changetype<usize>(otaNow) + offsetof<OtaNow>("status")), // upgradeStatus
  0x0007, 0x0021, <u16>(changetype<usize>(update) + offsetof<Update>("manufacturer")), // manufacturer
  0x0008, 0x0021, <u16>(changetype<usize>(update) + offsetof<Update>("type")), // imageType
  0x0009, 0x0021, <u16>(changetype<usize>(otaNow) + offsetof<OtaNow>("period")), // blockPeriod
  0x000a, 0x0023, <u16>(changetype<usize>(update) + offsetof<Update>("size")), // imageStamp
  0x000b, 0x0430, 0, // activationPolicy
  0x000c, 0x0430, 1, // timeoutPolicy
  0xffff,
]);
const otaCommands = memory.data<u8>([
  // imageNotify
  0x00, 0x15, 0x01, 0x0e, 0x03, 0x01, 0x0e, 0x64, 0x14, 0x00, 0x01, 0x01, 0x02, 0x14, 0x00, 0x02, 0x01, 0x02, 0x14, 0x00, 0x03, 0x01, 0x04,
  0x02, 0x09, 0x01, 0x12, 0x00, 0x00, 0x04, 0x02, 0x02, 0x04, 0x04, // queryNextImageResponse
  // imageBlockResponse
  0x05, 0x13, 0x01, 0x12, 0x00, 0x00, 0x06, 0x02, 0x02, 0x04, 0x04, 0x01, 0x09, 0x12, 0x00, 0x97, 0x04, 0x04, 0x04, 0x0b, 0x02,
  0x07, 0x05, 0x02, 0x02, 0x04, 0x04, 0x04, // upgradeEndResponse
  0x09, 0x09, 0x01, 0x12, 0x00, 0x00, 0x04, 0x02, 0x02, 0x04, 0x04, // querySpecificFileResponse
  0xff,
]);
const identifyAttributes = memory.data<u16>([
  0x0000, 0x0221, <u16>(changetype<usize>(identifyNow) + offsetof<IdentifyNow>("seconds")), // identifyTime
  0xffff,
]);
const identifyCommands = memory.data<u8>([
  0x00, 0x01, 0x02, // identify
  0x01, 0x00, // identifyQuery
  0xff,
]);

export const REPEATER_INSTANCES = memory.data<u16>([
  0x0801, 0x0008, 0, 0,
  0x0101, 0x0000, <u16>basicAttributes, 0, // Basic, server
  0x0101, 0x0800, <u16>keyEstablishmentAttributes, 0, // Key Establishment, server
  0x0201, 0x0800, <u16>keyEstablishmentAttributes, 0, // Key Establishment, client
  0x0601, 0x0019, <u16>otaAttributes, <u16>otaCommands, // OTA Upgrade, client
  0x0601, 0x0025, 0, 0, // Keep-Alive, client
  0x0001, 0x000a, 0, 0, // Time, not here
  0x0101, 0x0003, <u16>identifyAttributes, <u16>identifyCommands, // Identify, server
  0,
]);

/** Brings the values of the cluster heard up to date. */
export function repeaterRefresh(now: i64): void {
  switch (zclHeard.cluster) {
    case CLUSTER_KEY_ESTABLISHMENT: return identityRefresh(now);
    case CLUSTER_OTA: return otaRefresh(now);
    case CLUSTER_IDENTIFY: return identifyRefresh(now);
  }
}

/** An attribute of the cluster heard was written. */
export function repeaterWritten(now: i64): void {
  switch (zclHeard.cluster) {
    case CLUSTER_IDENTIFY: return identifyWritten(now);
  }
}

/** Gives the command heard to its cluster; false where none takes it. */
export function repeaterCommand(now: i64): bool {
  switch (zclHeard.cluster) {
    case CLUSTER_OTA: if (!zclHeard.toClient) return false; otaClientInput(now); return true;
    case CLUSTER_IDENTIFY: if (zclHeard.toClient) return false; identifyServe(now); return true;
  }
  return false;
}
