// IEEE 802.15.4-2006 clause 7.2, and the beacon's payload of 05-3474 section 3.6.7.
//
//   control 2 | sequence 1 | target PAN 2, address 2/8 | source PAN 2, address 2/8 | payload | FCS 2
import { FCS_SIZE, FRAME_ACK, FRAME_BEACON, FRAME_COMMAND, FRAME_DATA } from "../../air/frame.ts";
import { bits, Cursor, type DissectedLayer, hex, inWords } from "./tree.ts";

const TYPES: Record<number, string> = {
  [FRAME_BEACON]: "beacon",
  [FRAME_DATA]: "data",
  [FRAME_ACK]: "acknowledgement",
  [FRAME_COMMAND]: "command",
};
const CONTROL = { 8: "secured", 16: "pending", 32: "asks for an acknowledgement", 64: "one PAN" };
const COMMANDS: Record<number, string> = {
  1: "association request",
  2: "association response",
  3: "disassociation",
  4: "data request",
  5: "PAN conflict",
  6: "orphan",
  7: "beacon request",
  8: "coordinator realignment",
};
const SECURED = 0x08;
const ONE_PAN = 0x40;
const KEY_MODES = [0, 1, 5, 9];

export interface Mac {
  layer: DissectedLayer;
  type: number;
  /** Where the payload lies; empty where it is none for a network layer. */
  at: number;
  end: number;
  secured: boolean;
  about: string;
}

function address(cursor: Cursor, name: string, mode: number): void {
  if (mode === 2) cursor.number(`${name} address`, 2);
  if (mode === 3) cursor.extended(`${name} address`);
}

export function dissectMac(octets: Buffer): Mac {
  const end = octets.length - FCS_SIZE;
  const cursor = new Cursor(octets, 0, end);
  const control = cursor.number("frame control", 2, (value) =>
    inWords(value, 2, [TYPES[value & 7] ?? "reserved", bits(value, CONTROL)].filter(Boolean).join(", ")),
  );
  const type = control & 7;
  const [targetMode, sourceMode] = [(control >> 10) & 3, control >> 14];
  cursor.number("sequence number", 1, String);
  if (targetMode > 1) cursor.number("target PAN", 2);
  address(cursor, "target", targetMode);
  if (sourceMode > 1 && !(control & ONE_PAN && targetMode > 1)) cursor.number("source PAN", 2);
  address(cursor, "source", sourceMode);
  const secured = (control & SECURED) !== 0;
  if (secured) auxiliary(cursor);
  let about = TYPES[type] ?? "reserved";
  if (type === FRAME_COMMAND && cursor.left > 0) {
    const command = cursor.number("command", 1, (value) => inWords(value, 1, COMMANDS[value] ?? ""));
    about = COMMANDS[command] ?? `command ${command}`;
    if (cursor.left > 0) cursor.bytes("its fields", cursor.left);
  }
  if (type === FRAME_BEACON && !secured) beacon(cursor);
  const at = cursor.at;
  const layer = cursor.layer("IEEE 802.15.4", 0);
  const check = octets.readUInt16LE(end);
  layer.fields.push({ name: "frame check sequence", value: hex(check, 2), at: end, size: FCS_SIZE });
  return { layer, type, at, end, secured, about };
}

/** Clause 7.6.2: control, frame counter, key identifier. */
function auxiliary(cursor: Cursor): void {
  const control = cursor.number("security control", 1);
  cursor.number("frame counter", 4, String);
  const size = KEY_MODES[(control >> 3) & 3];
  if (size > 0) cursor.bytes("key identifier", size);
}

function beacon(cursor: Cursor): void {
  cursor.number("superframe", 2, (value) => inWords(value, 2, bits(value, { 16384: "PAN coordinator", 32768: "association permitted" })));
  const guaranteed = cursor.number("guaranteed slots", 1, String);
  if ((guaranteed & 7) > 0) cursor.bytes("slots", 1 + 3 * (guaranteed & 7));
  const pending = cursor.number("pending addresses", 1, String);
  if (pending > 0) cursor.bytes("addresses", 2 * (pending & 7) + 8 * ((pending >> 4) & 7));
  if (cursor.left < 15) return;
  cursor.number("protocol", 1, String);
  cursor.number("stack profile and capacity", 2);
  cursor.extended("extended PAN");
  cursor.number("transmission offset", 3);
  cursor.number("update", 1, String);
}
