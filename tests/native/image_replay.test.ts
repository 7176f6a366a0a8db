// The boards' engine on a recording that holds answers of image imports (docs/abi.md, kind 9): they come from there, or the replay ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ReplayEnd, Stop } from "../../host/native/addon.ts";
import { replayOnWasm3 } from "../../host/replay/replay.ts";
import { imageOctets, int64, readTrace, startOctets, TraceFile, TraceKind } from "../../host/trace.ts";
import { caller, device, importType, LIMIT, rowOf } from "./harness.ts";
import * as w from "./wasm_bytes.ts";

const AT = 1024;
const STATE = 25;
const SEED = Buffer.alloc(32, 0xa5);

/** `polls` times one poll with what follows it. */
function recording(...polls: [number, Uint8Array][][]): Buffer {
  const file = TraceFile.recording();
  file.add(TraceKind.Seed, SEED);
  file.add(TraceKind.Start, startOctets(0n, 0));
  for (const [index, behind] of polls.entries()) {
    file.add(TraceKind.Poll, int64(BigInt(index)));
    for (const [kind, octets] of behind) file.add(kind, octets);
  }
  return file.bytes();
}

const image = (id: number, answer: number, written: Uint8Array = new Uint8Array(0)): [number, Uint8Array] => [
  TraceKind.Image,
  imageOctets(id, answer, written),
];

function replay(wasm: Uint8Array, octets: Uint8Array): { end: number; answers: bigint[] } {
  const d = device(wasm);
  assert.equal(d.stop().code, Stop.None, d.stop().reason);
  const end = d.replay(octets);
  const trace = readTrace(d.takeTrace());
  const answers = trace.filter(({ kind }) => kind === TraceKind.Answer).map(({ octets }) => Buffer.from(octets).readBigInt64LE());
  d.close();
  return { end, answers };
}

/** Asks for the state, then makes what lies at `offset` of it the deadline. */
function stateReader(capacity: number, offset: number): Buffer {
  const row = rowOf("image_state");
  const load = [...w.i32(AT), 0x28, 2, ...w.leb(offset), 0xac];
  const instructions = [...w.i32(0), ...w.i32(AT), ...w.i32(capacity), 0x10, 0, 0x1a, ...load];
  return w.withPoll(instructions, { import: { name: row.name, type: importType(row) } });
}

for (const name of ["image_begin", "image_write", "image_read", "image_finish", "image_activate", "image_confirm", "image_state"]) {
  test(`${name} answers what the recording says, in its order`, () => {
    const row = rowOf(name);
    const wasm = caller(
      row,
      row.arguments.map((argument) => (argument.name === "at" ? AT : 16)),
    );
    assert.deepEqual(replay(wasm, recording([image(row.id, 7)], [image(row.id, -7)], [image(row.id, 0x7fffffff)])), {
      end: ReplayEnd.Done,
      answers: [7n, -7n, 0x7fffffffn],
    });
    const other = row.id === STATE ? row.id - 1 : row.id + 1;
    for (const wrong of [[], [image(other, 7)], [image(row.id, 7), image(row.id, 7)], [[TraceKind.Trap, new Uint8Array(0)] as const]]) {
      assert.equal(replay(wasm, recording(wrong as [number, Uint8Array][], [])).end, ReplayEnd.Bad);
    }
  });
}

test("what an image import wrote is in the module's memory again", () => {
  const written = Buffer.from(Array.from({ length: 48 }, (_, index) => index + 1));
  assert.deepEqual(replay(stateReader(48, 44), recording([image(STATE, 48, written)])), { end: ReplayEnd.Done, answers: [0x302f2e2dn] });
  // Nothing written leaves nothing; one octet more than there is room for is another module's recording.
  assert.deepEqual(replay(stateReader(48, 0), recording([image(STATE, -7)])), { end: ReplayEnd.Done, answers: [0n] });
  assert.equal(replay(stateReader(47, 0), recording([image(STATE, 48, written)])).end, ReplayEnd.Bad);
});

test("a recording that ends inside an answer is refused, at every octet", () => {
  const whole = recording([image(STATE, 48, Buffer.alloc(48, 0xa5))]);
  const begin = recording([]).length;
  assert.equal(replay(stateReader(48, 0), whole).end, ReplayEnd.Done);
  for (let size = begin; size < whole.length; size++) assert.equal(replay(stateReader(48, 0), whole.subarray(0, size)).end, ReplayEnd.Bad);
});

test("a board without slots says so, and a replay without answers to a module that asks is an error with a sentence", () => {
  const d = device(stateReader(48, 0));
  assert.equal(d.images(), null);
  d.close();
  const row = rowOf("image_state");
  const asks = device(caller(row, [0, AT, 48]));
  assert.equal(asks.start(0n, 0), true);
  assert.equal(asks.poll(1n), -7n);
  asks.close();
  assert.throws(() => replayOnWasm3(stateReader(48, 0), recording([]), LIMIT), /goes on otherwise/);
});
