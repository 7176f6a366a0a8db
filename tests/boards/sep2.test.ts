// Meter and display of phase 2 on the emulated board: a recorded life says there what it says under V8 and wasm3, and a live one joins a hub.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SEP2_ARENA_SIZES } from "../../host/board/build.ts";
import { replayOnBoard } from "../../host/board/replay.ts";
import { sep2Firmware } from "../../host/home/firmware.ts";
import { Pacer } from "../../host/home/pacer.ts";
import { moduleBytes } from "../../host/modules.ts";
import { replayOnWasm3 } from "../../host/replay/replay.ts";
import { readTrace } from "../../host/trace.ts";
import { Home, tshark } from "../ip/home.ts";

const ROLES = ["meter", "ihd"] as const;
/** Join with certificates, then a question over TLS. */
const SIMULATED_S = 40;
const EFFECTS_MIN = 100;
/** Of the live home: what it may take until both were answered. */
const LIVE_S = 120;

test("a life with a join and a question over TLS says on wasm3 and on the emulated board what it says under V8", async () => {
  const home = new Home(6, "V8", true);
  for (const kind of ["hub", ...ROLES] as const) home.add(kind, kind);
  home.start();
  home.run(SIMULATED_S);
  assert.equal(home.keyLog.length, 8, "each joined, and asked");
  for (const role of ROLES) {
    const engine = home.recorded.get(role);
    assert.ok(engine);
    const [wasm, recording, expected] = [moduleBytes(`${role}_sep2`), engine.recording.bytes(), engine.trace.bytes()];
    assert.ok(readTrace(expected).length > EFFECTS_MIN);
    assert.ok(replayOnWasm3(wasm, recording, 0).equals(expected), `${role} on wasm3`);
    const board = await replayOnBoard({ wasm, recording, arenaSize: SEP2_ARENA_SIZES[role], trace: true });
    assert.equal(board.reason, "");
    assert.ok(board.trace.equals(expected), `${role} on the emulated board`);
  }
});

test("meter and display on emulated boards join a hub over their co-processors, and are told the time", async (context) => {
  const home = new Home(7);
  home.add("hub", "hub");
  const paced = {
    get nowUs(): number {
      return home.clock.nowUs;
    },
    get nextUs(): number | undefined {
      return home.clock.nextUs;
    },
    advance: (timeUs: number) => home.clock.runUntil(timeUs),
  };
  const pacer = new Pacer(paced, 1, LIVE_S * 1_000_000);
  const boards = await Promise.all(
    ROLES.map(async (role) => home.addBoard(role, await sep2Firmware(role), (action) => pacer.enter(action))),
  );
  context.after(async () => {
    for (const board of boards) board.close();
    await Promise.all(boards.map((board) => board.remove()));
  });
  home.start();
  // The hub is the server of both: four secrets are two that joined and two that asked; then three seconds for the answers.
  let untilUs = Number.POSITIVE_INFINITY;
  const over = (): boolean => {
    if (home.keyLog.length >= 4) untilUs = Math.min(untilUs, home.clock.nowUs + 3_000_000);
    return home.clock.nowUs >= untilUs;
  };
  await pacer.run(over, () => Promise.resolve());
  assert.deepEqual(home.troubles, []);
  assert.ok(home.joined("meter") && home.joined("ihd"));
  assert.deepEqual(tshark(context, home, "_ws.malformed || tls.alert_message.level == 2", ["frame.number"]), []);
  const answers = tshark(context, home, "http.response.code == 200", ["ipv6.dst"]);
  assert.equal(new Set(answers).size, 2, "both were answered");
});
