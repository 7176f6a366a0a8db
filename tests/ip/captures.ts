// Captures of another stack: ../shared/vectors/zigbee-ip, ZEP over UDP in pcap files, and what tshark makes of each frame.
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readCapture } from "../../host/air/pcapng.ts";
import { readZep } from "../../host/air/zep.ts";
import { ROOT } from "../../host/modules.ts";

const FOLDER = join(ROOT, "../shared/vectors/zigbee-ip");
export const CAPTURES_ABSENT = existsSync(FOLDER) ? false : `${FOLDER} is not there`;
export const CAPTURES = ["join", "chain"] as const;

/** Of the captures, and of every test here. */
export const NETWORK_KEY = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
export const PAN = 0xface;
export const PREFIX = Buffer.from("fd000db800000001", "hex");
/** Devices: EUI-64, and short address where one was used. */
export const DEVICES = [
  { extended: 0x0200000000000001n, short: 0x0000 },
  { extended: 0x0200000000000002n, short: 0x0002 },
  { extended: 0x0200000000000003n, short: 0xffff },
  { extended: 0x0200000000000004n, short: 0xffff },
];

/** What the board derives of a network key: MLE key, then MAC key. */
export const derived = (key: Uint8Array): Buffer => createHmac("sha256", key).update("ZigBeeIP").digest();

export interface Captured {
  /** As Wireshark counts. */
  number: number;
  timeMs: number;
  /** Without FCS. */
  psdu: Buffer;
}

/** Ethernet, IPv4 without options, UDP. */
const BEFORE_ZEP = 14 + 20 + 8;

export function captured(name: (typeof CAPTURES)[number]): Captured[] {
  const { packets } = readCapture(captureFile(name));
  return packets.flatMap(({ timeUs, octets }, index) => {
    const zep = readZep(octets.subarray(BEFORE_ZEP));
    if (!zep) return [];
    const timeMs = Math.floor(Number(timeUs - packets[0].timeUs) / 1000);
    return [{ number: index + 1, timeMs, psdu: Buffer.from(zep.psdu.subarray(0, -2)) }];
  });
}

/** tshark's preferences that open frames of a network. */
export function tsharkKeys(devices: readonly { extended: bigint; short: number }[], key = NETWORK_KEY, prefix = PREFIX): string[] {
  const uat = [`uat:ieee802154_keys:"${key.toString("hex")}","1","ZigBee IP hash"`];
  for (const { extended, short } of devices) {
    if (short === 0xffff) continue;
    uat.push(
      `uat:802154_addresses:"${short.toString(16).padStart(4, "0")}","${PAN.toString(16)}",${extended.toString(16).padStart(16, "0")}`,
    );
  }
  const context = `${prefix.toString("hex").replace(/(....)(?!$)/g, "$1:")}::/64`;
  return [...uat, `6lowpan.context0:${context}`].flatMap((option) => ["-o", option]);
}

/**
 * The IPv6 packet that each frame completes, as tshark decrypts, puts together and decompresses it; of those in one frame only, where
 * `whole` says so.
 */
export function tsharkPackets(file: string, options: string[], whole = false): Map<number, Buffer> {
  const env = { ...process.env, HOME: "/nonexistent", XDG_CONFIG_HOME: "/nonexistent" };
  const { stdout, status } = spawnSync("tshark", ["-n", "-r", file, ...options, "-x", "-P"], { encoding: "utf8", env, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error("tshark could not read the capture");
  const packets = new Map<number, Buffer>();
  const fragments = new Set<number>();
  let number = 0;
  let hex: string[] | undefined;
  // A line about each frame, then its octets, then what was made of them: of a tunnel its inside too, so the longest is the packet.
  for (const line of stdout.split("\n")) {
    const octets = /^[0-9a-f]{4} {2}((?:[0-9a-f]{2} ?)+) /.exec(line)?.[1];
    if (octets !== undefined) {
      hex?.push(octets.replaceAll(" ", ""));
      continue;
    }
    const made = Buffer.from(hex?.join("") ?? "", "hex");
    if (made.length > (packets.get(number)?.length ?? 0)) packets.set(number, made);
    hex = undefined;
    number = Number(/^ *(\d+) +\d+\.\d+ /.exec(line)?.[1] ?? number);
    if (line.startsWith("Reassembled")) fragments.add(number);
    if (/^(Reassembled 6LoWPAN|Decompressed 6LoWPAN IPHC)/.test(line)) hex = [];
  }
  // A first fragment alone is no packet.
  for (const [number, octets] of packets) if (octets.length !== 40 + octets.readUInt16BE(4)) packets.delete(number);
  if (whole) for (const number of fragments) packets.delete(number);
  return packets;
}

export const captureFile = (name: string): string => join(FOLDER, `${name}.pcap`);
