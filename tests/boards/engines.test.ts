// One recording of each device of the home gives the same effects and deadlines on V8, on wasm3 in Node and on the emulated board.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { replayOnBoard } from "../../host/board/replay.ts";
import { DEFAULT_PLAN, type DeviceId, planIds } from "../../host/home/plan.ts";
import { type HomeRecording, recordHome } from "../../host/measure/record.ts";
import { memoryNeed } from "../../host/memory_need.ts";
import { moduleBytes } from "../../host/modules.ts";
import { replayOnV8, replayOnWasm3 } from "../../host/replay/replay.ts";
import { readTrace, TraceKind } from "../../host/trace.ts";

/** Join, key establishment, binding and a few reports. */
const SIMULATED_MS = 60_000;
const EFFECTS_MIN = 200;

const recorded = new Map<1 | 2, HomeRecording>();

before(() => {
  for (const suite of [1, 2] as const) recorded.set(suite, recordHome(suite, SIMULATED_MS));
});

/** Names the first record that differs: two files of a megabyte are no message. */
function same(actual: Uint8Array, expected: Uint8Array, name: string): void {
  const [one, other] = [readTrace(actual), readTrace(expected)];
  for (const [index, record] of other.entries()) {
    const line = (found: typeof record | undefined): string =>
      found ? `${found.kind} ${Buffer.from(found.octets).toString("hex")}` : "nothing";
    assert.equal(line(one[index]), line(record), `${name}: record ${index} of ${other.length}`);
  }
  assert.equal(one.length, other.length, name);
}

function take(suite: 1 | 2, device: DeviceId): { recording: Buffer; trace: Buffer } {
  const home = recorded.get(suite) as HomeRecording;
  const recording = home.recordings.get(device);
  const trace = home.traces.get(device);
  assert.ok(recording && trace);
  assert.ok(readTrace(trace).length > EFFECTS_MIN, "the recording is long enough to mean something");
  assert.ok(
    readTrace(recording).some(({ kind }) => kind === TraceKind.Image),
    "the device asked its image slots",
  );
  return { recording, trace };
}

for (const suite of [1, 2] as const) {
  for (const device of planIds(DEFAULT_PLAN)) {
    test(`the ${device}'s recording with suite ${suite} replays on V8 and on wasm3 in Node as it ran`, () => {
      const { recording, trace } = take(suite, device);
      const wasm = moduleBytes(`${device}_sep1`);
      same(replayOnV8(wasm, recording), trace, "V8");
      same(replayOnWasm3(wasm, recording, memoryNeed(wasm)), trace, "wasm3 in Node");
    });
  }
}

for (const device of planIds(DEFAULT_PLAN)) {
  test(`the ${device}'s recording replays on the emulated board as it ran`, async () => {
    const { recording, trace } = take(2, device);
    const result = await replayOnBoard({ wasm: moduleBytes(`${device}_sep1`), recording, trace: true });
    same(result.trace, trace, "board");
  });
}
