// What a co-processor says of itself and of what it refuses, in words.
import { Property, readPacked, Status } from "./frame.ts";

/** The major version of the protocol. */
export const PROTOCOL_MAJOR = 4;
const CAPABILITY_RADIO = 34;
const CAPABILITY_MAC_RAW = 513;
const RADIO_CAPABILITIES = [
  "acknowledgement timeout",
  "energy scan",
  "retries",
  "CSMA",
  "sleep to transmit",
  "transmit security",
  "transmit timing",
  "receive timing",
  "receive on when idle",
];

function nameOf(numbers: Record<string, number>, value: number): string | undefined {
  const name = Object.keys(numbers).find((key) => numbers[key] === value);
  return name?.replace(/(?<!^)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/^./, (letter) => letter.toLowerCase());
}

/** "invalid state (4)" */
export function statusWords(status: number): string {
  const name = nameOf(Status, status);
  return name ? `${name} (${status})` : `status ${status}`;
}

export function propertyWords(property: number): string {
  return nameOf(Property, property) ?? `property 0x${property.toString(16)}`;
}

/** What was answered to the questions of the start; a property that there is not has no entry. */
export type Answers = ReadonlyMap<number, Uint8Array>;

function numbersOf(octets: Uint8Array | undefined): number[] {
  const found: number[] = [];
  for (let at = 0; octets && at < octets.length; ) {
    const read = readPacked(octets, at);
    if (!read) break;
    found.push(read.value);
    at += read.size;
  }
  return found;
}

/** Why it is not the radio that we need; undefined when it is. */
export function unfit(answers: Answers): string | undefined {
  const [major] = numbersOf(answers.get(Property.ProtocolVersion));
  if (major !== undefined && major !== PROTOCOL_MAJOR)
    return `it speaks version ${major} of Spinel, and this host version ${PROTOCOL_MAJOR}`;
  const capabilities = numbersOf(answers.get(Property.Capabilities));
  if (capabilities.length === 0 || capabilities.includes(CAPABILITY_MAC_RAW) || capabilities.includes(CAPABILITY_RADIO)) return undefined;
  return "it gives no access to its radio (no CAP_MAC_RAW); is its firmware an OpenThread RCP?";
}

/** One sentence's part: name, versions, capabilities. */
export function describe(answers: Answers): string {
  const text = Buffer.from(answers.get(Property.NcpVersion) ?? [])
    .toString("latin1")
    .replace(/\0.*$/s, "")
    .replaceAll(/[^\x20-\x7e]/g, "?");
  const [major, minor] = numbersOf(answers.get(Property.ProtocolVersion));
  const [api] = numbersOf(answers.get(Property.RcpVersion));
  const [bits] = numbersOf(answers.get(Property.RadioCapabilities));
  const can = RADIO_CAPABILITIES.filter((_, bit) => bits !== undefined && (bits >>> bit) & 1);
  return [
    text || "without a name",
    major === undefined ? "Spinel of unknown version" : `Spinel ${major}.${minor ?? 0}`,
    api === undefined ? "no RCP API version" : `RCP API ${api}`,
    can.length > 0 ? can.join(", ") : "no capabilities told",
  ].join("; ");
}
