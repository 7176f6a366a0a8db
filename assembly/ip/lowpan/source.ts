// What the MAC says of the frame that 6LoWPAN looks at.
@unmanaged @final
export class LowpanSource {
  /** Of the sender, by its mode. */
  address: u64;
  /** Interface identifiers made of both MAC addresses, as they lie: RFC 4944 section 6. */
  identifier: u64;
  own: u64;
  mode: u32;
  /** The frame was for everyone. */
  toAll: bool;
  /** It was authentic. */
  secured: bool;
}

const SHORT_HEAD: u64 = 0x0000_00fe_ff00_0000;
const UNIVERSAL: u64 = 0x0200_0000_0000_0000;

/** The interface identifier of a MAC address, as it lies. */
export function identifierOf(isExtended: bool, address: u64): u64 {
  return isExtended ? bswap<u64>(address ^ UNIVERSAL) : SHORT_HEAD | (<u64>bswap<u16>(<u16>address) << 48);
}
