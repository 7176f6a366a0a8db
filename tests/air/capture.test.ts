import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { withFcs } from "../../host/air/frame.ts";
import { KeysFile, readKeysFile } from "../../host/air/keys.ts";
import { Medium } from "../../host/air/medium.ts";
import { CaptureWriter, readCapture } from "../../host/air/pcapng.ts";
import { clean, clearPayloads, judge } from "../../host/oracle/tshark.ts";
import { PAN, run, station } from "./support.ts";
import { apsData, beaconRequest, dataRequest, macData, nwkData, readAttribute } from "./zigbee.ts";

const folder = mkdtempSync(join(tmpdir(), "kilowasm-capture-"));
after(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);

const NETWORK_KEY = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
const LINK_KEY = Buffer.from("f0e0d0c0b0a090807060504030201000", "hex");
const HUB = { short: 0, extended: 0x1122334455667788n };
const METER = { short: 0x3344, extended: 0x8877665544332211n };
const METERING = 0x0702;
const TIME = 0x000a;

function tshark(file: string, ...args: string[]): string {
  return execFileSync("tshark", ["-n", "-r", file, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

/** A short secured conversation over the simulated air, with one frame too few of its secrets kept when `careless`. */
function conversation(name: string, options: { careless?: boolean; strangerKey?: boolean } = {}): { file: string; keys: string } {
  const medium = new Medium({ seed: 3 });
  const capture = new CaptureWriter(path(`${name}.pcapng`), { epochUs: 1_700_000_000_000_000n });
  const keys = new KeysFile(path(`${name}.keys`));
  medium.onFrame((frame) => capture.frame(frame.timeUs, frame.psdu));
  const hub = station(medium, "hub", HUB.short);
  const meter = station(medium, "meter", METER.short);
  capture.key({ kind: "network", key: NETWORK_KEY, panId: PAN });
  capture.key({ kind: "network", key: NETWORK_KEY, panId: PAN });
  keys.add({ key: NETWORK_KEY, label: "network" });
  capture.key({ kind: "link", key: LINK_KEY, panId: PAN, between: [METER.short, HUB.short] });
  keys.add({ key: LINK_KEY, label: 'hub "and" meter' });
  const link = (counter: number) => ({ key: options.strangerKey ? NETWORK_KEY : LINK_KEY, source: METER, counter });
  const payloads = [
    apsData(METERING, 1, readAttribute(1), link(1)),
    apsData(TIME, 2, readAttribute(2)),
    apsData(METERING, 3, readAttribute(3), options.careless ? undefined : link(2)),
  ];
  for (const [index, payload] of payloads.entries()) {
    const frame = macData(index, PAN, METER.short, HUB.short, nwkData(NETWORK_KEY, METER, HUB.short, index, index + 1, payload));
    medium.clock.at(index * 10_000, () => meter.radio.send(frame, 0));
  }
  medium.clock.at(50_000, () => hub.radio.send(beaconRequest(9), 0));
  medium.clock.at(60_000, () => meter.radio.send(dataRequest(10, PAN, HUB.short, METER.short), 0));
  run(medium, 100);
  capture.close();
  return { file: path(`${name}.pcapng`), keys: path(`${name}.keys`) };
}

test("tshark opens a capture: every frame, its time, its FCS, nothing malformed, nothing undecrypted", async () => {
  const { file, keys } = conversation("good");
  for (const from of [keys, "inside"] as const) {
    const verdict = await judge(file, from);
    assert.equal(verdict.frames, 9);
    assert.ok(clean(verdict), JSON.stringify(verdict));
  }
  assert.equal(readFileSync(file).readUInt32LE(0), 0x0a0d0d0a);
  const lines = tshark(file, "-T", "fields", "-e", "frame.time_epoch", "-e", "wpan.fcs", "-e", "frame.protocols").trim().split("\n");
  assert.equal(lines.length, 9);
  for (const line of lines) assert.match(line, /^17000000000?\.\d+\t0x[0-9a-f]{4}\twpan/);
  assert.deepEqual(await clearPayloads(file, keys), []);
});

test("the oracle tells what lacks a key, who sends in clear, what is cut short and what has a wrong FCS", async () => {
  const { file } = conversation("good2");
  assert.equal((await judge(file, [])).undecrypted.count, 3);
  const one = await judge(file, [{ key: NETWORK_KEY, label: "network" }]);
  assert.equal(one.undecrypted.count, 2);
  assert.equal(clean(one), false);

  const careless = conversation("careless", { careless: true });
  assert.ok(clean(await judge(careless.file)), "clear text is decodable");
  assert.deepEqual(await clearPayloads(careless.file, []), []);
  const clear = await clearPayloads(careless.file, [{ key: NETWORK_KEY, label: "network" }]);
  assert.deepEqual(
    clear.map(({ cluster, defaultResponse }) => ({ cluster, defaultResponse })),
    [{ cluster: METERING, defaultResponse: false }],
  );
  assert.deepEqual((await clearPayloads(careless.file, "inside")).length, 1);

  const writer = new CaptureWriter(path("bad.pcapng"));
  const frame = withFcs(macData(1, PAN, 1, 0, nwkData(NETWORK_KEY, METER, 0, 1, 1, apsData(TIME, 1, readAttribute(1)))));
  writer.frame(
    0,
    frame.map((octet, index) => (index === frame.length - 1 ? octet ^ 1 : octet)),
  );
  writer.frame(1, withFcs(macData(1, PAN, 1, 0, Buffer.of(0x48, 0x02, 0, 0, 1))));
  writer.close();
  const bad = await judge(path("bad.pcapng"), []);
  assert.equal(bad.malformed.count, 1);
  assert.ok(
    bad.expertsAboveNote.lines.some((line) => /Bad FCS/i.test(line)),
    JSON.stringify(bad),
  );
  await assert.rejects(judge(path("none.pcapng"), []), /tshark could not read/);
});

test("what is written can be read again: frames, times, keys", () => {
  const { file, keys } = conversation("again");
  const capture = readCapture(file);
  assert.equal(capture.packets.length, 9);
  assert.ok(capture.packets.every(({ linkType, timeUs }) => linkType === 195 && timeUs >= 1_700_000_000_000_000n));
  assert.deepEqual(
    capture.keys.map((key) =>
      key.kind === "link"
        ? [key.kind, Buffer.from(key.key).toString("hex"), key.panId, ...key.between]
        : [key.kind, Buffer.from(key.key).toString("hex"), key.panId],
    ),
    [
      ["network", NETWORK_KEY.toString("hex"), PAN],
      ["link", LINK_KEY.toString("hex"), PAN, 0, METER.short],
    ],
  );
  assert.deepEqual(
    readKeysFile(keys).map(({ key, label }) => [Buffer.from(key).toString("hex"), label]),
    [
      [NETWORK_KEY.toString("hex"), "network"],
      [LINK_KEY.toString("hex"), "hub ?and? meter"],
    ],
  );
});

test("the keys file works as Wireshark's own table in a profile", () => {
  const { file, keys } = conversation("profile");
  const home = mkdtempSync(join(tmpdir(), "kilowasm-home-"));
  try {
    execFileSync("mkdir", ["-p", join(home, ".config/wireshark")]);
    execFileSync("cp", [keys, join(home, ".config/wireshark/zigbee_pc_keys")]);
    const out = execFileSync("tshark", ["-n", "-r", file, "-T", "fields", "-e", "frame.protocols"], {
      encoding: "utf8",
      env: { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, ".config") },
      stdio: ["ignore", "pipe", "ignore"],
    });
    assert.equal(out.split("\n").filter((line) => line.endsWith("zbee_aps:zbee_zcl")).length, 3);
  } finally {
    rmSync(home, { recursive: true });
  }
});

test("a capture larger than the writer's chunk is whole, at 24 hours of simulated time", () => {
  const writer = new CaptureWriter(path("large.pcapng"));
  const frame = withFcs(Buffer.alloc(125, 0x41));
  for (let index = 0; index < 3_000; index++) writer.frame(index * 30_000_000, frame);
  writer.close();
  writer.close();
  const { packets } = readCapture(path("large.pcapng"));
  assert.equal(packets.length, 3_000);
  assert.equal(packets.at(-1)?.timeUs, 2_999n * 30_000_000n);
  assert.equal(tshark(path("large.pcapng"), "-T", "fields", "-e", "frame.len").trim().split("\n").length, 3_000);
});

test("a file that cannot be written gets one sentence that says why", () => {
  for (const [target, words] of [
    [join(folder, "no/such/place.pcapng"), /^Error: Cannot write the capture .*: there is no such file, or no directory .*\/no\/such\.$/],
    [folder, /^Error: Cannot write the capture .*: it is a directory\.$/],
    ["/dev/null/x", /a part of \/dev\/null is not a directory\.$/],
  ] as const) {
    assert.throws(() => new CaptureWriter(target), words);
    assert.throws(() => new KeysFile(target), /^Error: Cannot write the keys file/);
  }
});

test("a full disk is told at the first octets that do not fit", { skip: !existsSync("/dev/full") }, () => {
  assert.throws(() => new CaptureWriter("/dev/full"), /^Error: Cannot write the capture \/dev\/full: the disk is full\.$/);
});

test("a damaged capture is refused with its place, at every length", () => {
  const { file } = conversation("damage");
  const whole = readFileSync(file);
  let accepted = 0;
  for (let size = 0; size < whole.length; size++) {
    writeFileSync(path("cut"), whole.subarray(0, size));
    try {
      readCapture(path("cut"));
      accepted++;
    } catch (error) {
      assert.ok(error instanceof Error && !(error instanceof RangeError), `${size}: ${error}`);
    }
  }
  assert.ok(accepted > 5 && accepted < 20, `${accepted}`);
  for (const [at, value] of [
    [4, 3],
    [4, 0xffffffff],
    [8, 0],
  ]) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt32LE(value, at);
    writeFileSync(path("cut"), damaged);
    assert.throws(() => readCapture(path("cut")), /octet|block/);
  }
  closeSync(openSync(path("empty"), "w"));
  assert.throws(() => readCapture(path("empty")), /is empty/);
  assert.throws(() => readCapture(path("absent")), /Cannot read the capture/);
  writeFileSync(path("text"), "this is not a capture at all");
  assert.throws(() => readCapture(path("text")), /is not a pcapng capture/);
});

test("a keys file with a wrong line is refused with its number", () => {
  writeFileSync(path("keys"), '# comment\n"00:01:02:03:04:05:06:07:08:09:0A:0b:0c:0d:0e:0f","Reverse","x"\n');
  assert.equal(Buffer.from(readKeysFile(path("keys"))[0].key).toString("hex"), "0f0e0d0c0b0a09080706050403020100");
  writeFileSync(path("keys"), '"000102030405060708090a0b0c0d0e0f","Normal","x"\n"0001","Normal","y"\n');
  assert.throws(() => readKeysFile(path("keys")), /^Error: Line 2 of /);
});
