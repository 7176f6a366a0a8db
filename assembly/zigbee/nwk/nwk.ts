// The network layer as the layers above see it: 05-3474 chapter 3.  What only some devices do lies in other files:
//
//   end_device.ts, router.ts, coordinator.ts   nwkReset, nwkInput, nwkTick, nwkDeadline and all below for that kind of device
//   join.ts      nwkJoinStart, nwkJoinNext, nwkRejoinStart, nwkLeave        (end device, router)
//   form.ts      nwkFormStart                                              (coordinator)
//   parent.ts    nwkPermitJoin, nwkRemoveChild                             (router, coordinator)
//   poll.ts      nwkPollPeriod, nwkPollRhythm, nwkPollEager, nwkExpect                   (sleepy end device)
//
import { network, nwkState } from "./state";

export { Arrival, NwkHeard, nwkHeard, NwkIndication } from "./state";
export { nwkKeyActive, nwkKeyInstall, nwkKeySwitch } from "./security";
export { nwkClaim, nwkExtendedOf, nwkForget, nwkIsSleepyChild, nwkLearn, nwkShortOf } from "./addresses";
export { NWK_DISCOVER, NWK_NO_CONFIRM, NWK_PAYLOAD_MAX, NWK_SECURE, nwkQueued, nwkSend } from "./send";

export function nwkAddress(): u32 { return network.address; }
export function nwkPanId(): u32 { return network.panId; }
export function nwkChannel(): u32 { return network.channel; }
export function nwkExtended(): u64 { return nwkState.extended; }
export function nwkParent(): u32 { return network.parent; }
