// Addresses: short ones of 05-3474 sections 3.6.1.7 and 3.6.5, extended ones of IEEE 802.15.4.
//
//   | 0 the coordinator | devices ... | 0xfff8 reserved ... | 0xfffc routers | 0xfffd awake | 0xfffe reserved | 0xffff all, or none |

/** The coordinator's address, whose device is the trust centre. */
export const TRUST_CENTRE_SHORT: u32 = 0x0000;
/** No device has an address from here on. */
export const UNICAST_END: u32 = 0xfff8;

// Broadcast addresses, table 3.59
export const BROADCAST_ROUTERS: u32 = 0xfffc;
export const BROADCAST_AWAKE: u32 = 0xfffd;
export const BROADCAST_RESERVED: u32 = 0xfffe;
export const BROADCAST_ALL: u32 = 0xffff;

/** There is no short address, or it is not known. */
export const NO_ADDRESS: u32 = 0xffff;
/** The IEEE address is not known. */
export const NO_EXTENDED: u64 = 0;
