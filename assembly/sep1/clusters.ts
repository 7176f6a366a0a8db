// Cluster identifiers.  Written by tools/clusters.ts from clusters/; change those files instead.

export const CLUSTER_BASIC: u32 = 0x0000; // Basic
export const CLUSTER_IDENTIFY: u32 = 0x0003; // Identify
export const CLUSTER_TIME: u32 = 0x000a; // Time
export const CLUSTER_OTA: u32 = 0x0019; // OTA Upgrade
export const CLUSTER_PRICE: u32 = 0x0700; // Price
export const CLUSTER_METERING: u32 = 0x0702; // Metering
export const CLUSTER_KEY_ESTABLISHMENT: u32 = 0x0800; // Key Establishment
