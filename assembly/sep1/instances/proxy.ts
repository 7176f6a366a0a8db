// Written by tools/clusters.ts from clusters/; change those files instead.
import { constantText } from "../../core/constants";
import { Clock, clock } from "../../model/clock";
import { zclHeard } from "../../zigbee/zcl/zcl";
import { CLUSTER_IDENTIFY, CLUSTER_KEY_ESTABLISHMENT, CLUSTER_METERING, CLUSTER_OTA, CLUSTER_PRICE, CLUSTER_TIME } from "../clusters";
import { IdentifyNow, identifyNow, identifyRefresh, identifyServe, identifyWritten } from "../identify";
import { IdentityNow, identityNow, identityRefresh } from "../key_establishment/identity";
import { MeteringNow, meteringNow, meteringRefresh } from "../metering/server";
import { otaServe } from "../ota/server";
import { priceServe } from "../price/server";
import { TimeNow, timeNow, timeRefresh } from "../time/server";

const textKilowasm = constantText("kilowasm");
const textKilowasmHub = constantText("kilowasm hub");
const basicAttributes = memory.data<u16>([
  0x0000, 0x0420, 1, // zclVersion
  0x0001, 0x0420, 1, // applicationVersion
  0x0004, 0x0842, <u16>textKilowasm, // manufacturerName
  0x0005, 0x0842, <u16>textKilowasmHub, // modelIdentifier
  0x0007, 0x0430, 1, // powerSource
  0xffff,
]);
const timeAttributes = memory.data<u16>([
  0x0000, 0x00e2, <u16>(changetype<usize>(timeNow) + offsetof<TimeNow>("utc")), // time
  0x0001, 0x0018, <u16>(changetype<usize>(timeNow) + offsetof<TimeNow>("status")), // timeStatus
  0x0002, 0x002b, <u16>(changetype<usize>(clock) + offsetof<Clock>("offset")), // timeZone
  0x0003, 0x0023, <u16>(changetype<usize>(clock) + offsetof<Clock>("summerStart")), // summerStart
  0x0004, 0x0023, <u16>(changetype<usize>(clock) + offsetof<Clock>("summerEnd")), // summerEnd
  0x0005, 0x002b, <u16>(changetype<usize>(clock) + offsetof<Clock>("summerShift")), // summerShift
  0x0006, 0x0023, <u16>(changetype<usize>(timeNow) + offsetof<TimeNow>("standard")), // standardTime
  0x0007, 0x0023, <u16>(changetype<usize>(timeNow) + offsetof<TimeNow>("local")), // localTime
  0xffff,
]);
const otaCommands = memory.data<u8>([
  0x01, 0x09, 0x01, 0x02, 0x02, 0x04, 0x13, 0x00, 0x01, 0x01, 0x02, // queryNextImage
  0x03, 0x11, 0x01, 0x02, 0x02, 0x04, 0x04, 0x01, 0x13, 0x00, 0x01, 0x01, 0x08, 0x13, 0x00, 0x02, 0x02, 0x0b, 0x02, // imageBlock
  0x04, 0x0d, 0x01, 0x02, 0x02, 0x04, 0x04, 0x01, 0x02, 0x02, 0x13, 0x00, 0x01, 0x01, 0x08, // imagePage
  0x06, 0x04, 0x01, 0x02, 0x02, 0x04, // upgradeEnd
  0x08, 0x05, 0x08, 0x02, 0x02, 0x04, 0x02, // querySpecificFile
  0xff,
]);
const priceCommands = memory.data<u8>([
  0x00, 0x01, 0x01, // getCurrentPrice
  0x01, 0x02, 0x04, 0x01, // getScheduledPrices
  0x02, 0x04, 0x04, 0x04, 0x04, 0x01, // priceAcknowledgement
  0xff,
]);
const keepAliveAttributes = memory.data<u16>([
  0x0000, 0x0420, 10, // base
  0x0001, 0x0421, 300, // jitter
  0xffff,
]);
const keyEstablishmentAttributes = memory.data<u16>([
  0x0000, 0x0031, <u16>(changetype<usize>(identityNow) + offsetof<IdentityNow>("suites")), // suites
  0xffff,
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
const meteringAttributes = memory.data<u16>([
  0x0000, 0x0125, <u16>(changetype<usize>(meteringNow) + offsetof<MeteringNow>("summation")), // summationDelivered
  0x0200, 0x0418, 0, // status
  0x0300, 0x0430, 0, // unit
  0x0301, 0x0422, 1, // multiplier
  0x0302, 0x0422, 1000, // divisor
  0x0303, 0x0418, 179, // summationFormat
  0x0304, 0x0418, 155, // demandFormat
  0x0306, 0x0418, 0, // deviceType
  0x0400, 0x012a, <u16>(changetype<usize>(meteringNow) + offsetof<MeteringNow>("demand")), // instantaneousDemand
  0xffff,
]);

export const PROXY_INSTANCES = memory.data<u16>([
  0x0801, 0x0500, 0, 0,
  0x0101, 0x0000, <u16>basicAttributes, 0, // Basic, server
  0x0101, 0x000a, <u16>timeAttributes, 0, // Time, server
  0x0501, 0x0019, 0, <u16>otaCommands, // OTA Upgrade, server
  0x0501, 0x0700, 0, <u16>priceCommands, // Price, server
  0x0501, 0x0025, <u16>keepAliveAttributes, 0, // Keep-Alive, server
  0x0101, 0x0800, <u16>keyEstablishmentAttributes, 0, // Key Establishment, server
  0x0201, 0x0800, <u16>keyEstablishmentAttributes, 0, // Key Establishment, client
  0x0101, 0x0003, <u16>identifyAttributes, <u16>identifyCommands, // Identify, server
  0x0802, 0x0501, 0, 0,
  0x1502, 0x0702, <u16>meteringAttributes, 0, // Metering, server
  0,
]);

/** Brings the values of the cluster heard up to date. */
export function proxyRefresh(now: i64): void {
  switch (zclHeard.cluster) {
    case CLUSTER_TIME: return timeRefresh(now);
    case CLUSTER_KEY_ESTABLISHMENT: return identityRefresh(now);
    case CLUSTER_IDENTIFY: return identifyRefresh(now);
    case CLUSTER_METERING: return meteringRefresh(now);
  }
}

/** An attribute of the cluster heard was written. */
export function proxyWritten(now: i64): void {
  switch (zclHeard.cluster) {
    case CLUSTER_IDENTIFY: return identifyWritten(now);
  }
}

/** Gives the command heard to its cluster; false where none takes it. */
export function proxyCommand(now: i64): bool {
  switch (zclHeard.cluster) {
    case CLUSTER_OTA: if (zclHeard.toClient) return false; otaServe(now); return true;
    case CLUSTER_PRICE: if (zclHeard.toClient) return false; priceServe(now); return true;
    case CLUSTER_IDENTIFY: if (zclHeard.toClient) return false; identifyServe(now); return true;
  }
  return false;
}

/** Brings the values of every reportable attribute up to date. */
export function proxyRefreshReports(now: i64): void {
  meteringRefresh(now);
}
