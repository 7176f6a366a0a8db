// Names in a home: meter and display find the hub through the mesh, a host on the hub's Ethernet finds it as well, and nobody else.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { FLUSH, type Reading, read, TYPE, write } from "./dns_words.ts";
import { tshark } from "./home.ts";
import { frame, groupMac, type Heard, HOST_MAC, intact, NEXT, nearOf, summed } from "./outside.ts";
import { Street } from "./street.ts";

const LINK_GROUP = Buffer.from("ff0200000000000000000000000000fb", "hex");
const SITE_GROUP = Buffer.from("ff0500000000000000000000000000fb", "hex");
const PORT = 5353;
const LABEL = "device-026b770000000001";
const LOCAL = "_smartenergy._tcp.local";
const NEAR = nearOf(HOST_MAC);

function datagram(source: Uint8Array, target: Uint8Array, from: number, payload: Uint8Array): Buffer {
  const octets = Buffer.alloc(8 + payload.length);
  octets.writeUInt16BE(from);
  octets.writeUInt16BE(PORT, 2);
  octets.writeUInt16BE(octets.length, 4);
  octets.set(payload, 8);
  return summed(octets, 6, source, target, NEXT.udp);
}

interface Said extends Reading {
  source: Buffer;
  target: Buffer;
  port: number;
}

function names(heard: Heard[]): Said[] {
  return heard
    .filter((each) => each.next === NEXT.udp && each.payload.readUInt16BE(0) === PORT)
    .map((each) => {
      assert.ok(intact(each));
      return { ...read(each.payload.subarray(8)), source: each.source, target: each.target, port: each.payload.readUInt16BE(2) };
    });
}

/** tshark's reading of the frames of Ethernet, a row each. */
function ethernet(context: TestContext, frames: Buffer[], filter: string, fields: string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-names-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const head = Buffer.from("d4c3b2a1020004000000000000000000ffff000001000000", "hex");
  const records = frames.map((octets, index) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(index);
    record.writeUInt32LE(octets.length, 8);
    record.writeUInt32LE(octets.length, 12);
    return Buffer.concat([record, octets]);
  });
  writeFileSync(join(folder, "ethernet.pcap"), Buffer.concat([head, ...records]));
  const columns = fields.flatMap((field) => ["-e", field]);
  const words = ["-r", join(folder, "ethernet.pcap"), "-Y", filter, "-T", "fields", ...columns];
  return execFileSync("tshark", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    .split("\n")
    .filter(Boolean);
}

test("a host on Ethernet finds the hub by its service, and asks it for the address alone", (context) => {
  const street = new Street(1);
  const frames: Buffer[] = [];
  const hears = street.home.onLink;
  street.home.onLink = (id, octets) => {
    if (id === "hub") frames.push(octets);
    return hears?.(id, octets) ?? 0;
  };
  const ask = (source: Uint8Array, target: Uint8Array, payload: Uint8Array, from = PORT): Said[] => {
    street.give(
      frame({ source, target, next: NEXT.udp, payload: datagram(source, target, from, payload), hops: 255, toMac: groupMac(target) }),
    );
    return names(street.listen(1.5));
  };
  street.home.run(10);
  const told = names(street.heard);
  assert.equal(told.filter(({ flags }) => flags === 0).length, 3, "probes");
  assert.equal(told.filter(({ flags }) => flags === 0x8400).length, 2, "announcements");
  const question = write({ questions: [{ name: LOCAL, type: TYPE.PTR }] });
  const [all, ...none] = ask(street.self, LINK_GROUP, question);
  assert.deepEqual(none, []);
  assert.deepEqual([all.target, all.answers[0].text], [LINK_GROUP, `${LABEL}.${LOCAL}`]);
  const address = all.additional.find(({ type }) => type === TYPE.AAAA);
  assert.deepEqual(address?.data, street.hub, "the address that TCP is served at");
  const alone = write({ id: 7, questions: [{ name: `${LABEL}.local`, type: TYPE.AAAA }] });
  const [legacy] = ask(NEAR, LINK_GROUP, alone, 40_000);
  assert.deepEqual([legacy.target, legacy.port, legacy.id, legacy.answers[0].data], [NEAR, 40_000, 7, street.hub]);
  const site = write({ questions: [{ name: "_edev._sub._smartenergy._tcp.site", type: TYPE.PTR, class: FLUSH | 1 }] });
  const [found] = ask(street.self, SITE_GROUP, site);
  assert.deepEqual([found.target, found.answers.length, found.additional.length], [street.self, 1, 3]);
  // tshark reads every message that we sent.
  assert.deepEqual(ethernet(context, frames, "_ws.malformed or (mdns and _ws.expert and not dns.retransmission)", ["frame.number"]), []);
  assert.equal(ethernet(context, frames, "mdns", ["frame.number"]).length, 8);
  assert.deepEqual(ethernet(context, frames, "mdns and dns.flags.response == 1 and ipv6.dst == ff05::fb", ["frame.number"]), []);
});

test("meter and display ask the mesh for the hub, get their answers for themselves, and tshark reads them", (context) => {
  const street = new Street(1, "V8", { hub: "hub", meter: "meter", ihd: "ihd" });
  street.home.run(150);
  assert.ok(street.home.joined("meter") && street.home.joined("ihd"));
  const rows = (filter: string, fields: string[]): string[][] =>
    tshark(context, street.home, `mdns && ${filter}`, fields).map((line) => line.split("\t"));
  const addresses = ["meter", "far"].map((id) => new Set([hexOf(street.device(id as "meter" | "far"))]));
  const questions = rows("dns.flags.response == 0", ["ipv6.src", "ipv6.dst", "dns.qry.name", "dns.qry.qu"]);
  assert.ok(questions.length >= 2);
  for (const [, target, name, alone] of questions) {
    assert.match(target, /ff05::fb$/);
    assert.equal(name, "_edev._sub._smartenergy._tcp.site");
    assert.equal(alone, "1");
  }
  const answers = rows("dns.flags.response == 1", ["ipv6.dst", "dns.srv.port", "dns.ptr.domain_name"]);
  for (const own of addresses)
    assert.ok(
      answers.some(([target, port]) => own.has(hexOf(bytesOf(target.split(",").at(-1) ?? ""))) && port === "80"),
      "each has its answer",
    );
  assert.deepEqual(tshark(context, street.home, "_ws.malformed", ["frame.number"]), []);
});

const hexOf = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");
function bytesOf(text: string): Buffer {
  const [left, right = ""] = text.split("::");
  const words = (part: string): string[] => part.split(":").filter(Boolean);
  const middle = Array<string>(8 - words(left).length - words(right).length).fill("0");
  return Buffer.from([...words(left), ...middle, ...words(right)].map((word) => word.padStart(4, "0")).join(""), "hex");
}
