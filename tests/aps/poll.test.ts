// A sleeping device behind a radio that says of every data request that a frame waits, as co-processors do whose source match is off: what it begins to
// expect while it listens for a frame that never comes is asked for all the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Radio } from "../../host/air/radio.ts";
import { Air, APS_ACK, form, Heard, joinNetwork } from "../scenarios/harness.ts";

const BASIC = 0x0000;
const COMMAND = 3;
const DATA_REQUEST = 4;
/** In the middle of the hundred milliseconds of listening. */
const LISTENING_MS = 30;
const SOON_MS = 600;

test("an answer that a sleeping device waits for is fetched, also when it begins to wait while it listens", async () => {
  const air = new Air(52, "poll-pending");
  const hub = await air.node("hub", "coordinator");
  const child = await air.node("ihd", "end_device");
  try {
    (hub as unknown as { device: { radio: Radio } }).device.radio.pendingForAll = true;
    assert.ok(form(hub, child));
    assert.ok(joinNetwork(child));
    air.run(30_000);
    for (let round = 0; round < 3; round++) {
      const before = air.frames.length;
      const asks = (): boolean =>
        air.frames.slice(before).some(({ source, psdu }) => source === "ihd" && (psdu[0] & 7) === COMMAND && psdu[9] === DATA_REQUEST);
      assert.ok(air.until(asks, 20_000), "it asks from time to time");
      air.run(LISTENING_MS);
      const from = child.notes.length;
      assert.ok(child.send(hub, BASIC, APS_ACK, Buffer.from([0x00, round, 0x00, 0x00, 0x00]), 0x0109) >= 0);
      assert.ok(
        air.until(() => child.heard(Heard.Confirm, from).length > 0, SOON_MS),
        `round ${round}: not acknowledged within ${SOON_MS} ms`,
      );
      air.run(20_000);
    }
  } finally {
    air.close();
  }
});
