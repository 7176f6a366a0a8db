// The tables of a device's clusters, read here and nowhere else.  They name places in memory, so they lie there too.

export function tableOctet(at: usize): u32 { return load<u8>(at); }
export function tableHalf(at: usize): u32 { return load<u16>(at); }
