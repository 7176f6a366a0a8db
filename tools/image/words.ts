// The words of the command line as values; each refuses with a sentence that says what it takes.

import { Role } from "../../host/abi.ts";
import { InputError } from "../../host/files/input_error.ts";
import { Encoding, versionParse } from "../../host/image/manifest.ts";
import { isoParse } from "../../host/load/time.ts";

const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;
/** 2000-01-01 in seconds of Unix time: the epoch of ZigBee's UTCTime. */
export const EPOCH_2000_S = 946_684_800;

/** The roles that there are, as a sentence names them. */
export const ROLES = Object.keys(Role)
  .map((name) => name.toLowerCase())
  .join(", ")
  .replace(/, (\w+)$/, " or $1");

function wrong(option: string, takes: string, word: string): never {
  throw new InputError(`${option} takes ${takes}, not "${word}".`);
}

export function whole(option: string, maximum = U32_MAX, minimum = 0): (word: string) => number {
  return (word) => {
    const number = /^(\d{1,10}|0x[0-9a-f]{1,8})$/i.test(word) ? Number(word) : Number.NaN;
    if (number >= minimum && number <= maximum) return number;
    return wrong(option, `a whole number from ${minimum} to ${maximum}`, word);
  };
}

/** "2" or "1-3". */
export function hardware(option: string): (word: string) => { minimum: number; maximum: number } {
  return (word) => {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(word);
    const [minimum, maximum] = match ? [Number(match[1]), Number(match[2] ?? match[1])] : [1, 0];
    if (minimum <= maximum && maximum <= U16_MAX) return { minimum, maximum };
    return wrong(option, "a hardware version or a range of them such as 1-3", word);
  };
}

export function version(option: string): (word: string) => number {
  return (word) => {
    const number = versionParse(word);
    return Number.isNaN(number) ? wrong(option, "a version such as 1.2.3 or 0x01020003", word) : number;
  };
}

export function role(option: string): (word: string) => number {
  return (word) => {
    const found = Object.entries(Role).find(([name]) => name.toLowerCase() === word.toLowerCase());
    return found ? found[1] : wrong(option, ROLES, word);
  };
}

export function encoding(option: string): (word: string) => number {
  return (word) => {
    if (word === "plain") return Encoding.Plain;
    if (word === "compressed") return Encoding.Compressed;
    return wrong(option, "plain or compressed (a delta is made with --base)", word);
  };
}

export function uuid(option: string): (word: string) => Buffer {
  return (word) => {
    if (/^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(word)) return Buffer.from(word.replaceAll("-", ""), "hex");
    return wrong(option, "a UUID", word);
  };
}

export function eui64(option: string): (word: string) => bigint {
  return (word) => {
    const digits = word.replace(/^0x/i, "").replaceAll(/[:-]/g, "");
    if (/^[0-9a-f]{16}$/i.test(digits)) return BigInt(`0x${digits}`);
    return wrong(option, "an IEEE address of 16 hexadecimal digits", word);
  };
}

/** Seconds since 2000 in UTC, of an ISO 8601 time with its zone. */
export function time(option: string): (word: string) => number {
  return (word) => {
    const zoned = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/.test(word);
    const moment = zoned ? isoParse(word) : null; // null also for a day that there is not
    const seconds = moment ? Math.floor(moment.ms / 1000) - EPOCH_2000_S : Number.NaN;
    if (seconds >= 0 && seconds < U32_MAX) return seconds;
    return wrong(option, "a time such as 2026-07-01T02:00:00Z, or a date in UTC, from 2000 on", word);
  };
}

/** "1.2.3" or "1.2.3+4", as imgtool takes it. */
export function firmwareVersion(option: string): (word: string) => { major: number; minor: number; revision: number; build: number } {
  return (word) => {
    const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,5})(?:\+(\d{1,10}))?$/.exec(word)?.slice(1);
    const [major, minor, revision, build] = (parts ?? ["256"]).map((part) => Number(part ?? 0));
    if (major <= 255 && minor <= 255 && revision <= U16_MAX && build <= U32_MAX) return { major, minor, revision, build };
    return wrong(option, "a version such as 1.2.3 or 1.2.3+4", word);
  };
}

export function suite(option: string): (word: string) => 1 | 2 {
  return (word) => (word === "1" ? 1 : word === "2" ? 2 : wrong(option, "1 (sect163k1) or 2 (sect283k1)", word));
}

export function oneOf<T extends string>(option: string, words: readonly T[]): (word: string) => T {
  return (word) => words.find((each) => each === word) ?? wrong(option, words.join(", "), word);
}
