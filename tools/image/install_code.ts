// The words of --admit: an address and its install code, as they stand on a label, or the text of the QR code beside them.

import { InputError } from "../../host/files/input_error.ts";
import { withCrc } from "../../host/home/provision.ts";
import * as words from "./words.ts";

/** Install codes of 6, 8, 12 and 16 octets; with their CRC two more. */
const CODE_SIZES = [6, 8, 12, 16];
/** Octets that are a code, or a shorter one with its CRC: labels have the CRC. */
const AMBIGUOUS = CODE_SIZES.filter((size) => CODE_SIZES.includes(size - 2));
/** Texts of QR codes: which group has the address, and which the code. */
const QR_FORMS: [RegExp, number, number][] = [
  [/(?:^|[$%\s])[AZ]:([0-9a-f]{16})(?:[$%\s].*)?[$%\s]I:([0-9a-f]+)(?:[$%\s]|$)/i, 1, 2],
  [/^(?:HUE:)?Z:([0-9a-f]{16,36}) M:([0-9a-f]{16})(?: |$)/i, 2, 1],
  [/^([0-9a-f]{16})\|([0-9a-f]+)$/i, 1, 2],
];

export interface Admittance {
  extended: bigint;
  /** With its CRC. */
  installCode: Buffer;
}

export function admitted(word: string): Admittance {
  const [address, code] = split(word);
  return { extended: words.eui64("--admit")(address), installCode: codeOf(code) };
}

function split(word: string): [string, string] {
  for (const [form, address, code] of QR_FORMS) {
    const found = form.exec(word.trim());
    if (found) return [found[address], found[code]];
  }
  const [address, code, more] = word.split("=");
  if (code === undefined || more !== undefined)
    throw new InputError(`--admit takes ADDRESS=INSTALLCODE or a QR code's text such as Z:ADDRESS$I:INSTALLCODE, not "${word}".`);
  return [address.trim(), code];
}

function codeOf(word: string): Buffer {
  const digits = word.replaceAll(/[\s:-]/g, "");
  const octets = Buffer.from(digits, "hex");
  if (!/^([0-9a-f]{2})+$/i.test(digits)) throw new InputError(`--admit: the install code "${word}" is not of hexadecimal digits.`);
  if (CODE_SIZES.includes(octets.length) && !AMBIGUOUS.includes(octets.length)) return withCrc(octets);
  const plain = octets.subarray(0, -2);
  if (!CODE_SIZES.includes(plain.length))
    throw new InputError(`--admit: an install code has 6, 8, 12 or 16 octets, and two of CRC; "${word}" has ${octets.length}.`);
  if (withCrc(plain).equals(octets)) return octets;
  const also = AMBIGUOUS.includes(octets.length) ? ` (a code of ${octets.length} octets is given with its CRC)` : "";
  throw new InputError(`--admit: the CRC of the install code "${word}" is wrong${also}; look at the label again.`);
}
