// The error numbers of the contract.  Written by tools/abi.ts from docs/abi.md; change that page instead.

export const Err = {
  Ok: 0,
  Truncated: -1,
  BadLength: -2,
  BadChecksum: -3,
  Reserved: -4,
  NoBuffer: -5,
  Busy: -6,
  NotFound: -7,
  BadMic: -8,
  NoAck: -9,
  ChannelBusy: -10,
  Replay: -11,
  NoKey: -12,
  Timeout: -13,
  BadState: -14,
  Refused: -15,
  BadPoint: -16,
  Duplicate: -17,
} as const;
