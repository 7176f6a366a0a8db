// ZigBee network frames, 05-3474 section 3.3, and application support frames, section 2.2.5.
import { type OpenedKeys, openSealed } from "./sealed.ts";
import { bits, Cursor, type DissectedLayer, hex, inWords } from "./tree.ts";

const NWK_CONTROL = { 256: "multicast", 512: "secured", 1024: "source route", 2048: "target IEEE", 4096: "source IEEE" };
const NWK_COMMANDS: Record<number, string> = {
  1: "route request",
  2: "route reply",
  3: "network status",
  4: "leave",
  5: "route record",
  6: "rejoin request",
  7: "rejoin response",
  8: "link status",
  9: "network report",
  10: "network update",
  11: "end device timeout request",
  12: "end device timeout response",
};
const APS_TYPES = ["data", "command", "acknowledgement", "inter-PAN"];
const APS_CONTROL = { 16: "acknowledges a command", 32: "secured", 64: "asks for an acknowledgement", 128: "extended header" };
const APS_COMMANDS: Record<number, string> = {
  5: "transport key",
  6: "update device",
  7: "remove device",
  8: "request key",
  9: "switch key",
  14: "tunnel",
  15: "verify key",
  16: "confirm key",
};
const APS_SECURED = 0x20;
const GROUP = 3;

export interface Inner {
  layer: DissectedLayer;
  /** Where the next layer's octets lie; nothing where there is none to look into. */
  payload: { at: number; end: number } | undefined;
  about: string;
}

export interface NwkInner extends Inner {
  source: number;
}

export function dissectNwk(octets: Buffer, at: number, end: number, keys: OpenedKeys): NwkInner {
  const cursor = new Cursor(octets, at, end);
  const control = cursor.number("frame control", 2, (value) =>
    inWords(value, 2, [(value & 3) === 1 ? "command" : "data", bits(value, NWK_CONTROL)].filter(Boolean).join(", ")),
  );
  cursor.number("target", 2);
  const source = cursor.number("source", 2);
  cursor.number("radius", 1, String);
  cursor.number("sequence number", 1, String);
  if (control & 0x0800) cursor.extended("target IEEE address");
  if (control & 0x1000) cursor.extended("source IEEE address");
  if (control & 0x0100) cursor.number("multicast control", 1);
  if (control & 0x0400) {
    const relays = cursor.number("relays", 1, String);
    cursor.number("relay index", 1, String);
    for (let index = 0; index < relays; index++) cursor.number(`relay ${index + 1}`, 2);
  }
  let inside = { opened: true, end };
  if (control & 0x0200) inside = openSealed(cursor, at, keys, undefined);
  const name = "ZigBee network";
  if (!inside.opened) return { layer: cursor.layer(name, at), payload: undefined, source, about: "sealed: no key of this run opens it" };
  if ((control & 3) !== 1) return { layer: cursor.layer(name, at), payload: { at: cursor.at, end: inside.end }, source, about: "data" };
  const command = cursor.number("command", 1, (value) => inWords(value, 1, NWK_COMMANDS[value] ?? ""));
  if (inside.end > cursor.at) cursor.bytes("its fields", inside.end - cursor.at);
  return { layer: cursor.layer(name, at), payload: undefined, source, about: NWK_COMMANDS[command] ?? `command ${hex(command, 1)}` };
}

export interface ApsInner extends Inner {
  cluster: number;
  profile: number;
  isData: boolean;
}

/** `source` is the IEEE address of the network source, where it is known. */
export function dissectAps(octets: Buffer, at: number, end: number, keys: OpenedKeys, source: bigint | undefined): ApsInner {
  const cursor = new Cursor(octets, at, end);
  const control = cursor.number("frame control", 1, (value) =>
    inWords(value, 1, [APS_TYPES[value & 3], bits(value, APS_CONTROL)].filter(Boolean).join(", ")),
  );
  const type = control & 3;
  const found = { cluster: -1, profile: -1, isData: type === 0 };
  // Data has addresses, and so has an acknowledgement of data.
  if (type === 0 || (type === 2 && (control & 0x10) === 0)) {
    if (((control >> 2) & 3) === GROUP) cursor.number("group", 2);
    else cursor.number("target endpoint", 1, String);
    found.cluster = cursor.number("cluster", 2);
    found.profile = cursor.number("profile", 2);
    cursor.number("source endpoint", 1, String);
  }
  cursor.number("counter", 1, String);
  if (control & 0x80) {
    const extended = cursor.number("extended control", 1);
    if (extended & 3) cursor.number("block", 1, String);
    if (extended & 3 && type === 2) cursor.number("blocks that arrived", 1);
  }
  const name = "ZigBee application support";
  let inside = { opened: true, end };
  if (control & APS_SECURED) inside = openSealed(cursor, at, keys, source);
  const about = APS_TYPES[type];
  if (!inside.opened) return { layer: cursor.layer(name, at), payload: undefined, ...found, about: "sealed: no key of this run opens it" };
  if (type === 1 && inside.end > cursor.at) {
    const command = cursor.number("command", 1, (value) => inWords(value, 1, APS_COMMANDS[value] ?? ""));
    if (inside.end > cursor.at) cursor.bytes("its fields", inside.end - cursor.at);
    return { layer: cursor.layer(name, at), payload: undefined, ...found, about: APS_COMMANDS[command] ?? `command ${hex(command, 1)}` };
  }
  const whole = type === 0 && (control & 0x80) === 0;
  return { layer: cursor.layer(name, at), payload: whole ? { at: cursor.at, end: inside.end } : undefined, ...found, about };
}
