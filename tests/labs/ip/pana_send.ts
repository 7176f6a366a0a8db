// In the place of assembly/ip/pana/send.ts: what PANA sends goes to the test, which is the medium.  Part of the lab `ip/pana`.

// @ts-ignore: decorator
@external("lab", "sent")
declare function sent(to: usize, port: u32, at: usize, size: u32): void;

export function panaSend(to: usize, port: u32, at: usize, size: u32, now: i64): i32 {
  sent(to, port, at, size);
  return 0;
}
