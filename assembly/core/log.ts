// What a module writes before it calls `log`.  Written by tools/abi.ts from docs/abi.md; change that page instead.
// A view is laid over octets that the caller has; it is written field by field, also the reserved ones.

export const LOG_STARTED_SIZE: u32 = 4;
@unmanaged @final
export class LogStarted {
  get reason(): u32 { return load<u32>(changetype<usize>(this)); }
  set reason(value: u32) { store<u32>(changetype<usize>(this), value); }
}

export const LOG_JOINED_SIZE: u32 = 7;
@unmanaged @final
export class LogJoined {
  get address(): u32 { return load<u16>(changetype<usize>(this)); }
  set address(value: u32) { store<u16>(changetype<usize>(this), <u16>value); }
  get pan(): u32 { return load<u16>(changetype<usize>(this), 2); }
  set pan(value: u32) { store<u16>(changetype<usize>(this), <u16>value, 2); }
  get parent(): u32 { return load<u16>(changetype<usize>(this), 4); }
  set parent(value: u32) { store<u16>(changetype<usize>(this), <u16>value, 4); }
  get channel(): u32 { return load<u8>(changetype<usize>(this), 6); }
  set channel(value: u32) { store<u8>(changetype<usize>(this), <u8>value, 6); }
}

export const LOG_KEY_SIZE: u32 = 9;
@unmanaged @final
export class LogKey {
  get suite(): u32 { return load<u8>(changetype<usize>(this)); }
  set suite(value: u32) { store<u8>(changetype<usize>(this), <u8>value); }
  get partner(): u64 { return load<u64>(changetype<usize>(this), 1); }
  set partner(value: u64) { store<u64>(changetype<usize>(this), value, 1); }
}

export const LOG_REGISTER_SIZE: u32 = 12;
@unmanaged @final
export class LogRegister {
  get importWh(): i64 { return load<i64>(changetype<usize>(this)); }
  set importWh(value: i64) { store<i64>(changetype<usize>(this), value); }
  get powerW(): i32 { return load<i32>(changetype<usize>(this), 8); }
  set powerW(value: i32) { store<i32>(changetype<usize>(this), value, 8); }
}

export const LOG_READING_SIZE: u32 = 28;
@unmanaged @final
export class LogReading {
  get importWh(): i64 { return load<i64>(changetype<usize>(this)); }
  set importWh(value: i64) { store<i64>(changetype<usize>(this), value); }
  get powerW(): i32 { return load<i32>(changetype<usize>(this), 8); }
  set powerW(value: i32) { store<i32>(changetype<usize>(this), value, 8); }
  get price(): i32 { return load<i32>(changetype<usize>(this), 12); }
  set price(value: i32) { store<i32>(changetype<usize>(this), value, 12); }
  get costPerHour(): i32 { return load<i32>(changetype<usize>(this), 16); }
  set costPerHour(value: i32) { store<i32>(changetype<usize>(this), value, 16); }
  get costToday(): i32 { return load<i32>(changetype<usize>(this), 20); }
  set costToday(value: i32) { store<i32>(changetype<usize>(this), value, 20); }
  get currency(): u32 { return load<u16>(changetype<usize>(this), 24); }
  set currency(value: u32) { store<u16>(changetype<usize>(this), <u16>value, 24); }
  get digits(): u32 { return load<u8>(changetype<usize>(this), 26); }
  set digits(value: u32) { store<u8>(changetype<usize>(this), <u8>value, 26); }
  get flags(): u32 { return load<u8>(changetype<usize>(this), 27); }
  set flags(value: u32) { store<u8>(changetype<usize>(this), <u8>value, 27); }
}

export const LOG_FORMED_SIZE: u32 = 3;
@unmanaged @final
export class LogFormed {
  get pan(): u32 { return load<u16>(changetype<usize>(this)); }
  set pan(value: u32) { store<u16>(changetype<usize>(this), <u16>value); }
  get channel(): u32 { return load<u8>(changetype<usize>(this), 2); }
  set channel(value: u32) { store<u8>(changetype<usize>(this), <u8>value, 2); }
}

export const LOG_LEFT_SIZE: u32 = 1;
@unmanaged @final
export class LogLeft {
  get reason(): u32 { return load<u8>(changetype<usize>(this)); }
  set reason(value: u32) { store<u8>(changetype<usize>(this), <u8>value); }
}

export const LOG_REFUSED_SIZE: u32 = 4;
@unmanaged @final
export class LogRefused {
  get layer(): u32 { return load<u8>(changetype<usize>(this)); }
  set layer(value: u32) { store<u8>(changetype<usize>(this), <u8>value); }
  get reason(): u32 { return load<u8>(changetype<usize>(this), 1); }
  set reason(value: u32) { store<u8>(changetype<usize>(this), <u8>value, 1); }
  get count(): u32 { return load<u16>(changetype<usize>(this), 2); }
  set count(value: u32) { store<u16>(changetype<usize>(this), <u16>value, 2); }
}

export const LOG_ADMITTED_SIZE: u32 = 10;
@unmanaged @final
export class LogAdmitted {
  get partner(): u64 { return load<u64>(changetype<usize>(this)); }
  set partner(value: u64) { store<u64>(changetype<usize>(this), value); }
  get address(): u32 { return load<u16>(changetype<usize>(this), 8); }
  set address(value: u32) { store<u16>(changetype<usize>(this), <u16>value, 8); }
}

export const LOG_FAILED_SIZE: u32 = 2;
@unmanaged @final
export class LogFailed {
  get procedure(): u32 { return load<u8>(changetype<usize>(this)); }
  set procedure(value: u32) { store<u8>(changetype<usize>(this), <u8>value); }
  get reason(): i32 { return load<i8>(changetype<usize>(this), 1); }
  set reason(value: i32) { store<i8>(changetype<usize>(this), <i8>value, 1); }
}

export const LOG_BOUND_SIZE: u32 = 4;
@unmanaged @final
export class LogBound {
  get cluster(): u32 { return load<u16>(changetype<usize>(this)); }
  set cluster(value: u32) { store<u16>(changetype<usize>(this), <u16>value); }
  get partner(): u32 { return load<u16>(changetype<usize>(this), 2); }
  set partner(value: u32) { store<u16>(changetype<usize>(this), <u16>value, 2); }
}

export const LOG_UPDATE_SIZE: u32 = 20;
@unmanaged @final
export class LogUpdate {
  get image(): u32 { return load<u8>(changetype<usize>(this)); }
  set image(value: u32) { store<u8>(changetype<usize>(this), <u8>value); }
  get status(): u32 { return load<u8>(changetype<usize>(this), 1); }
  set status(value: u32) { store<u8>(changetype<usize>(this), <u8>value, 1); }
  get reason(): u32 { return load<u8>(changetype<usize>(this), 2); }
  set reason(value: u32) { store<u8>(changetype<usize>(this), <u8>value, 2); }
  get tries(): u32 { return load<u8>(changetype<usize>(this), 3); }
  set tries(value: u32) { store<u8>(changetype<usize>(this), <u8>value, 3); }
  get running(): u32 { return load<u32>(changetype<usize>(this), 4); }
  set running(value: u32) { store<u32>(changetype<usize>(this), value, 4); }
  get version(): u32 { return load<u32>(changetype<usize>(this), 8); }
  set version(value: u32) { store<u32>(changetype<usize>(this), value, 8); }
  get offset(): u32 { return load<u32>(changetype<usize>(this), 12); }
  set offset(value: u32) { store<u32>(changetype<usize>(this), value, 12); }
  get size(): u32 { return load<u32>(changetype<usize>(this), 16); }
  set size(value: u32) { store<u32>(changetype<usize>(this), value, 16); }
}

export const LOG_ROLLOUT_SIZE: u32 = 24;
@unmanaged @final
export class LogRollout {
  get partner(): u64 { return load<u64>(changetype<usize>(this)); }
  set partner(value: u64) { store<u64>(changetype<usize>(this), value); }
  get status(): u32 { return load<u8>(changetype<usize>(this), 8); }
  set status(value: u32) { store<u8>(changetype<usize>(this), <u8>value, 8); }
  get file(): u32 { return load<u8>(changetype<usize>(this), 9); }
  set file(value: u32) { store<u8>(changetype<usize>(this), <u8>value, 9); }
  get reserved(): u32 { return load<u16>(changetype<usize>(this), 10); }
  set reserved(value: u32) { store<u16>(changetype<usize>(this), <u16>value, 10); }
  get version(): u32 { return load<u32>(changetype<usize>(this), 12); }
  set version(value: u32) { store<u32>(changetype<usize>(this), value, 12); }
  get offset(): u32 { return load<u32>(changetype<usize>(this), 16); }
  set offset(value: u32) { store<u32>(changetype<usize>(this), value, 16); }
  get size(): u32 { return load<u32>(changetype<usize>(this), 20); }
  set size(value: u32) { store<u32>(changetype<usize>(this), value, 20); }
}

export const LOG_HEALTH_SIZE: u32 = 4;
@unmanaged @final
export class LogHealth {
  get step(): u32 { return load<u8>(changetype<usize>(this)); }
  set step(value: u32) { store<u8>(changetype<usize>(this), <u8>value); }
  get reserved(): u32 { return load<u8>(changetype<usize>(this), 1); }
  set reserved(value: u32) { store<u8>(changetype<usize>(this), <u8>value, 1); }
  get seconds(): u32 { return load<u16>(changetype<usize>(this), 2); }
  set seconds(value: u32) { store<u16>(changetype<usize>(this), <u16>value, 2); }
}

export const LOG_REACHABLE_SIZE: u32 = 24;
@unmanaged @final
export class LogReachable {
  get prefix(): u64 { return load<u64>(changetype<usize>(this)); }
  set prefix(value: u64) { store<u64>(changetype<usize>(this), value); }
  get identifier(): u64 { return load<u64>(changetype<usize>(this), 8); }
  set identifier(value: u64) { store<u64>(changetype<usize>(this), value, 8); }
  get parent(): u64 { return load<u64>(changetype<usize>(this), 16); }
  set parent(value: u64) { store<u64>(changetype<usize>(this), value, 16); }
}

export const LOG_ANSWER_SIZE: u32 = 6;
@unmanaged @final
export class LogAnswer {
  get status(): u32 { return load<u16>(changetype<usize>(this)); }
  set status(value: u32) { store<u16>(changetype<usize>(this), <u16>value); }
  get utc(): u32 { return load<u32>(changetype<usize>(this), 2); }
  set utc(value: u32) { store<u32>(changetype<usize>(this), value, 2); }
}

export const LOG_CERTIFICATE_SIZE: u32 = 1;
@unmanaged @final
export class LogCertificate {
  get reason(): i32 { return load<i8>(changetype<usize>(this)); }
  set reason(value: i32) { store<i8>(changetype<usize>(this), <i8>value); }
}
