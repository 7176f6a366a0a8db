// How large the stack's tables are.  A device's numbers are its target's in asconfig.json, and none has other numbers anywhere; 0 is for
// what a kind of device has not.  A module without a target, a laboratory, has the hub's.  docs/memory.md says what a row costs.

/** Devices that the trust centre admits. */
export const DEVICES_MAX: u32 = isDefined(LIMIT_DEVICES) ? LIMIT_DEVICES : 32;
/** Devices in range: the parent, the children, and the routers around. */
export const NEIGHBOURS_MAX: u32 = isDefined(LIMIT_NEIGHBOURS) ? LIMIT_NEIGHBOURS : 20;
/** Of them, children between association and their first authentic frame. */
export const JOINING_MAX: u32 = isDefined(LIMIT_JOINING) ? LIMIT_JOINING : 3;
/** Parents that a device which joins holds against each other, one a network and depth. */
export const CANDIDATES_MAX: u32 = isDefined(LIMIT_CANDIDATES) ? LIMIT_CANDIDATES : 6;
/** Devices out of range whose IEEE address is known. */
export const ADDRESSES_MAX: u32 = isDefined(LIMIT_ADDRESSES) ? LIMIT_ADDRESSES : 32;
/** Devices out of range that a way is known to, and ways sought at a time, by us and through us. */
export const ROUTES_MAX: u32 = isDefined(LIMIT_ROUTES) ? LIMIT_ROUTES : 8;
export const DISCOVERIES_MAX: u32 = isDefined(LIMIT_DISCOVERIES) ? LIMIT_DISCOVERIES : 4;
/** Broadcasts of the last nine seconds, ours among them. */
export const BROADCASTS_MAX: u32 = isDefined(LIMIT_BROADCASTS) ? LIMIT_BROADCASTS : 16;
/** Frames on their way to the air, and held for sleepy children. */
export const DIRECT_MAX: u32 = isDefined(LIMIT_DIRECT) ? LIMIT_DIRECT : 6;
export const INDIRECT_MAX: u32 = isDefined(LIMIT_INDIRECT) ? LIMIT_INDIRECT : 20;
/** Application link keys: one a partner, the trust centre not counted. */
export const PARTNERS_MAX: u32 = isDefined(LIMIT_PARTNERS) ? LIMIT_PARTNERS : 4;
/** Bindings: one a cluster and partner that it reports to. */
export const BINDINGS_MAX: u32 = isDefined(LIMIT_BINDINGS) ? LIMIT_BINDINGS : 8;
/** APS frames heard in the last 40 s that would be known when they come again. */
export const DUPLICATES_MAX: u32 = isDefined(LIMIT_DUPLICATES) ? LIMIT_DUPLICATES : 16;
/** Frames that await an acknowledgement: a report, a command, a response and a ZDO request. */
export const TRANSMISSIONS_MAX: u32 = isDefined(LIMIT_TRANSMISSIONS) ? LIMIT_TRANSMISSIONS : 4;
/** Messages put together from fragments at the same time. */
export const REASSEMBLIES_MAX: u32 = isDefined(LIMIT_REASSEMBLIES) ? LIMIT_REASSEMBLIES : 2;
/** Partners, not children of ours, that are known to sleep. */
export const SLEEPERS_MAX: u32 = isDefined(LIMIT_SLEEPERS) ? LIMIT_SLEEPERS : 8;

// Key slots of the board: 0 and 1 network keys, 2 and 3 our own link keys, partners, two a device of the trust centre.
export const KEY_SLOT_OWN: u32 = 2;
export const KEY_SLOT_PARTNERS: u32 = 4;
export const KEY_SLOT_DEVICES: u32 = KEY_SLOT_PARTNERS + PARTNERS_MAX;
export const KEY_SLOTS_END: u32 = KEY_SLOT_DEVICES + 2 * DEVICES_MAX;
const PHASE2_KEY_SLOTS: u32 = 72;

if (KEY_SLOTS_END > PHASE2_KEY_SLOTS) ERROR("the board's key slots from 72 on are those of phase 2: docs/abi.md");
if (NEIGHBOURS_MAX > 31) ERROR("a slot notes who repeated a broadcast in 32 bits, a link status tells of 31");
if (JOINING_MAX >= NEIGHBOURS_MAX) ERROR("children that join would take the parent's place");
if (JOINING_MAX > 0 && INDIRECT_MAX < NEIGHBOURS_MAX) ERROR("a frame is held for each child, of whom there are four less, and four more");
if (BROADCASTS_MAX == 0 || ADDRESSES_MAX == 0 || DIRECT_MAX == 0 || PARTNERS_MAX == 0 || SLEEPERS_MAX == 0) ERROR("each device has some");
if (CANDIDATES_MAX == 0 || DUPLICATES_MAX == 0 || TRANSMISSIONS_MAX == 0 || REASSEMBLIES_MAX == 0) ERROR("each device has some");
