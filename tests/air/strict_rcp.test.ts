// The dongle's client, and the board's, against a co-processor that is as strict as OpenThread's.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { RadioParameter } from "../../host/abi.ts";
import { Medium } from "../../host/air/medium.ts";
import { Err } from "../../host/err.ts";
import { ROOT } from "../../host/modules.ts";
import { Dongle } from "../../host/spinel/dongle.ts";
import { COMMAND_RESET, Property, Status } from "../../host/spinel/frame.ts";
import { type StrictOptions, StrictRcp } from "./strict_rcp.ts";
import { CHANNEL, keepPace, PAN, station, until } from "./support.ts";
import { beaconRequest, dataRequest, macData } from "./zigbee.ts";

const OURS = 0x0000;
const THEIRS = 0x0002;
const ABOUT = [CHANNEL, 4, 3, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, CHANNEL];

function desk(options: StrictOptions = {}) {
  const medium = new Medium({ seed: 1 });
  const rcp = new StrictRcp(medium, options);
  const dongle = new Dongle(rcp.stream);
  const said = { trouble: [] as string[], lost: [] as string[], sent: [] as number[], heard: 0 };
  dongle.onTrouble = (sentence) => said.trouble.push(sentence);
  dongle.onLost = (sentence) => said.lost.push(sentence);
  dongle.onSent = (_handle, status) => said.sent.push(status);
  dongle.onReceived = () => said.heard++;
  const rest = keepPace(medium);
  return {
    medium,
    rcp,
    dongle,
    said,
    [Symbol.dispose]: () => {
      rest();
      dongle.close();
      rcp.stream.destroy();
    },
  };
}

function tuneIn(dongle: Dongle): void {
  dongle.set(RadioParameter.PanId, BigInt(PAN));
  dongle.set(RadioParameter.ShortAddress, BigInt(OURS));
  dongle.set(RadioParameter.Receive, 1n);
  dongle.set(RadioParameter.Channel, BigInt(CHANNEL));
}

test("nothing is refused: the radio is enabled first, and every frame names its channel, back-offs and retries", async () => {
  using all = desk();
  const { medium, rcp, dongle, said } = all;
  await dongle.begin(2000);
  tuneIn(dongle);
  const other = station(medium, "other", THEIRS);
  for (let count = 0; count < 19; count++) {
    assert.equal(dongle.send(macData(count, PAN, OURS, THEIRS, Buffer.of(count)), count), Err.Ok);
    await until("it is sent", () => said.sent.length > count);
  }
  assert.deepEqual(said.sent, new Array(19).fill(Err.Ok));
  assert.deepEqual(rcp.abouts, new Array(19).fill(ABOUT));
  assert.equal(other.heard.length, 19);
  assert.deepEqual(
    rcp.refused.filter(({ property }) => property !== Property.MacReceiveWhenIdle),
    [],
  );
  assert.deepEqual([said.trouble, said.lost], [[], []]);
  assert.match(dongle.about, /^KILOWASM-AIR\/1; SIMULATION; Spinel 4\.3; RCP API 10; .*retries, CSMA/);
});

test("after a reset that nobody asked for it is configured and listens again, told or not", async () => {
  using all = desk();
  const { medium, rcp, dongle, said } = all;
  await dongle.begin(2000);
  tuneIn(dongle);
  dongle.set(RadioParameter.PendingShort, BigInt(THEIRS));
  const other = station(medium, "other", THEIRS);
  const hears = async (sequence: number): Promise<void> => {
    const [before, heard] = [other.sent.length, said.heard];
    other.radio.send(dataRequest(sequence, PAN, OURS, THEIRS), 1);
    await until("it is acknowledged", () => other.sent.length > before);
    assert.deepEqual([other.sent[before].status, other.sent[before].pending], [Err.Ok, true]);
    await until("it is heard", () => said.heard > heard);
  };
  await hears(1);
  rcp.resetUnasked();
  await until("it is set up", () => dongle.counters.resets === 2);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await hears(2);
  rcp.resetUnasked(false);
  dongle.send(beaconRequest(3), 1);
  await until("the loss is noticed", () => dongle.counters.resets > 2);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await hears(3);
  assert.match(said.trouble[0], /refuses to send: invalid state \(4\)$/);
  assert.deepEqual(said.lost, []);
});

test("a start that is lost is repeated within its patience", async () => {
  let lost = 2;
  using all = desk({ deaf: ({ command }) => command === COMMAND_RESET && lost-- > 0 });
  await all.dongle.begin(5000);
  assert.equal(all.rcp.resets, 1);
});

test("a part that refuses every frame is told, and is lost", async () => {
  using all = desk({
    refuse: ({ property, command }) => (property === Property.StreamRaw && command === 3 ? Status.ParseError : undefined),
  });
  const { dongle, said } = all;
  await dongle.begin(2000);
  tuneIn(dongle);
  for (let count = 0; count < 20 && said.lost.length === 0; count++) {
    dongle.send(beaconRequest(count), count);
    await until("an answer", () => said.sent.length > count);
  }
  assert.deepEqual(said.trouble, ["the radio's co-processor refuses to send: parse error (9)"]);
  assert.deepEqual(said.lost, ["the radio's co-processor refuses to send: parse error (9); of 8 frames none went out"]);
  assert.deepEqual([dongle.counters.accepted, dongle.counters.refused], [0, 8]);
});

test("a setting that is needed and refused ends the start; so does another protocol", async () => {
  using refusing = desk({ refuse: ({ property }) => (property === Property.SourceMatch ? Status.Unimplemented : undefined) });
  await assert.rejects(refusing.dongle.begin(2000), /^Error: the radio's co-processor refuses source match: unimplemented \(2\)$/);
});

test("a line that ends is told once, whichever way it ends", async () => {
  for (const end of [
    (all: ReturnType<typeof desk>) => all.rcp.stream.push(null),
    (all: ReturnType<typeof desk>) => all.rcp.stream.destroy(new Error("cable out")),
  ]) {
    using all = desk();
    await all.dongle.begin(2000);
    end(all);
    await until("it is told", () => all.said.lost.length > 0);
    assert.match(all.said.lost.join("\n"), /^the line to the radio's co-processor (was closed|broke: cable out)$/);
  }
});

test("the board's client says the same to it, repeats its start, and comes back after a reset", { timeout: 60_000 }, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "spinel-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "spinel");
  const flags = [
    "-std=c11",
    "-O1",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-Iboards/common",
  ];
  execFileSync("cc", [...flags, "tests/air/spinel_main.c", "boards/common/spinel.c", "-o", program], { cwd: ROOT });
  const medium = new Medium({ seed: 1 });
  const other = station(medium, "other", THEIRS);
  let lost = 1;
  const rcp = new StrictRcp(medium, { deaf: ({ command }) => command === COMMAND_RESET && lost-- > 0 });
  const child = spawn(program, [String(CHANNEL), String(PAN)], { stdio: ["pipe", "pipe", "pipe"] });
  rcp.stream.on("data", (octets) => child.stdin.write(octets));
  child.stdout.on("data", (octets) => rcp.stream.write(octets));
  const rest = keepPace(medium);
  let told = "";
  child.stderr.on("data", (text) => {
    told += text;
  });
  try {
    const lines = (): string[] => told.split("\n").filter((line) => line.startsWith("sent"));
    await until("the first is sent", () => lines().includes("sent 0"), 10_000);
    const before = lines().filter((line) => line === "sent 0").length;
    rcp.resetUnasked(false);
    await until("it sends again", () => lines().filter((line) => line === "sent 0").length > before + 2, 10_000);
    assert.deepEqual(rcp.abouts[0], ABOUT);
    const heard = told.split("heard").length;
    other.radio.send(macData(9, PAN, THEIRS, OURS, Buffer.of(9)), 1);
    await until("it listens", () => told.split("heard").length > heard, 5000);
    const refused = rcp.refused.filter(({ property }) => property !== Property.MacReceiveWhenIdle);
    assert.ok(
      refused.every(({ property, status }) => property === Property.StreamRaw && status === Status.InvalidState),
      JSON.stringify(refused),
    );
    assert.ok(refused.length <= 1, JSON.stringify(refused));
  } finally {
    rest();
    child.kill("SIGKILL");
    rcp.stream.destroy();
  }
});
