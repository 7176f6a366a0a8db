// tshark as the second opinion on ND, RPL and MPL: each field of a message as our accessors read it, beside what tshark reads.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../host/air/random.ts";
import { type Parsers, readMeshVectors } from "./mesh_lab.ts";

const LINKTYPE_IPV6 = 229;
const NEXT_HOP_BY_HOP = 0;
const NEXT_ROUTING = 43;
const NEXT_ICMP = 58;
const NEXT_NONE = 59;
const SOURCE = Buffer.from("fe800000000000000000000000000003", "hex");
const TARGET = Buffer.from("fd000db8000000010000000000000002", "hex");

/** A field of tshark's, the octets that it has in our reading where it is an address, and how far tshark's number lies to the left of ours. */
type Field = [name: string, octets: 0 | 8 | 16, shift?: bigint];
const number = (name: string): Field => [name, 0];
const address = (name: string): Field => [name, 16];
const extended = (name: string): Field => [name, 8];
const fields = (prefix: string, ...names: string[]): Field[] => names.map((name) => number(`${prefix}.${name}`));

const DUPLICATE = [
  ...fields("icmpv6.6lowpannd.da", "status", "lifetime"),
  extended("icmpv6.6lowpannd.da.eui64"),
  address("icmpv6.6lowpannd.da.reg_addr"),
];
const DODAG = { 2: "icmpv6.rpl.dao.dodagid", 3: "icmpv6.rpl.daoack.dodagid" } as Record<number, string>;
/** The fields of a message's head, by its type or code, in the order in which the lab reads them. */
const HEADS: Record<string, Record<number, Field[]>> = {
  nd_message: {
    133: [],
    134: fields("icmpv6.nd.ra", "cur_hop_limit", "flag", "router_lifetime", "reachable_time", "retrans_timer"),
    135: [number("-"), address("icmpv6.nd.ns.target_address")],
    136: [["icmpv6.nd.na.flag", 0, 24n], address("icmpv6.nd.na.target_address")],
    157: DUPLICATE,
    158: DUPLICATE,
  },
  rpl_message: {
    0: [],
    1: [...fields("icmpv6.rpl.dio", "instance", "version", "rank", "flag", "dtsn"), address("icmpv6.rpl.dio.dagid")],
    2: fields("icmpv6.rpl.dao", "instance", "flag.k", "sequence"),
    3: fields("icmpv6.rpl.daoack", "instance", "sequence", "status"),
  },
};
const PREFIX = (from: string, prefix: string): Field[] => [
  ...fields(from, "length", "flag", "valid_lifetime", "preferred_lifetime"),
  address(prefix),
];
const OPTIONS: Record<string, Record<number, Field[]>> = {
  nd_message: {
    3: PREFIX("icmpv6.opt.prefix", "icmpv6.opt.prefix"),
    33: [...fields("icmpv6.opt.aro", "status", "registration_lifetime"), extended("icmpv6.opt.aro.eui64")],
    34: [...fields("icmpv6.opt.6co", "context_length", "flag", "flag.cid", "valid_lifetime"), ["icmpv6.opt.6co.context_prefix", 8, 64n]],
    35: [number("abro version"), number("icmpv6.opt.abro.valid_lifetime"), address("icmpv6.opt.abro.6lbr_address")],
  },
  rpl_message: {
    3: fields("icmpv6.rpl.opt.route", "prefix_length", "flag", "lifetime"),
    4: fields(
      "icmpv6.rpl.opt.config",
      "pcs",
      "interval_double",
      "interval_min",
      "redundancy",
      "max_rank_inc",
      "min_hop_rank_inc",
      "ocp",
      "def_lifetime",
      "lifetime_unit",
    ),
    5: [number("icmpv6.rpl.opt.target.prefix_length"), address("icmpv6.rpl.opt.target.prefix")],
    6: [...fields("icmpv6.rpl.opt.transit", "flag.e", "pathctl", "pathseq", "pathlifetime"), address("icmpv6.rpl.opt.transit.parent")],
    8: PREFIX("icmpv6.rpl.opt.prefix", "icmpv6.rpl.opt.prefix"),
  },
};
const LINK_SHORT: Field[] = [["icmpv6.opt.linkaddr", 0, 32n]];
const LINK_EXTENDED: Field[] = [extended("icmpv6.opt.linkaddr")];
const OPTION_TYPE: Record<string, string> = { nd_message: "icmpv6.opt.type", rpl_message: "icmpv6.rpl.opt.type" };
const HEADERS: Record<string, Field[]> = {
  rpl_option: fields("ipv6.opt.rpl", "flag", "instance_id", "sender_rank"),
  rpl_routing: [...fields("ipv6.routing", "segleft"), ...fields("ipv6.routing.rpl", "cmprI", "cmprE", "pad")],
  mpl_option: fields("ipv6.opt.mpl", "flag", "sequence"),
};

export interface Case {
  parser: string;
  octets: Buffer;
}
type Reading = [name: string, value: bigint][];

const whole = (values: bigint[]): bigint => values.reduce((sum, value) => (sum << 64n) | value, 0n);

/** What our accessors say, with tshark's names. */
function ours(parsers: Parsers, { parser, octets }: Case): Reading {
  const values = parsers.read(parser, octets, TARGET);
  const reading: Reading = [];
  const take = (list: Field[]): void => {
    for (const [name, size, shift = 0n] of list) {
      const value = whole(values.splice(0, size === 16 ? 2 : 1));
      if (name !== "-") reading.push([name, value << shift]);
    }
  };
  if (parser in HEADERS) {
    take(HEADERS[parser]);
    if (parser === "rpl_routing") while (values.length > 0) take([address("ipv6.routing.rpl.full_address")]);
    return reading;
  }
  const type = Number(values.shift());
  reading.push([parser === "nd_message" ? "icmpv6.type" : "icmpv6.code", BigInt(type)]);
  take(HEADS[parser][type]);
  if (DODAG[type] && octets[5] & (type === 2 ? 0x40 : 0x80)) take([address(DODAG[type])]);
  while (values.length > 0) {
    const option = Number(values.shift());
    reading.push([OPTION_TYPE[parser], BigInt(option)]);
    if (parser === "nd_message" && option <= 2) take(values.shift() === 8n ? LINK_SHORT : LINK_EXTENDED);
    else take(OPTIONS[parser][option]);
  }
  return reading;
}

const ADDRESS = /^[0-9a-f:]*::?[0-9a-f:]*$/;
/** A value as tshark shows it. */
function shown(text: string): bigint {
  if (/^(0x[0-9a-f]+|\d+)$/.test(text)) return BigInt(text);
  if (/^([0-9a-f]{2}:){5}([0-9a-f]{2}:){0,2}[0-9a-f]{2}$/.test(text)) return BigInt(`0x${text.replaceAll(":", "")}`);
  assert.match(text, ADDRESS);
  const [left, right] = text.split("::").map((half) => half.split(":").filter(Boolean));
  const words = right ? [...left, ...Array(8 - left.length - right.length).fill("0"), ...right] : left;
  return words.reduce((sum, word) => (sum << 16n) | BigInt(`0x${word}`), 0n);
}

/** What tshark says of one packet, of the fields that we read. */
function theirs(packet: string, known: Set<string>): Reading {
  const reading: Reading = [];
  let low = 0n;
  for (const [, name, show] of packet.matchAll(/<field name="([^"]+)"[^>]* show="([^"]*)"/g)) {
    if (name === "icmpv6.opt.abro.version_low") low = shown(show);
    if (name === "icmpv6.opt.abro.version_high") reading.push(["abro version", (shown(show) << 16n) | low]);
    // Of an EUI-64, tshark 4.0 has one field with the one name, one with the other, or both.
    const one = name.replace("icmpv6.opt.linkaddr_eui64", "icmpv6.opt.linkaddr");
    const twice = one.endsWith("linkaddr") && reading.at(-1)?.[0] === one;
    // The reserved octet of a DIO has the name of the one that is used.
    const reserved = one === "icmpv6.rpl.dio.flag" && reading.at(-1)?.[0] === "icmpv6.rpl.dio.dtsn";
    if (known.has(one) && !twice && !reserved) reading.push([one, shown(show)]);
  }
  return reading;
}

function packetOf({ parser, octets }: Case): Buffer {
  const padded = Buffer.alloc(Math.ceil((2 + octets.length) / 8) * 8, 0);
  const pad = padded.length - 2 - octets.length;
  padded.set([NEXT_NONE, padded.length / 8 - 1, ...octets, ...(pad > 1 ? [1, pad - 2] : [])]);
  const routing = Buffer.from(octets);
  routing[0] = NEXT_NONE;
  const payload = parser.endsWith("message") ? octets : parser === "rpl_routing" ? routing : padded;
  const next = parser.endsWith("message") ? NEXT_ICMP : parser === "rpl_routing" ? NEXT_ROUTING : NEXT_HOP_BY_HOP;
  const head = Buffer.from([0x60, 0, 0, 0, payload.length >> 8, payload.length & 0xff, next, 255]);
  return Buffer.concat([head, SOURCE, TARGET, payload]);
}

function dissect(packets: Buffer[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "mesh-"));
  try {
    const head = Buffer.alloc(24);
    head.writeUInt32LE(0xa1b2c3d4);
    head.set([2, 0, 4, 0], 4);
    head.writeUInt32LE(65535, 16);
    head.writeUInt32LE(LINKTYPE_IPV6, 20);
    const records = packets.flatMap((packet) => {
      const record = Buffer.alloc(16);
      record.writeUInt32LE(packet.length, 8);
      record.writeUInt32LE(packet.length, 12);
      return [record, packet];
    });
    const path = join(folder, "mesh.pcap");
    writeFileSync(path, Buffer.concat([head, ...records]));
    const text = execFileSync("tshark", ["-r", path, "-T", "pdml"], { maxBuffer: 1 << 30, stdio: ["ignore", "pipe", "ignore"] }).toString();
    return text.split("<packet>").slice(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Compares both readings of each case; answers how many fields were equal. */
export function compare(parsers: Parsers, cases: Case[]): number {
  const readings = cases.map((one) => ours(parsers, one));
  const named = ([name]: Field): string => name;
  const known = new Set([
    ...Object.values(HEADS).flatMap((heads) => Object.values(heads).flat().map(named)),
    ...Object.values(OPTIONS).flatMap((options) => Object.values(options).flat().map(named)),
    ...Object.values(HEADERS).flat().map(named),
    ...LINK_SHORT.map(named),
    ...Object.values(OPTION_TYPE),
    ...Object.values(DODAG),
    "ipv6.routing.rpl.full_address",
  ]);
  const packets = dissect(cases.map(packetOf));
  assert.equal(packets.length, cases.length);
  let equal = 0;
  readings.forEach((reading, index) => {
    const { parser, octets } = cases[index];
    const own = new Set(known);
    if (parser.endsWith("message")) own.add(parser === "nd_message" ? "icmpv6.type" : "icmpv6.code");
    if (!parser.endsWith("option")) for (const name of HEADERS.mpl_option) own.delete(named(name));
    assert.deepEqual(reading, theirs(packets[index], own), `${parser} ${octets.toString("hex")}`);
    equal += reading.length;
  });
  return equal;
}

/** Messages from values drawn by chance, built here octet by octet from the figures of the RFCs. */
export class Messages {
  private readonly random: Random;

  constructor(seed: string) {
    this.random = new Random(seed, "mesh messages");
  }

  private octets(size: number): number[] {
    return Array.from({ length: size }, () => this.random.below(256));
  }

  /** Not multicast. */
  private unicast(): number[] {
    return [0xfd, ...this.octets(15)];
  }

  private bits(most: number): number {
    return this.random.below(most + 1);
  }

  private some(options: (() => number[])[]): number[] {
    return Array.from({ length: this.random.below(5) }, () => options[this.random.below(options.length)]()).flat();
  }

  nd(): number[] {
    const options = this.some([
      () => [3, 4, this.bits(128), ...this.octets(9), 0, 0, 0, 0, ...this.octets(16)],
      () => [1 + this.bits(1), 1, ...this.octets(2), 0, 0, 0, 0],
      () => [1 + this.bits(1), 2, ...this.octets(8), 0, 0, 0, 0, 0, 0],
      () => [33, 2, this.bits(2), 0, 0, 0, ...this.octets(10)],
      () => [34, 2, this.bits(64), this.random.below(32), 0, 0, ...this.octets(10)],
      () => [35, 3, ...this.octets(6), ...this.octets(16)],
    ]);
    const type = [133, 134, 135, 136, 157, 158][this.random.below(6)];
    const sum = this.octets(2);
    if (type === 133) return [type, 0, ...sum, 0, 0, 0, 0, ...options];
    if (type === 134) return [type, 0, ...sum, ...this.octets(12), ...options];
    if (type === 135) return [type, 0, ...sum, 0, 0, 0, 0, ...this.unicast(), ...options];
    if (type === 136) return [type, 0, ...sum, 32 * this.random.below(8), 0, 0, 0, ...this.unicast(), ...options];
    return [type, 0, ...sum, this.bits(2), 0, ...this.octets(2), ...this.octets(8), ...this.unicast()];
  }

  rpl(): number[] {
    const options = this.some([
      () => [3, 6, 0, [0, 8, 24][this.random.below(3)], ...this.octets(4)],
      () => [4, 14, this.bits(7), ...this.octets(9), 0, ...this.octets(3)],
      () => [5, 18, 0, 128, ...this.octets(16)],
      () => [6, 20, this.random.chance(0.5) ? 128 : 0, ...this.octets(3), ...this.octets(16)],
      () => [8, 30, this.bits(128), ...this.octets(9), 0, 0, 0, 0, ...this.octets(16)],
    ]);
    const code = this.random.below(4);
    const named = this.random.chance(0.3);
    const dodag = named ? this.octets(16) : [];
    const head = [155, code, ...this.octets(2)];
    if (code === 0) return [...head, 0, 0, ...options];
    if (code === 1) return [...head, ...this.octets(6), 0, 0, ...this.octets(16), ...options];
    if (code === 2)
      return [
        ...head,
        ...this.octets(1),
        (this.random.chance(0.5) ? 128 : 0) | (named ? 64 : 0),
        0,
        ...this.octets(1),
        ...dodag,
        ...options,
      ];
    return [...head, ...this.octets(1), named ? 128 : 0, ...this.octets(2), ...dodag];
  }

  routing(): number[] {
    const count = 1 + this.random.below(6);
    const inner = this.random.below(16);
    const last = this.random.below(16);
    const size = (count - 1) * (16 - inner) + 16 - last;
    const pad = (8 - (size % 8)) % 8;
    return [
      59,
      (size + pad) / 8,
      3,
      this.random.below(count + 1),
      (inner << 4) | last,
      pad << 4,
      0,
      0,
      ...this.octets(size),
      ...Array(pad).fill(0),
    ];
  }

  next(): Case {
    switch (this.random.below(8)) {
      case 0:
        return { parser: "rpl_option", octets: Buffer.from([0x63, 4, ...this.octets(4)]) };
      case 1:
        return { parser: "mpl_option", octets: Buffer.from([0x6d, 2, (this.bits(2) << 4) & 0x20, ...this.octets(1)]) };
      case 2:
        return { parser: "rpl_routing", octets: Buffer.from(this.routing()) };
      case 3:
      case 4:
      case 5:
        return { parser: "nd_message", octets: Buffer.from(this.nd()) };
      default:
        return { parser: "rpl_message", octets: Buffer.from(this.rpl()) };
    }
  }
}

/** What another stack sent. */
export function captured(): Case[] {
  return readMeshVectors()
    .filter(({ name }) => /frame \d+ of /.test(name))
    .map(({ parser, octets }) => ({ parser, octets }));
}
