// Written by tools/clusters.ts from clusters/; change those files instead.
import { zclHeard } from "../../zigbee/zcl/zcl";
import { CLUSTER_OTA } from "../clusters";
import { otaClientInput } from "../ota/client";

const otaCommands = memory.data<u8>([
  // imageNotify
  0x00, 0x15, 0x01, 0x0e, 0x03, 0x01, 0x0e, 0x64, 0x14, 0x00, 0x01, 0x01, 0x02, 0x14, 0x00, 0x02, 0x01, 0x02, 0x14, 0x00, 0x03, 0x01, 0x04,
  0x02, 0x09, 0x01, 0x12, 0x00, 0x00, 0x04, 0x02, 0x02, 0x04, 0x04, // queryNextImageResponse
  // imageBlockResponse
  0x05, 0x13, 0x01, 0x12, 0x00, 0x00, 0x06, 0x02, 0x02, 0x04, 0x04, 0x01, 0x09, 0x12, 0x00, 0x97, 0x04, 0x04, 0x04, 0x0b, 0x02,
  0x07, 0x05, 0x02, 0x02, 0x04, 0x04, 0x04, // upgradeEndResponse
  0xff,
]);

export const FACTORY_INSTANCES = memory.data<u16>([
  0x0801, 0x0008, 0, 0,
  0x0101, 0x0800, 0, 0, // Key Establishment, server
  0x0201, 0x0800, 0, 0, // Key Establishment, client
  0x0601, 0x0019, 0, <u16>otaCommands, // OTA Upgrade, client
  0x0001, 0x0000, 0, 0, // Basic, not here
  0x0001, 0x0003, 0, 0, // Identify, not here
  0x0001, 0x000a, 0, 0, // Time, not here
  0,
]);

/** Brings the values of the cluster heard up to date. */
export function factoryRefresh(now: i64): void {
}

/** An attribute of the cluster heard was written. */
export function factoryWritten(now: i64): void {
}

/** Gives the command heard to its cluster; false where none takes it. */
export function factoryCommand(now: i64): bool {
  switch (zclHeard.cluster) {
    case CLUSTER_OTA: if (!zclHeard.toClient) return false; otaClientInput(now); return true;
  }
  return false;
}
