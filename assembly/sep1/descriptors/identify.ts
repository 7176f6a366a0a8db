// Identify: 075123 section 3.5.  Written by tools/clusters.ts from clusters/; change those files instead.

export const IDENTIFY_IDENTIFY_TIME: u32 = 0x0000;

export const IDENTIFY_IDENTIFY: u32 = 0x00; // to the server
export const IDENTIFY_IDENTIFY_QUERY: u32 = 0x01; // to the server
export const IDENTIFY_IDENTIFY_QUERY_RESPONSE: u32 = 0x00; // to the client

/** 0x00 to the server. */
@unmanaged @final
export class Identify {
  get identifyTime(): u32 { return load<u16>(changetype<usize>(this)); }
}

export function identifyEmit(at: usize, identifyTime: u32): u32 {
  store<u16>(at, identifyTime);
  return 2;
}

/** 0x00 to the client. */
@unmanaged @final
export class IdentifyQueryResponse {
  get timeout(): u32 { return load<u16>(changetype<usize>(this)); }
}

export function identifyQueryResponseEmit(at: usize, timeout: u32): u32 {
  store<u16>(at, timeout);
  return 2;
}
