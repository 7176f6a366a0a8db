// How large the tables of IEEE 2030.5 are: as ip/limits.ts.
import { SOCKETS_MAX } from "../ip/limits";

/** Requests that are read at the same time: one a connection. */
export const REQUESTS_MAX: u32 = SOCKETS_MAX;
/** Octets of a request's path, and of a line of its head that is kept whole. */
export const PATH_MAX: u32 = 64;
export const LINE_MAX: u32 = 128;
/** Octets of an answer's body. */
export const BODY_MAX: u32 = isDefined(LIMIT_BODY) ? LIMIT_BODY : 768;
/** Values that are remembered of an EXI document, so that it can refer to them. */
export const STRINGS_MAX: u32 = isDefined(LIMIT_STRINGS) ? LIMIT_STRINGS : 48;
/** Octets of a request's body that are kept; 0: nobody is told anything here. */
export const INPUT_MAX: u32 = isDefined(LIMIT_INPUT) ? LIMIT_INPUT : 0;
/** Usage points of others that a hub mirrors. */
export const MIRRORS_MAX: u32 = isDefined(LIMIT_MIRRORS) ? LIMIT_MIRRORS : 4;

if (LINE_MAX < PATH_MAX + 16) ERROR("a path fits a request's first line");
