// Who may do what with a resource: the second word of its row.

// Methods, a bit each by the number of `Method`
export const GET: u32 = 0x06;
export const POST: u32 = 0x08;
export const PUT: u32 = 0x10;
export const DELETE: u32 = 0x20;
export const METHODS: u32 = 0x3e;
/** Whose it is. */
export const HUB: u32 = 0x40;
export const METER: u32 = 0x80;
// Who may: what a peer has shown, each more than the one before
/** In the clear too. */
export const ANYONE: u32 = 0 << 8;
/** By a device's certificate of our root. */
export const PROVEN: u32 = 1 << 8;
/** And it is registered. */
export const REGISTERED: u32 = 2 << 8;
/** And it is its own. */
export const OWNER: u32 = 3 << 8;
export const RIGHTS: u32 = 0x300;
