// Cluster identifiers: SE 1.4a (07-5356) section 5.11 and 075123.

export const CLUSTER_BASIC: u32 = 0x0000;
export const CLUSTER_IDENTIFY: u32 = 0x0003;
export const CLUSTER_TIME: u32 = 0x000a;
export const CLUSTER_OTA: u32 = 0x0019;
export const CLUSTER_PRICE: u32 = 0x0700;
export const CLUSTER_METERING: u32 = 0x0702;
export const CLUSTER_KEY_ESTABLISHMENT: u32 = 0x0800;
