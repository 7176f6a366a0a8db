// The server's half of Time: the model's clock.
import { TIME_UNKNOWN, clock, clockKnown, clockLocal, clockUtc } from "../../model/clock";
import { Value } from "../rows";
import { ABSENT } from "../template_rows";
import { EPOCH } from "../time";

/** Section 11.1: obtained from another server, and nobody's business how well; uncoordinated. */
const QUALITY_SERVER: u32 = 4;
const QUALITY_NONE: u32 = 7;

export function timeValue(value: u32, now: i64): i64 {
  switch (value) {
    case Value.CurrentTime: return utc(clockUtc(now), now);
    case Value.SummerEnd: return utc(clock.summerEnd, now);
    case Value.SummerShift: return clock.summerShift;
    case Value.SummerStart: return utc(clock.summerStart, now);
    case Value.LocalTime: return clockKnown() ? EPOCH + clockLocal(clockUtc(now)) : ABSENT;
    case Value.Quality: return clockKnown() ? QUALITY_SERVER : QUALITY_NONE;
    default: return clock.offset;
  }
}

/** Seconds since 1970; a clock that nobody set counts from its start. */
function utc(seconds: u32, now: i64): i64 { return seconds == TIME_UNKNOWN ? now / 1000 : EPOCH + seconds; }
