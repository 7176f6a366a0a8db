// IPv6 packets of chance, compressed by us and by chance's own choice of forms, and tshark's reading of both.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withFcs } from "../../host/air/frame.ts";
import { CaptureWriter } from "../../host/air/pcapng.ts";
import { Random } from "../../host/air/random.ts";
import { PAN, tsharkPackets } from "./captures.ts";
import { LowNode } from "./low_node.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
/** A prefix for each length that makes a difference. */
export const CONTEXTS = [
  { id: 0, prefix: hex("fd000db8000000010000000000000000"), bits: 64 },
  { id: 1, prefix: hex("20010db8000100020003000400050006"), bits: 128 },
  { id: 5, prefix: hex("fd1122334455000000000000000000ff").fill(0, 6), bits: 48 },
  { id: 15, prefix: hex("fd000db80000000aaabbccdd00000000"), bits: 96 },
];
const FRAME_MAX = 125;
/** A next header that nobody looks into: RFC 3692. */
const OTHER = 253;
/** The option of RPL, once in a header. */
const RPL = 0x63;

interface Mac {
  isExtended: boolean;
  address: bigint;
}

export interface Case {
  /** What is sent in the frame: 6LoWPAN. */
  lowpan: Buffer;
  source: Mac;
  target: Mac;
  /** The packet that it was made of, where that came first. */
  packet?: Buffer;
}

/** RFC 4944 section 6. */
function identifier({ isExtended, address }: Mac): Buffer {
  const octets = hex("000000fffe000000");
  if (isExtended) octets.writeBigUInt64BE(address ^ 0x0200000000000000n);
  else octets.writeUInt16BE(Number(address), 6);
  return octets;
}

function checksum(octets: Buffer, addresses: Buffer, next: number): number {
  let sum = octets.length + next;
  for (const part of [addresses, octets]) for (let at = 0; at < part.length; at += 2) sum += (part[at] << 8) | (part[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return ~sum & 0xffff;
}

/** What chance writes. */
export class Packets {
  private readonly random: Random;

  constructor(seed: string) {
    this.random = new Random(seed, "low");
  }

  octets(size: number): Buffer {
    return Buffer.from(Array.from({ length: size }, () => this.random.below(256)));
  }

  pick<T>(of: readonly T[]): T {
    return of[this.random.below(of.length)];
  }

  mac(): Mac {
    const isExtended = this.random.chance(0.5);
    // No group bit, so that the address is one device's.
    return { isExtended, address: isExtended ? this.octets(8).readBigUInt64BE() & 0xfeffffffffffffffn : BigInt(this.random.below(0xfff0)) };
  }

  unicast(around: Buffer): Buffer {
    const identifiers = [
      around,
      hex("000000fffe00").length ? Buffer.concat([hex("000000fffe00"), this.octets(2)]) : around,
      this.octets(8),
    ];
    const prefixes = [
      hex("fe80000000000000"),
      hex("fe80000000000001"),
      hex("20010db8ffff0001"),
      ...CONTEXTS.map(({ prefix }) => prefix.subarray(0, 8)),
    ];
    const address = Buffer.concat([this.pick(prefixes), this.pick(identifiers)]);
    const { prefix, bits } = this.pick(CONTEXTS);
    if (bits > 64 && this.random.chance(0.3)) prefix.copy(address, 0, 0, bits / 8);
    return address;
  }

  group(): Buffer {
    const address = hex("ff020000000000000000000000000000");
    address[1] = this.pick([2, 3, 5, 8, 14, 0x12, 0x32]);
    const size = this.pick([1, 1, 3, 5, 14]);
    this.octets(size).copy(address, 16 - size);
    return address;
  }

  target(around: Buffer): Buffer {
    return this.random.chance(0.3) ? this.group() : this.unicast(around);
  }

  /** Of RPL only where it may be: hop by hop. */
  private options(isHops: boolean): Buffer {
    const kinds = [
      () => Buffer.concat([Buffer.from([RPL, 4, this.random.below(64), 0]), this.octets(2)]),
      () => hex("1e00"),
      () => Buffer.concat([hex("1e05"), this.octets(5)]),
    ].slice(isHops ? 0 : 1);
    let options = Buffer.alloc(0);
    for (let count = this.random.below(3); count > 0; count--) {
      const option = this.pick(kinds)();
      if (option[0] !== RPL || !options.includes(RPL)) options = Buffer.concat([options, option]);
    }
    const padding = (8 - ((options.length + 2) % 8)) % 8;
    const form =
      padding === 1 ? hex("00") : padding === 0 ? hex("") : Buffer.concat([Buffer.from([1, padding - 2]), Buffer.alloc(padding - 2)]);
    if (this.random.chance(0.2)) form.fill(0); // Pad1, over and over
    options = Buffer.concat([options, form]);
    return options.length < 6 ? hex("010400000000") : options;
  }

  /** What an IPv6 header carries, by the kind of the first header. */
  private carried(addresses: Buffer, around: [Buffer, Buffer], depth: number): { next: number; octets: Buffer } {
    const kind = this.random.below(depth > 2 ? 4 : 9);
    if (kind < 2) {
      const ports = this.pick([
        this.octets(4),
        hex("f0b1f0b2"),
        Buffer.concat([hex("f0"), this.octets(3)]),
        Buffer.concat([this.octets(2), hex("f0"), this.octets(1)]),
        hex("02cc02cc"),
      ]);
      const octets = Buffer.concat([ports, hex("00000000"), this.octets(this.random.below(40))]);
      octets.writeUInt16BE(octets.length, 4);
      octets.writeUInt16BE(checksum(octets, addresses, 17) || 0xffff, 6);
      return { next: 17, octets };
    }
    if (kind === 2) {
      const octets = Buffer.concat([Buffer.from([this.pick([128, 129]), 0, 0, 0]), this.octets(4 + this.random.below(40))]);
      octets.writeUInt16BE(checksum(octets, addresses, 58), 2);
      return { next: 58, octets };
    }
    if (kind === 3) return { next: OTHER, octets: this.octets(this.random.below(40)) };
    if (kind === 4 && depth < 2) {
      // A tunnel to a group says nothing of who is inside: for tshark the MAC address stays, for us the group's last half.
      const isGroup = addresses[16] === 0xff;
      const inner = [addresses.subarray(8, 16), isGroup ? this.octets(8) : addresses.subarray(24, 32)] as [Buffer, Buffer];
      return { next: 41, octets: this.packet(inner, depth + 1) };
    }
    const after = this.carried(addresses, around, depth + 1);
    if (kind === 5 && depth === 0) return { next: 0, octets: this.extension(after, this.options(true)) };
    if (kind === 6) {
      const route = Buffer.concat([hex("0300"), hex("88000000"), this.octets(8 * (1 + this.random.below(2)))]);
      return { next: 43, octets: this.extension(after, route) };
    }
    return { next: 60, octets: this.extension(after, this.options(false)) };
  }

  private extension(after: { next: number; octets: Buffer }, body: Buffer): Buffer {
    return Buffer.concat([Buffer.from([after.next, (body.length + 2) / 8 - 1]), body, after.octets]);
  }

  packet(around: [Buffer, Buffer], depth = 0): Buffer {
    const source = this.random.chance(0.05) ? Buffer.alloc(16) : this.unicast(around[0]);
    const addresses = Buffer.concat([source, this.target(around[1])]);
    const { next, octets } = this.carried(addresses, around, depth);
    const head = Buffer.alloc(8);
    const traffic = this.pick([0, 0, 1, 3, 0xb8, this.random.below(256)]);
    head.writeUInt32BE((0x60000000 | (traffic << 20) | this.pick([0, 0, 1, this.random.below(0x100000)])) >>> 0);
    head.writeUInt16BE(octets.length, 4);
    head[6] = next;
    head[7] = this.pick([1, 64, 255, 63, this.random.below(256)]);
    return Buffer.concat([head, addresses, octets]);
  }

  /** A packet, compressed by us. */
  ours(node: LowNode): Case {
    for (;;) {
      const [source, target] = [this.mac(), this.mac()];
      const packet = this.packet([identifier(source), identifier(target)]);
      node.write(packet);
      const macs = [Number(source.isExtended), source.address, Number(target.isExtended), target.address] as const;
      const size = node.doors.compress(packet.length, 100, ...macs);
      const lowpan = node.read(node.doors.bufferAt() + 2048, size);
      if (headerSize(source, target) + size <= FRAME_MAX) return { lowpan, source, target, packet };
    }
  }

  /** Forms that chance chose, not the shortest ones. */
  theirs(): Case {
    for (;;) {
      const [source, target] = [this.mac(), this.mac()];
      const lowpan = this.iphc(0);
      if (headerSize(source, target) + lowpan.length <= FRAME_MAX) return { lowpan, source, target };
    }
  }

  private iphc(depth: number, isInGroup = false): Buffer {
    const parts: Buffer[] = [];
    const traffic = this.random.below(4);
    const flow = this.octets(3);
    flow[0] &= 0x0f;
    if (traffic === 1) flow[0] |= this.random.below(4) << 6;
    parts.push([Buffer.concat([this.octets(1), flow]), flow, this.octets(1), hex("")][traffic]);
    const isGroup = this.random.chance(0.3);
    const next = this.following(depth, isGroup);
    const hops = this.random.below(4);
    if (!next.isCompressed) parts.push(Buffer.from([next.number]));
    if (hops === 0) parts.push(this.octets(1));
    const contexts = [this.pick(CONTEXTS).id, this.pick(CONTEXTS).id];
    const [sourceContext, targetContext] = [this.random.chance(0.5), this.random.chance(0.5)];
    const hasContexts = this.random.chance(0.7);
    if (!hasContexts) contexts.fill(0);
    const sourceMode = this.random.below(4);
    parts.push(sourceMode === 0 ? (sourceContext ? hex("") : this.unicast(this.octets(8))) : this.octets([16, 8, 2, 0][sourceMode]));
    let targetMode = this.random.below(4);
    if (targetContext) targetMode = isGroup ? 0 : 1 + this.random.below(3);
    if (isInGroup && !isGroup && targetMode === 3) targetMode = 2;
    if (isGroup && targetContext) parts.push(Buffer.concat([Buffer.from([this.pick([0x32, 0x35])]), this.octets(5)]));
    else if (isGroup && targetMode === 0) parts.push(this.group());
    else if (isGroup) {
      const octets = this.octets([16, 6, 4, 1][targetMode]);
      if (targetMode < 3) octets[0] = this.pick([2, 3, 5, 0x12]);
      parts.push(octets);
    } else parts.push(targetMode === 0 ? this.unicast(this.octets(8)) : this.octets([16, 8, 2, 0][targetMode]));
    const first = 0x60 | (traffic << 3) | (next.isCompressed ? 4 : 0) | hops;
    const second =
      (hasContexts ? 0x80 : 0) | (sourceContext ? 0x40 : 0) | (sourceMode << 4) | (isGroup ? 8 : 0) | (targetContext ? 4 : 0) | targetMode;
    const context = hasContexts ? Buffer.from([(contexts[0] << 4) | contexts[1]]) : hex("");
    return Buffer.concat([Buffer.from([first, second]), context, ...parts, next.octets]);
  }

  private following(depth: number, isInGroup: boolean): { isCompressed: boolean; number: number; octets: Buffer } {
    const kind = this.random.below(depth > 1 ? 3 : 6);
    if (kind === 0) return { isCompressed: false, number: OTHER, octets: this.octets(this.random.below(20)) };
    if (kind < 3) {
      const form = this.random.below(4);
      const ports = this.octets([4, 3, 3, 1][form]);
      return {
        isCompressed: true,
        number: 0,
        octets: Buffer.concat([Buffer.from([0xf0 | form]), ports, hex("1234"), this.octets(this.random.below(20))]),
      };
    }
    if (kind === 3) return { isCompressed: true, number: 0, octets: Buffer.concat([hex("ee"), this.iphc(depth + 1, isInGroup)]) };
    const after = this.following(depth + 1, isInGroup);
    const isHops = kind === 4 && depth === 0;
    const options = this.options(isHops);
    // Its padding may stay away: what is left is whole options.
    let size = 0;
    while (size < options.length && options[size] > 1) size += 2 + options[size + 1];
    const cut =
      this.random.chance(0.5) &&
      options
        .subarray(size)
        .every((octet, index) => octet === (index === 0 ? Number(options.length - size > 1) : index === 1 ? options.length - size - 2 : 0))
        ? size
        : options.length;
    const body = options.subarray(0, cut);
    const head = Buffer.from([0xe0 | (isHops ? 0 : 3 << 1) | Number(after.isCompressed)]);
    const number = after.isCompressed ? hex("") : Buffer.from([after.number]);
    return { isCompressed: true, number: 0, octets: Buffer.concat([head, number, Buffer.from([body.length]), body, after.octets]) };
  }
}

function headerSize(source: Mac, target: Mac): number {
  return 5 + (source.isExtended ? 8 : 2) + (target.isExtended ? 8 : 2);
}

function frameOf({ lowpan, source, target }: Case, sequence: number): Uint8Array {
  const header = Buffer.alloc(headerSize(source, target));
  const control = 0x0041 | ((target.isExtended ? 3 : 2) << 10) | (1 << 12) | ((source.isExtended ? 3 : 2) << 14);
  header.writeUInt16LE(control);
  header[2] = sequence & 0xff;
  header.writeUInt16LE(PAN, 3);
  const at = target.isExtended ? header.writeBigUInt64LE(target.address, 5) : header.writeUInt16LE(Number(target.address), 5);
  if (source.isExtended) header.writeBigUInt64LE(source.address, at);
  else header.writeUInt16LE(Number(source.address), at);
  return withFcs(Buffer.concat([header, lowpan]));
}

const OPTIONS = CONTEXTS.flatMap(({ id, prefix, bits }) => [
  "-o",
  `6lowpan.context${id}:${prefix.toString("hex").replace(/(....)(?!$)/g, "$1:")}/${bits}`,
]);
const FIELDS = [
  "ipv6.tclass",
  "ipv6.flow",
  "ipv6.plen",
  "ipv6.nxt",
  "ipv6.hlim",
  "udp.srcport",
  "udp.dstport",
  "udp.length",
  "icmpv6.type",
  "icmpv6.code",
];

/** The node with the contexts. */
export function lowNode(): LowNode {
  const node = new LowNode({ extended: 1n, short: 1 });
  for (const { id, prefix, bits } of CONTEXTS) node.context(id, prefix, bits);
  return node;
}

/** What tshark reads, a row a frame: the packet, and the fields of the outermost header and of what it carries. */
function tsharkReads(cases: readonly Case[]): { packets: Map<number, Buffer>; fields: string[][] } {
  const folder = mkdtempSync(join(tmpdir(), "low-oracle-"));
  const file = join(folder, "low.pcapng");
  const writer = new CaptureWriter(file);
  for (const [index, each] of cases.entries()) writer.frame(index * 1000, frameOf(each, index));
  writer.close();
  const packets = tsharkPackets(file, OPTIONS);
  const env = { ...process.env, HOME: "/nonexistent", XDG_CONFIG_HOME: "/nonexistent" };
  const wanted = FIELDS.flatMap((field) => ["-e", field]);
  const { stdout } = spawnSync("tshark", ["-n", "-r", file, ...OPTIONS, "-T", "fields", ...wanted], {
    encoding: "utf8",
    env,
    maxBuffer: 1 << 28,
  });
  rmSync(folder, { recursive: true });
  return {
    packets,
    fields: stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t")),
  };
}

/** Our reading of the same fields. */
function ourFields(node: LowNode, packet: Buffer): (number | undefined)[] {
  const { doors } = node;
  node.write(packet);
  const fields: (number | undefined)[] = [0, 1, 2, 3, 4].map((index) => doors.field(index));
  const FOR_US = 1;
  const isUpper = doors.deliver(packet.length, 1) === FOR_US;
  const upper = (next: number, count: number, from: number): (number | undefined)[] =>
    isUpper && doors.heard(0) === next
      ? Array.from({ length: count }, (_, index) => doors.upper(from + index))
      : new Array(count).fill(undefined);
  return [...fields, ...upper(17, 3, 0), ...upper(58, 2, 3)];
}

/** Compares; answers how many fields were read alike, or says where they were not. */
export function compareLow(node: LowNode, cases: readonly Case[]): number {
  const { packets, fields } = tsharkReads(cases);
  let equal = 0;
  cases.forEach((each, index) => {
    const { lowpan, source, target, packet } = each;
    const about = `${lowpan.toString("hex")} from ${source.isExtended} ${source.address.toString(16)} to ${target.isExtended} ${target.address.toString(16)}`;
    const theirs = packets.get(index + 1);
    if (!theirs) throw new Error(`tshark makes no packet of ${about}`);
    if (packet && !packet.equals(theirs))
      throw new Error(`tshark makes ${theirs.toString("hex")} of our ${about} that was ${packet.toString("hex")}`);
    node.write(Buffer.alloc(400, 0xa5));
    node.write(lowpan, 2048);
    const macs = [Number(source.isExtended), source.address, Number(target.isExtended), target.address] as const;
    const size = node.doors.decompress(lowpan.length, 400, 0, ...macs);
    const ours = node.read(node.doors.bufferAt(), Math.max(size, 0));
    if (!ours.equals(theirs)) throw new Error(`${about}: tshark makes ${theirs.toString("hex")}, we ${ours.toString("hex") || size}`);
    // Of tunnels tshark tells each header: the first is the outermost.
    const read = fields[index].map((text) => (text === "" ? undefined : Number(text.split(",")[0])));
    const isTunnel = fields[index][3].includes(",") || packets.get(index + 1)?.includes(0x29) === true;
    ourFields(node, ours).forEach((field, at) => {
      if (isTunnel && at >= 5) return;
      if (field !== read[at])
        throw new Error(`${about}: ${FIELDS[at]} is ${read[at]} for tshark and ${field} for us, in ${ours.toString("hex")}`);
      if (field !== undefined) equal++;
    });
  });
  return equal;
}
