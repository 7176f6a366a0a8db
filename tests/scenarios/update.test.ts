// Updates over the simulated air: display and meter load while readings go on; loss, resets of either side, a file that changes or is withdrawn.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FileStatus, ImageReason } from "../../host/abi.ts";
import { Activate, Plan } from "../../host/home/update_records.ts";
import { padded } from "../../tools/bench/padding.ts";
import { PAIRS } from "./house.ts";
import { nextModule, nextPackage, UpdateHome, V1, V2 } from "./update_home.ts";

/** A meter that was reset tells its sleepy display again when the display asks for it. */
const READING_MS = 300_000;
/** Of one frame of 127 octets: preamble and frame, acknowledgement after its turnaround, mean back-off with CCA and turnaround. */
const FRAME_US = 133 * 32 + 192 + 11 * 32 + 3.5 * 320 + 128 + 192;
const OCTETS_PER_FRAME = 56;

function scenario(name: string, seed: number, body: (home: UpdateHome) => void, sizes = {}): void {
  test(name, (t) => {
    const home = new UpdateHome(seed, sizes);
    t.diagnostic(`seed ${seed}`);
    try {
      home.join();
      body(home);
    } finally {
      home.close();
    }
  });
}

/** Runs until a device has loaded so many octets. */
function loads(home: UpdateHome, name: "meter" | "ihd", octets: number): void {
  const is = (): boolean => home.status(name).status === FileStatus.Loading && home.status(name).offset >= octets;
  assert.ok(home.until(is, 400_000, 20), `the ${name} does not load: ${JSON.stringify(home.status(name))}; ${home.tail()}`);
}

scenario("display and meter are updated at the same time, and readings go on", 701, (home) => {
  home.run(15_000);
  const from = home.nowMs;
  home.offer(1, "meter", nextPackage("meter"));
  home.offer(2, "ihd", nextPackage("ihd"));
  loads(home, "ihd", 10_000);
  assert.ok(
    home.of("ihd", "reading").some(({ t }) => t > from),
    "a reading came while files were on the air",
  );
  home.updated("ihd");
  home.updated("meter");
  home.goesOn(READING_MS);
  home.run(5000);
  assert.deepEqual(
    home.source.devices.map(({ status, version }) => [status, version]),
    [
      [FileStatus.Activated, V2],
      [FileStatus.Activated, V2],
    ],
  );
  const told = home.of("hub", "rollout").map(({ status }) => status);
  assert.ok(told.filter((status) => status === "loading").length > 40, "the hub tells how far they are");
  assert.equal(home.running("hub"), V1);
  home.sound();
});

scenario(
  "200 kB on one hop take little more than the air needs for them",
  702,
  (home) => {
    const file = nextPackage("meter", { wasm: padded(nextModule("meter"), 205_000, 702) });
    home.offer(1, "meter", file);
    home.updated("meter");
    const own = home.of("meter", "update");
    const begun = own.find(({ status }) => status === "loading")?.t ?? 0;
    const took = (own.find(({ status }) => status === "waiting")?.t ?? 0) - begun;
    const shortest = (Math.ceil(file.length / OCTETS_PER_FRAME) * FRAME_US) / 1000;
    assert.ok(file.length > 200_000);
    assert.ok(
      took / shortest < 1.25 && took / shortest > 0.9,
      `${file.length} octets took ${took} ms, the air needs ${shortest.toFixed(0)}: ${(took / shortest).toFixed(3)}`,
    );
  },
  { slotCapacity: 400_000, fileCapacity: 400_000 },
);

for (const [seed, loss] of [
  [703, 0.1],
  [704, 0.2],
]) {
  scenario(`with ${loss * 100} % loss, duplicates and disorder on the air a meter is updated`, seed, (home) => {
    for (const [a, b] of PAIRS) home.home.medium.setLink(a, b, { loss, duplicate: 0.05, delayUs: 0, jitterUs: 3000 });
    home.offer(1, "meter", nextPackage("meter"));
    home.updated("meter", 3_600_000);
    assert.ok(home.home.medium.counters.lost > 50, "frames were lost");
    for (const [a, b] of PAIRS) home.home.medium.setLink(a, b, { loss: 0, duplicate: 0, jitterUs: 0 });
    home.goesOn(2 * READING_MS);
  });
}

scenario("a hub that is reset in the middle goes on: over the uplink and on the air", 705, (home) => {
  home.offer(1, "meter", nextPackage("meter"));
  assert.ok(home.until(() => (home.source.file(1)?.offset ?? 0) > 20_000, 60_000, 20));
  home.cut("hub", 3000);
  loads(home, "meter", 20_000);
  home.cut("hub", 3000);
  home.updated("meter");
  home.goesOn(READING_MS);
});

scenario("a meter whose power is cut again and again while it loads goes on where it was", 706, (home) => {
  home.offer(1, "meter", nextPackage("meter"));
  for (let octets = 5000; octets < 45_000; octets += 9000) {
    loads(home, "meter", octets);
    home.cut("meter", 1000);
  }
  home.updated("meter");
  const offsets = home.of("hub", "rollout").map(({ offset }) => Number(offset));
  assert.ok(offsets.length > 0);
});

scenario("a file that is exchanged in the middle is noticed: the device loads the new one from its beginning", 707, (home) => {
  home.offer(1, "meter", nextPackage("meter"));
  loads(home, "meter", 15_000);
  home.offer(1, "meter", nextPackage("meter", { version: V2 + 1, counter: 3, extra: 900 }));
  home.updated("meter", 2 * 3_600_000, V2 + 1);
});

scenario("a file that is withdrawn is given up, and a later one loaded", 708, (home) => {
  home.offer(1, "meter", nextPackage("meter"));
  loads(home, "meter", 15_000);
  home.source.withdraw(1);
  assert.ok(
    home.until(() => home.status("meter").status !== FileStatus.Loading || home.last("meter", "update")?.status === "failed", 120_000),
    home.tail(),
  );
  assert.equal(home.running("meter"), V1);
  home.offer(1, "meter", nextPackage("meter", { version: V2 + 1, counter: 3 }));
  home.updated("meter", 2 * 3_600_000, V2 + 1);
});

scenario("a package that the device refuses stops the rollout of one failure", 709, (home) => {
  home.offer(1, "meter", nextPackage("meter", { hardware: { minimum: 1, maximum: 1 }, nativeMinimum: 0x7fffffff }));
  assert.ok(
    home.until(() => home.source.file(1)?.plan === Plan.StoppedByFailures, 300_000),
    home.tail(),
  );
  assert.equal(home.status("meter").reason, ImageReason.Native);
  assert.equal(home.source.devices[0]?.status, FileStatus.Failed);
  assert.equal(home.running("meter"), V1);
});

scenario("a display that waits for the command activates when it is given", 710, (home) => {
  home.offer(2, "ihd", nextPackage("ihd"), { activate: Activate.OnCommand });
  assert.ok(
    home.until(() => home.source.devices[0]?.status === FileStatus.Waiting, 300_000),
    home.tail(),
  );
  home.run(60_000);
  assert.equal(home.running("ihd"), V1);
  home.source.activate(2);
  home.updated("ihd", 120_000);
  home.goesOn(READING_MS);
});

test("a sleepy display behind a router asks for blocks, and on trial finds the hub that is no neighbour", () => {
  const home = new UpdateHome(21);
  try {
    home.home.medium.setLink("hub", "ihd", { inRange: false });
    home.join(600_000);
    home.offer(2, "ihd", nextPackage("ihd"));
    home.updated("ihd", 600_000);
    home.goesOn(READING_MS);
  } finally {
    home.close();
  }
});

scenario("the hub updates itself, and its home is there again", 711, (home) => {
  home.offer(0, "hub", nextPackage("hub"));
  home.updated("hub", 120_000);
  home.goesOn(READING_MS);
});

scenario("a hub on trial that does not hear its head-end runs the old module again", 712, (home) => {
  home.offer(0, "hub", nextPackage("hub"));
  assert.ok(home.until(() => home.status("hub").status === FileStatus.Activating, 120_000, 20));
  home.uplinkIsUp = false;
  assert.ok(
    home.until(() => home.status("hub").status === FileStatus.ActivationFailed && home.running("hub") === V1, 3_600_000),
    home.tail(),
  );
  assert.equal(home.running("hub"), V1);
  assert.equal(home.status("hub").reason, ImageReason.Unhealthy);
  home.goesOn(READING_MS);
});
