// Operating errors.  They travel as negative answers, so one i32 carries a result or the reason there is none.
// Written by tools/abi.ts from docs/abi.md; change that page instead.

export enum Err {
  Ok = 0,
  Truncated = -1, // fewer octets than the format needs
  BadLength = -2, // a length field contradicts the octets at hand
  BadChecksum = -3, // an integrity check failed
  Reserved = -4, // a value the specification reserves, or a form we do not take
  NoBuffer = -5, // a pool, table or queue is full
  Busy = -6, // one at a time, and one is under way
  NotFound = -7, // no such record, key, device or route
  BadMic = -8, // a frame is not authentic
  NoAck = -9, // the partner did not acknowledge
  ChannelBusy = -10, // CSMA-CA gave up
  Replay = -11, // a frame counter that was seen before
  NoKey = -12, // no key for this frame, or one that is not good enough
  Timeout = -13, // the partner did not answer in time
  BadState = -14, // not now: the procedure is elsewhere
  Refused = -15, // the partner, a policy, or a check of a package said no
  BadPoint = -16, // not a point of the curve's prime-order group
  Duplicate = -17, // heard before; not an error of the sender
}
