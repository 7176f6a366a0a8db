// Text into a buffer of fixed size, one after the other; what does not fit is left out.
import { constantString } from "../core/constants";

@unmanaged @final
class Writer {
  at: usize;
  end: usize;
}
const writer = changetype<Writer>(memory.data(offsetof<Writer>(), 4));
const DIGITS: u32 = 20;
const digits = memory.data(DIGITS);
const text = memory.data(256);

export function writerBegin(at: usize, capacity: u32): void {
  writer.at = at;
  writer.end = at + capacity;
}

/** Where the next octet goes. */
export function writerAt(): usize { return writer.at; }

export function writeOctets(at: usize, size: u32): void {
  if (size > <u32>(writer.end - writer.at)) return;
  memory.copy(writer.at, at, size);
  writer.at += size;
}

/** A constant text. */
export function write(constant: u32): void {
  let size = constantString(constant, text, 256);
  writeOctets(text + 1, size - 1);
}

/** A whole number in decimal. */
export function writeNumber(value: i64): void {
  let left = value < 0 ? <u64>-value : <u64>value;
  let at = digits + DIGITS;
  do {
    store<u8>(--at, 0x30 + <u32>(left % 10));
    left /= 10;
  } while (left > 0);
  if (value < 0) store<u8>(--at, 0x2d);
  writeOctets(at, <u32>(digits + DIGITS - at));
}
