// MLE: another stack's messages opened and sealed again; links made, kept, lost; and replays that change nothing.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Drop } from "../../host/abi.ts";
import { Command, Heard, HOST, hopsOf, MleNode, NO_SHORT, ROUTER, type Said, SLEEPY, Table } from "./mle_lab.ts";

const A = 0x0200_0000_0000_0001n;
const B = 0x0200_0000_0000_0002n;
const C = 0x0200_0000_0000_0003n;
const [CHILD, PARENT] = [2, 1];
const TLV = { source: 0, mode: 1, timeout: 2, challenge: 3, response: 4, counter: 5, quality: 6 };

function address(text: string): Buffer {
  const [head, tail = ""] = text.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array(missing).fill("0"), ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

const captured = readFileSync("tests/vectors/mle.txt", "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" | "))
  .map(([frame, source, target, message, clear]) => ({
    frame,
    addresses: Buffer.concat([address(source), address(target)]),
    message: Buffer.from(message, "hex"),
    clear: Buffer.from(clear, "hex"),
  }));

function elements(command: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 1; at < command.length; at += 2 + command[at + 1])
    found.set(command[at], command.subarray(at + 2, at + 2 + command[at + 1]));
  return found;
}

test("every message of another stack opens to what it says, and is sealed again to the same octets", () => {
  assert.equal(captured.length, 28);
  const node = new MleNode(0x99n, ROUTER);
  for (const { frame, addresses, message, clear } of captured) {
    assert.deepEqual(node.open({ by: 0n, addresses, hops: 255, message }), clear, frame);
    const at = node.put(Buffer.concat([Buffer.alloc(7), clear]));
    const sealed = node.call("seal", at, 7 + clear.length, message.readUInt32LE(2), message[6], node.put(addresses, 1024));
    assert.equal(node.read(at, sealed).toString("hex"), message.toString("hex"), frame);
  }
});

test("a message with any octet changed, or between other addresses, does not open", () => {
  const node = new MleNode(0x99n, ROUTER);
  const [{ addresses, message }] = captured;
  const open = (octets: Buffer, between: Buffer): number => node.call("open", node.put(octets), octets.length, node.put(between, 1024));
  for (let at = 0; at < message.length; at++) {
    const wrong = Buffer.from(message);
    wrong[at] ^= 0x10;
    assert.ok(open(wrong, addresses) < 0, `octet ${at}`);
  }
  for (const at of [8, 15, 16, 31]) {
    const wrong = Buffer.from(addresses);
    wrong[at] ^= 1;
    assert.ok(open(message, wrong) < 0, `address octet ${at}`);
  }
  assert.ok(open(message, addresses) > 0);
});

function pair(modeOfB = ROUTER, timeout = 0): { table: Table; a: MleNode; b: MleNode } {
  const table = new Table();
  const a = table.add(new MleNode(A, ROUTER, 1));
  const b = table.add(new MleNode(B, modeOfB, NO_SHORT - 1, undefined, timeout));
  a.call("serve", 0n);
  return { table, a, b };
}

/** Commands in their order, advertisements left out. */
function commands(table: Table, reader: MleNode): Buffer[] {
  return table.said.map((said) => reader.open(said)).filter((command) => command[0] !== Command.advertisement);
}

test("three messages make a link on both sides, in the form of another stack", () => {
  const { table, a, b } = pair();
  table.ask(b, 0n, 1);
  table.run(100);
  assert.ok(table.said.every(hopsOf));
  const said = commands(table, a);
  assert.deepEqual(
    said.map((command) => [command[0], [...elements(command).keys()]]),
    [
      [Command.request, [TLV.challenge, TLV.mode, TLV.counter]],
      [Command.acceptAndRequest, [TLV.challenge, TLV.mode, TLV.counter, TLV.response, TLV.source]],
      [Command.accept, [TLV.mode, TLV.counter, TLV.response, TLV.quality]],
    ],
  );
  assert.deepEqual(elements(said[1]).get(TLV.response), elements(said[0]).get(TLV.challenge));
  assert.deepEqual(elements(said[2]).get(TLV.response), elements(said[1]).get(TLV.challenge));
  assert.deepEqual([a.link(B)?.state, b.link(A)?.state], [3, 3]);
  assert.deepEqual(
    [a.heard, b.heard].map(([first]) => first.what),
    [Heard.Linked, Heard.Linked],
  );
  assert.equal(b.call("shortOf", A), 1);
  // A second time both know each other: one request, one acceptance.
  table.said.length = 0;
  table.ask(b, A);
  table.run(3_000);
  assert.deepEqual(
    commands(table, a).map(([command]) => command),
    [Command.request, Command.accept],
  );
});

test("a child that sleeps says how long it may be silent, and lives that long", () => {
  const { table, a, b } = pair(SLEEPY, 60);
  table.ask(b, A);
  table.run(100);
  assert.deepEqual(elements(commands(table, a)[0]).get(TLV.timeout)?.readUInt32BE(), 60);
  assert.deepEqual([a.link(B)?.flags, a.call("timeout", B)], [CHILD, 60]);
  a.call("sign", B, 50_000n);
  table.nodes.delete(B);
  table.run(109_000);
  assert.ok(a.link(B));
  table.run(111_000);
  assert.equal(a.link(B), undefined);
  assert.deepEqual(a.heard.at(-1), { what: Heard.Lost, who: B });
});

test("whom nobody answers is told so after three tries, in every case within 15 s", () => {
  const table = new Table();
  const b = table.add(new MleNode(B, HOST));
  for (const [extended, short] of [
    [A, NO_SHORT],
    [0n, 1],
  ] as const) {
    table.said.length = b.heard.length = 0;
    table.ask(b, extended, short);
    table.run(table.now + 15_000);
    assert.equal(table.said.length, 3);
    assert.deepEqual(b.heard, [{ what: Heard.Failed, who: extended }]);
  }
  const challenges = table.said.map((said) => elements(b.open(said)).get(TLV.challenge)?.toString("hex"));
  assert.equal(new Set(challenges).size, 1, "one challenge for one request");
});

test("a request that is lost is repeated, and so is an offer; then the offer is withdrawn by a reject", () => {
  for (const lost of [0, 1, 2]) {
    const { table, a, b } = pair();
    let count = 0;
    table.medium = (said) => a.open(said)[0] === Command.advertisement || count++ !== lost;
    table.ask(b, A);
    table.run(15_000);
    assert.ok(a.link(B) && b.link(A), `message ${lost}`);
  }
  const { table, a, b } = pair();
  table.medium = (said) => said.by === B;
  table.ask(b, A);
  table.run(40_000);
  const offers = commands(table, a).filter(([command]) => command === Command.acceptAndRequest);
  assert.ok(offers.length >= 2);
  assert.ok(commands(table, a).some(([command]) => command === Command.reject));
  assert.equal(a.link(B), undefined);
});

test("one who asks all routers has a link with each that answers", () => {
  const table = new Table();
  const routers = [A, C, 4n, 5n].map((extended) => table.add(new MleNode(extended, ROUTER)));
  for (const router of routers) router.call("serve", 0n);
  const b = table.add(new MleNode(B, ROUTER));
  table.run(1_000);
  table.ask(b, 0n);
  table.run(6_000);
  for (const router of routers) assert.ok(b.link(router.extended) && router.link(B), `${router.extended}`);
});

test("routers that advertise find each other, keep their links without frames, and lose one that dies", () => {
  const table = new Table();
  const routers = [A, B, C].map((extended, index) => table.add(new MleNode(extended, ROUTER, 0x10 + index)));
  for (const router of routers) router.call("serve", 0n);
  table.run(40_000);
  for (const router of routers) assert.equal(router.call("linkCount"), 2);
  table.run(80_000);
  const last = table.said.filter(({ by }) => by === A).map((said) => routers[1].open(said));
  const list = elements(last.filter(([command]) => command === Command.advertisement).at(-1) as Buffer).get(TLV.quality) as Buffer;
  assert.equal(list.toString("hex"), "81c0200011c0200012");
  assert.deepEqual(
    routers.map((router) => routers.filter((other) => other !== router).map(({ extended }) => router.link(extended)?.idrOut)),
    [
      [32, 32],
      [32, 32],
      [32, 32],
    ],
  );
  table.run(1_000_000);
  for (const router of routers) assert.equal(router.call("linkCount"), 2, "advertisements are signs of life");
  table.nodes.delete(C);
  table.run(1_000_000 + 129_000);
  assert.deepEqual(
    routers.slice(0, 2).map((router) => router.link(C)),
    [undefined, undefined],
  );
  assert.ok(routers[0].link(B));
});

test("a host asks its parent before its time is over, and loses it when there is no answer", () => {
  const { table, a, b } = pair(HOST);
  table.ask(b, A);
  table.run(100);
  b.call("mark", A, PARENT, 128);
  table.medium = (said) => a.open(said)[0] !== Command.advertisement;
  table.said.length = 0;
  table.run(390_000);
  assert.ok(b.link(A));
  assert.ok(commands(table, a).some(([command]) => command === Command.request));
  table.nodes.delete(A);
  table.run(900_000);
  assert.deepEqual(b.heard.at(-1), { what: Heard.Lost, who: A });
});

test("what was said before is not believed again: a replay leaves links, counters and memory of them as they are", () => {
  const { table, a, b } = pair();
  table.ask(b, A);
  table.run(1_500);
  b.call("advertise", 1_500n);
  b.call("reject", NO_SHORT, C, 1_500n);
  table.run(2_000);
  const recorded = [...table.said];
  table.ask(b, A);
  table.run(3_000);
  const before = ["link", "macCounter", "mleCounter", "shortOf"].map((name) => a.call(name, B));
  const replayed = a.dropped(Drop.Replayed);
  for (let round = 0; round < 50; round++) {
    for (const said of recorded) if (said.by === B) a.take(said, 3_000 + round);
  }
  assert.deepEqual(
    ["link", "macCounter", "mleCounter", "shortOf"].map((name) => a.call(name, B)),
    before,
  );
  assert.ok(a.dropped(Drop.Replayed) > replayed);
  assert.ok(!a.heard.some(({ what }) => what === Heard.Lost));
  // The replayed requests are answered with a challenge, and few.
  table.medium = () => false;
  table.run(30_000);
  const answers = commands(table, a).filter(([command]) => command === Command.acceptAndRequest);
  assert.ok(answers.length <= 3);
  assert.ok(b.link(A));
});

/** A message of B's to A, sealed with the network's key. */
function made(b: MleNode, counter: number, command: Buffer, target = A, index = 1): Said {
  const addresses = Buffer.concat([address("fe80::2"), address("fe80::1")]);
  addresses.writeBigUInt64BE(target ^ 0x0200_0000_0000_0000n, 24);
  const at = b.put(Buffer.concat([Buffer.alloc(7), command]));
  const size = b.call("seal", at, 7 + command.length, counter, index, b.put(addresses, 1024));
  return { by: B, addresses, hops: 255, message: b.read(at, size) };
}

test("an acceptance without a response to a challenge of ours makes no link", () => {
  const { table, a, b } = pair();
  table.settle();
  const accept = (response: string): Buffer => Buffer.from(`01${"01010a"}${"050400000000"}${response}`, "hex");
  const forms = ["", "04080102030405060708", "040401020304", `0420${"00".repeat(32)}`, `0408${"00".repeat(8)}`];
  for (const [index, form] of forms.entries()) a.take(made(b, 1000 + index, accept(form)), 1);
  assert.equal(a.link(B), undefined);
  assert.deepEqual([a.dropped(Drop.Malformed), a.dropped(Drop.Refused)], [1, 4]);
  // And while one is open for somebody else, nobody else can respond to it.
  a.call("ask", C, NO_SHORT, 2n);
  a.call("tick", 2n);
  const challenge = elements(b.open(a.sent.at(-1) as Said)).get(TLV.challenge) as Buffer;
  a.take(made(b, 1100, accept(`0408${challenge.toString("hex")}`)), 3);
  assert.equal(a.link(B), undefined);
  assert.equal(a.dropped(Drop.Refused), 5);
});

test("what is clear, from afar, from a short address, under no key of ours, or cut, is dropped for its reason", () => {
  const { a, b } = pair();
  const request = Buffer.from("000308010203040506070801010a050400000000", "hex");
  const good = made(b, 500, request);
  const short = Buffer.from(good.addresses);
  Buffer.from("000000fffe000002", "hex").copy(short, 8);
  const global = Buffer.from(good.addresses);
  global.write("fd00", 0, "hex");
  const own = Buffer.from(good.addresses);
  address("fe80::1").copy(own);
  const cases: [Said, number][] = [
    [{ ...good, hops: 254 }, Drop.Foreign],
    [{ ...good, addresses: short }, Drop.Foreign],
    [{ ...good, addresses: global }, Drop.Foreign],
    [{ ...good, addresses: own }, Drop.Foreign],
    [{ ...good, message: Buffer.from("ff03", "hex") }, Drop.Unsecured],
    [{ ...good, message: good.message.subarray(0, 11) }, Drop.Malformed],
    [{ ...good, message: Buffer.concat([good.message.subarray(0, 6), Buffer.from([2]), good.message.subarray(7)]) }, Drop.NoKey],
    [{ ...good, message: good.message.subarray(0, good.message.length - 1) }, Drop.BadMic],
    [made(b, 501, Buffer.from("0003", "hex")), Drop.Malformed],
    [made(b, 502, Buffer.from("0001010a", "hex")), Drop.Malformed],
    [made(b, 503, Buffer.from("0003080102030405060708", "hex")), Drop.Malformed],
    [made(b, 504, Buffer.from("05", "hex")), Drop.Refused],
    [made(b, 505, Buffer.from("03", "hex")), Drop.Replayed],
    [made(b, 506, Buffer.from("0401010a", "hex")), Drop.Malformed],
  ];
  for (const [index, [said, reason]] of cases.entries()) {
    const before = a.dropped(reason);
    assert.equal(a.take(said, 10), Heard.None);
    assert.equal(a.dropped(reason), before + 1, `case ${index}`);
  }
  assert.equal(a.link(B), undefined);
});

test("a flood of requests from whoever has the key keeps three offers at most, and the links are there afterwards", () => {
  const { table, a, b } = pair();
  table.ask(b, A);
  table.run(1_000);
  const flood = 500;
  for (let count = 0; count < flood; count++) {
    const extended = 0x0300_0000_0000_0000n + BigInt(count);
    const said = made(b, 5000 + count, Buffer.from("000308010203040506070801010a050400000000", "hex"));
    const addresses = Buffer.from(said.addresses);
    addresses.writeBigUInt64BE(extended ^ 0x0200_0000_0000_0000n, 8);
    const at = b.put(Buffer.concat([Buffer.alloc(7), Buffer.from("000308010203040506070801010a050400000000", "hex")]));
    const size = b.call("seal", at, 27, 5000 + count, 1, b.put(addresses, 1024));
    a.take({ by: extended, addresses, hops: 255, message: b.read(at, size) }, 1_000 + count);
  }
  assert.ok(a.dropped(Drop.Exhausted) >= flood - 5);
  table.said.length = 0;
  table.run(60_000);
  assert.ok(commands(table, b).length < 20);
  assert.ok(a.link(B));
  const c = table.add(new MleNode(C, ROUTER));
  table.ask(c, A);
  table.run(75_000);
  assert.ok(a.link(C) && c.link(A));
});

test("rejects are two and then one a second", () => {
  const { a } = pair();
  for (let count = 0; count < 50; count++) a.call("reject", NO_SHORT, BigInt(100 + count), BigInt(count * 10));
  assert.equal(a.sent.length, 2);
  a.call("reject", 7, 0n, 3_000n);
  assert.equal(a.sent.length, 3);
  assert.equal(a.sent[2].addresses.subarray(16).toString("hex"), "fe80000000000000000000fffe000007");
});

test("a reject by a link ends it, and a full table makes room for who asks where a link is bad, and else says no", () => {
  const { table, a, b } = pair();
  table.ask(b, A);
  table.run(1_000);
  b.call("reject", NO_SHORT, A, 1_000n);
  table.run(1_001);
  assert.deepEqual(a.heard.at(-1), { what: Heard.Lost, who: B });
  const others = Array.from({ length: 20 }, (_, index) => new MleNode(0x0200_0000_0000_0100n + BigInt(index), ROUTER));
  for (const other of others) {
    table.add(other);
    table.ask(other, A);
    table.run(table.now + 1_500);
    assert.ok(a.link(other.extended));
    table.nodes.delete(other.extended);
  }
  table.ask(b, A);
  table.run(table.now + 5_000);
  assert.equal(a.link(B), undefined);
  assert.ok(a.dropped(Drop.Exhausted) > 0);
  a.call("mark", others[7].extended, 0, 600);
  a.call("mark", others[8].extended, CHILD, 900);
  table.ask(b, A);
  table.run(table.now + 15_000);
  assert.ok(a.link(B) && a.link(others[8].extended));
  assert.equal(a.link(others[7].extended), undefined);
});

test("a message under the key to come makes it the current one, and what its sender said under the one before is old", () => {
  const { table, a, b } = pair();
  table.ask(b, A);
  table.run(1_500);
  const old = made(b, 10_000, Buffer.from("0401010a0601", "hex").subarray(0, 4));
  const next = Buffer.alloc(16, 0x77);
  for (const node of [a, b]) node.install(2, next, 3);
  assert.deepEqual([a.call("keyIndex"), a.call("keyNext")], [1, 2]);
  b.install(2, next, CHILD);
  b.call("advertise", 1_600n);
  table.run(1_700);
  assert.deepEqual([a.call("keyIndex"), a.call("keyNext")], [2, 0]);
  assert.ok(a.link(B));
  const replayed = a.dropped(Drop.Replayed) + a.dropped(Drop.Malformed);
  a.take(old, 1_800);
  assert.equal(a.dropped(Drop.Replayed) + a.dropped(Drop.Malformed), replayed + 1);
});
