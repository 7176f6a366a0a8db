// Cluster identifiers.  Written by tools/clusters.ts from clusters/; change those files instead.

export const CLUSTER_BASIC: u32 = 0x0000; // Basic
export const CLUSTER_IDENTIFY: u32 = 0x0003; // Identify
export const CLUSTER_TIME: u32 = 0x000a; // Time
export const CLUSTER_OTA: u32 = 0x0019; // OTA Upgrade
export const CLUSTER_KEEP_ALIVE: u32 = 0x0025; // Keep-Alive
export const CLUSTER_PRICE: u32 = 0x0700; // Price
export const CLUSTER_DRLC: u32 = 0x0701; // Demand Response and Load Control
export const CLUSTER_METERING: u32 = 0x0702; // Metering
export const CLUSTER_MESSAGING: u32 = 0x0703; // Messaging
export const CLUSTER_TUNNELING: u32 = 0x0704; // Tunneling
export const CLUSTER_PREPAYMENT: u32 = 0x0705; // Prepayment
export const CLUSTER_ENERGY_MANAGEMENT: u32 = 0x0706; // Energy Management
export const CLUSTER_CALENDAR: u32 = 0x0707; // Calendar
export const CLUSTER_DEVICE_MANAGEMENT: u32 = 0x0708; // Device Management
export const CLUSTER_EVENTS: u32 = 0x0709; // Events
export const CLUSTER_MDU_PAIRING: u32 = 0x070a; // MDU Pairing
export const CLUSTER_KEY_ESTABLISHMENT: u32 = 0x0800; // Key Establishment
