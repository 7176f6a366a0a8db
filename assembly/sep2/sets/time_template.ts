// Time: IEEE 2030.5 section 11.1.
import { constant } from "../../core/constants";
import { Value } from "../rows";
import { Name } from "../schema/names";
import { END, POLL, WHOLE } from "../template_rows";

export const TIME = constant<u16>([
  Name.pollRate, POLL,
  Name.currentTime, WHOLE | Value.CurrentTime,
  Name.dstEndTime, WHOLE | Value.SummerEnd,
  Name.dstOffset, WHOLE | Value.SummerShift,
  Name.dstStartTime, WHOLE | Value.SummerStart,
  Name.localTime, WHOLE | Value.LocalTime,
  Name.quality, WHOLE | Value.Quality,
  Name.tzOffset, WHOLE | Value.Offset,
  0, END,
]);
