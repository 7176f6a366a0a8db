// The console's lines as Node sees them; boards/mps2-an386/console.h is their definition.

export type ConsoleLine =
  | { kind: "say"; text: string }
  | { kind: "log"; code: number; octets: Buffer }
  | { kind: "display"; line: number; text: Buffer }
  | { kind: "uplink"; octets: Buffer }
  | { kind: "sense"; quantity: number; periodMs: number }
  | { kind: "answer"; verb: string; value: number }
  | { kind: "unknown"; text: string };

export function parseLine(text: string): ConsoleLine {
  const [verb, first = "", second = ""] = text.split(" ");
  const number = /^-?\d+$/.test(first) ? Number(first) : Number.NaN;
  switch (verb) {
    case "#":
      return { kind: "say", text: text.slice(2) };
    case "L":
      if (isHex(second) && number >= 0) return { kind: "log", code: number, octets: Buffer.from(second, "hex") };
      break;
    case "D":
      if (isHex(second) && number >= 0) return { kind: "display", line: number, text: Buffer.from(second, "hex") };
      break;
    case "U":
      if (isHex(first)) return { kind: "uplink", octets: Buffer.from(first, "hex") };
      break;
    case "S":
      if (number >= 0 && /^\d+$/.test(second)) return { kind: "sense", quantity: number, periodMs: Number(second) };
      break;
    case "A":
      if (first.length === 1 && /^-?\d+$/.test(second)) return { kind: "answer", verb: first, value: Number(second) };
      break;
  }
  return { kind: "unknown", text };
}

function isHex(text: string): boolean {
  return /^(?:[0-9a-f]{2})*$/.test(text);
}

/** A line for the board, with its checksum. */
export function frameLine(text: string): string {
  return `${text} *${crc16(Buffer.from(text, "latin1")).toString(16).padStart(4, "0")}\n`;
}

/** CRC-16/X.25. */
export function crc16(octets: Uint8Array): number {
  let crc = 0xffff;
  for (const octet of octets) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0x8408 : 0);
  }
  return crc ^ 0xffff;
}
