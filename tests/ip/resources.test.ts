// What hub and meter serve of IEEE 2030.5: who may read what, by a table written by hand; lists by s, l and a; every answer valid.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Record } from "../../host/abi.ts";
import type { Tariff } from "../../host/home/store_records.ts";
import { lfdiOf, sfdiOf } from "../../host/tls/x509.ts";
import { device } from "../tls/peers.ts";
import { invalid, schemaMissing } from "./schema.ts";
import { Net, Peer } from "./tcp_peer.ts";
import { type Heard, Visitor } from "./visitor.ts";
import { Wire } from "./wire.ts";

const HUB = 102;
/** Of the lab: seconds since 2000. */
const UTC = 1_790_000_000 - 946_684_800;
const EPOCH = 946_684_800;

const registered = device({ serial: Buffer.from("registered") });
const other = device({ serial: Buffer.from("other") });
const stranger = device({ serial: Buffer.from("stranger") });
const lfdiOfDevice = (of: typeof stranger): Buffer => lfdiOf(of.chain[0]);

function membersRecord(...devices: (typeof stranger)[]): Buffer {
  return Buffer.concat(
    Array.from({ length: 16 }, (_, index) => {
      const row = Buffer.alloc(32);
      const one = devices[index];
      if (!one) return row;
      row.writeBigUInt64LE(BigInt(index + 1), 0);
      row.set(lfdiOfDevice(one), 8);
      row.writeUInt32LE(UTC - 1000, 28);
      return row;
    }),
  );
}

type Price = Pick<Tariff, "eventId" | "start" | "end" | "price"> & Partial<Tariff>;

function tariffRecord(...prices: Price[]): Buffer {
  return Buffer.concat(
    prices.map(({ eventId, start, end, price, currency = 826, digits = 4, tier = 1, label = Buffer.from("Day <&>") }) => {
      const row = Buffer.alloc(36);
      row.writeUInt32LE(eventId, 0);
      row.writeUInt32LE(start, 4);
      row.writeUInt32LE(end, 8);
      row.writeUInt32LE(price, 12);
      row.writeUInt16LE(currency, 18);
      row.writeUInt8(digits, 20);
      row.writeUInt8(tier, 21);
      row.writeUInt8(label.length, 22);
      row.writeUInt8(1, 23);
      row.set(label, 24);
      return row;
    }),
  );
}

const PRICES: Price[] = [
  { eventId: 9, start: UTC + 7200, end: UTC + 10_800, price: 1900, tier: 2 },
  { eventId: 7, start: UTC - 600, end: UTC + 3600, price: 2703 },
  { eventId: 8, start: UTC + 3600, end: UTC + 7200, price: 4000 },
  { eventId: 10, start: UTC + 10_800, end: 0xffff_ffff, price: 5, currency: 978, digits: 2, label: Buffer.alloc(0) },
  { eventId: 11, start: UTC - 900, end: UTC - 600, price: 1 },
  { eventId: 12, start: UTC + 900_000, end: UTC + 900_060, price: 0x8000_0000 },
];

const hub = (): Net =>
  new Net(
    new Wire(
      1,
      undefined,
      true,
      new Map<number, Uint8Array>([
        [HUB, Buffer.of(1)],
        [Record.Members, membersRecord(registered, other)],
        [Record.Tariff, tariffRecord(...PRICES)],
      ]),
    ),
  );

const documents: string[] = [];
/** The document, kept for xmllint. */
function read(heard: Heard): string {
  assert.equal(heard.status, 200);
  assert.equal(heard.fields.get("content-type"), "application/sep+xml;level=-S1");
  assert.equal(Number(heard.fields.get("content-length")), heard.body.length);
  documents.push(heard.body);
  return heard.body;
}

const values = (text: string, name: string): string[] => [...text.matchAll(new RegExp(`<${name}>([^<]*)<`, "g"))].map(([, value]) => value);
const hrefs = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`<${name} (?:[^>]* )?href="([^"]*)"`, "g"))].map(([, value]) => value);

// In the clear | a certificate of our root | registered | as its owner
const TABLE: [string, number, number, number, number][] = [
  ["/dcap", 200, 200, 200, 200],
  ["/tm", 403, 200, 200, 200],
  ["/sdev", 403, 403, 200, 200],
  ["/edev", 403, 403, 200, 200],
  ["/edev/0", 403, 403, 403, 200],
  ["/edev/0/rg", 403, 403, 403, 200],
  ["/edev/2", 403, 403, 404, 404],
  ["/tp", 403, 403, 200, 200],
  ["/tp/0", 403, 403, 200, 200],
  ["/tp/2", 403, 403, 404, 404],
  ["/tp/0/rc", 403, 403, 200, 200],
  ["/tp/0/rc/0", 403, 403, 200, 200],
  ["/tp/0/rc/1", 403, 403, 404, 404],
  ["/tp/0/rc/0/rt", 403, 403, 200, 200],
  ["/tp/0/rc/0/tti", 403, 403, 200, 200],
  ["/tp/0/rc/0/tti/7", 403, 403, 200, 200],
  ["/tp/0/rc/0/tti/10", 403, 403, 404, 404],
  ["/tp/1/rc/0/tti/10", 403, 403, 200, 200],
  ["/tp/0/rc/0/tti/7/cti", 403, 403, 200, 200],
  ["/tp/0/rc/0/tti/7/cti/0", 403, 403, 200, 200],
  ["/tp/0/rc/0/tti/7/cti/1", 403, 403, 404, 404],
  ["/upt/0/mr/0/nothing", 404, 404, 404, 404],
  ["/dr", 404, 404, 404, 404],
  ["/edev/00", 404, 404, 404, 404],
  ["/edev/-1", 404, 404, 404, 404],
  ["/edev/4294967296", 404, 404, 404, 404],
  ["/edev/", 404, 404, 404, 404],
  ["/edev/0/", 404, 404, 404, 404],
];

let host = 0x900;

function inTheClear(net: Net, path: string): number {
  const peer = new Peer(net, host++, 4000, 80);
  peer.say(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`));
  net.run(400);
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(peer.heard.toString("latin1")) ?? [];
  peer.close();
  net.run(400);
  peer.vanish();
  return Number(status);
}

describe("a hub", () => {
  let net: Net;
  before(() => {
    net = hub();
  });

  test("each reads what the table says, and nothing else", () => {
    const found = new Map(TABLE.map(([path]) => [path, [inTheClear(net, path)]]));
    for (const who of [stranger, other, registered]) {
      const visitor = new Visitor(net, who);
      for (const [path, statuses] of found) {
        const heard = visitor.get(path);
        statuses.push(heard.status);
        if (heard.status === 200) read(heard);
        const bare = visitor.ask(`HEAD ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
        assert.deepEqual([bare.status, bare.body, bare.fields], [heard.status, "", heard.fields], path);
      }
      visitor.close();
    }
    assert.deepEqual(
      [...found],
      TABLE.map(([path, ...statuses]) => [path, statuses]),
    );
  });

  test("methods are the row's, the type is ours, a query is a query", () => {
    const visitor = new Visitor(net, registered);
    for (const method of ["POST", "PUT", "DELETE"]) {
      const heard = visitor.tell(method, "/tp", "<TariffProfile/>");
      assert.deepEqual([heard.status, heard.fields.get("allow"), heard.fields.get("content-length")], [405, "GET, HEAD", "0"]);
    }
    assert.equal(visitor.get("/tp", "Accept: text/html, text/*;q=0.5\r\n").status, 406);
    assert.equal(visitor.get("/tp", "Accept: text/html, application/sep+xml;level=+S1\r\n").status, 200);
    for (const query of ["?s=x", "?l=", "?a=-1", "?s=1x", "?l=99999999999", "?s=01"])
      assert.equal(visitor.get(`/edev${query}`).status, 400, query);
    for (const query of ["?", "?&", "?x=y", "?ss=x", "?s", "?l=1&z=2&"]) assert.equal(visitor.get(`/edev${query}`).status, 200, query);
    visitor.close();
  });

  test("of the list of devices each sees itself, with its names and its PIN", () => {
    for (const [id, who] of [registered, other].entries()) {
      const visitor = new Visitor(net, who);
      const list = read(visitor.get("/edev?l=255"));
      assert.match(list, /all="1" href="\/edev" results="1"/);
      assert.deepEqual(values(list, "lFDI"), [lfdiOfDevice(who).toString("hex").toUpperCase()]);
      assert.deepEqual(values(list, "sFDI").map(Number), [Number(sfdiOf(lfdiOfDevice(who)))]);
      const [href] = hrefs(list, "EndDevice");
      assert.equal(href, `/edev/${id}`);
      const [pin] = values(read(visitor.get(hrefs(read(visitor.get(href)), "RegistrationLink")[0])), "pIN");
      const digits = pin.padStart(6, "0");
      assert.equal(digits.length, 6);
      assert.equal([...digits].reduce((sum, digit) => sum + Number(digit), 0) % 10, 0);
      visitor.close();
    }
  });

  test("prices are the intervals of profiles, in the order of time", () => {
    const visitor = new Visitor(net, registered);
    const profiles = read(visitor.get("/tp?l=255"));
    assert.match(profiles, /^<TariffProfileList xmlns="urn:ieee:std:2030.5:ns" all="2" href="\/tp" results="2">/);
    assert.deepEqual(values(profiles, "currency"), ["826", "978"]);
    assert.deepEqual(values(profiles, "pricePowerOfTenMultiplier"), ["-4", "-2"]);
    assert.deepEqual(values(profiles, "rateCode"), ["Day &lt;&amp;&gt;"]);
    const intervals = "/tp/0/rc/0/tti";
    const whole = read(visitor.get(`${intervals}?s=0&l=255`));
    assert.match(whole, /all="3"/);
    assert.deepEqual(
      hrefs(whole, "TimeTariffInterval"),
      [7, 8, 9].slice(0, hrefs(whole, "TimeTariffInterval").length).map((id) => `${intervals}/${id}`),
    );
    const rest = read(visitor.get(`${intervals}?s=2&l=255`));
    assert.deepEqual(hrefs(rest, "TimeTariffInterval"), [`${intervals}/9`]);
    const after = read(visitor.get(`${intervals}?a=${EPOCH + UTC + 3599}&l=1`));
    assert.deepEqual(hrefs(after, "TimeTariffInterval"), [`${intervals}/8`]);
    assert.match(after, /all="3"/);
    assert.deepEqual(hrefs(read(visitor.get(`${intervals}?a=${EPOCH + UTC + 7200}&l=255`)), "TimeTariffInterval"), []);
    for (const [query, results] of [
      ["?l=0", 0],
      ["", 1],
      ["?s=3&l=255", 0],
      ["?s=4294967295&l=4294967295", 0],
      ["?s=1", 1],
    ] as const)
      assert.match(read(visitor.get(intervals + query)), new RegExp(`all="3" href="${intervals}" results="${results}"`), query);
    const found: string[][] = [];
    for (const { eventId, start, end, price } of PRICES.slice(0, 3)) {
      const one = read(visitor.get(`${intervals}/${eventId}`));
      const now = start <= UTC + 60 && UTC < end;
      assert.deepEqual(values(one, "currentStatus"), [now ? "1" : "0"]);
      assert.deepEqual(values(one, "duration"), [`${end - start}`]);
      assert.deepEqual(values(one, "start"), [`${EPOCH + start}`]);
      const [link] = hrefs(one, "ConsumptionTariffIntervalListLink");
      found.push(values(read(visitor.get(link)), "price"));
      assert.deepEqual(found.at(-1), [`${price}`]);
    }
    visitor.close();
  });
});

test("a meter serves its register, to the watt-hour", () => {
  const net = new Net(new Wire());
  const { engine } = net.wire;
  (engine as unknown as { exports: { measured(joules: bigint, powerW: number, now: bigint): void } }).exports.measured(
    12_345_678n * 3600n,
    -1234,
    0n,
  );
  const visitor = new Visitor(net, stranger);
  const point = hrefs(read(visitor.get("/dcap")), "UsagePointListLink")[0];
  const [usage] = hrefs(read(visitor.get(`${point}?l=255`)), "UsagePoint");
  const list = hrefs(read(visitor.get(usage)), "MeterReadingListLink")[0];
  const readings = hrefs(read(visitor.get(`${list}?l=255`)), "MeterReading");
  const found = readings.map((each) => {
    const one = read(visitor.get(each));
    const [unit] = values(read(visitor.get(hrefs(one, "ReadingTypeLink")[0])), "uom");
    return [unit, ...values(read(visitor.get(hrefs(one, "ReadingLink")[0])), "value")];
  });
  assert.deepEqual(found, [
    ["72", "12345678"],
    ["38", "-1234"],
  ]);
  assert.equal(visitor.get("/upt/1").status, 404);
  assert.equal(visitor.get("/upt/0/mr/2").status, 404);
});

test("every document is valid by the schema of 2018", () => {
  const missing = schemaMissing();
  assert.equal(missing, undefined);
  assert.ok(documents.length > 60);
  assert.equal(invalid(documents), "");
});
