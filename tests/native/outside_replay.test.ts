// The surroundings' answers in a recording (docs/abi.md, kinds 10 and 11): a replay has them from there, on both engines.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Err } from "../../host/err.ts";
import { ReplayEnd } from "../../host/native/addon.ts";
import { replayOnV8, replayOnWasm3, SILENT } from "../../host/replay/replay.ts";
import { effectOctets, int64, keyOctets, readTrace, startOctets, TraceFile, TraceKind } from "../../host/trace.ts";
import { KeySlots } from "../../host/v8/crypto.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { caller, device, LIMIT, rowOf } from "./harness.ts";

const AT = 1024;
const SEED = Buffer.alloc(32, 0xa5);
const NOTHING = new Uint8Array(0);

/** A poll with what follows it. */
type Poll = [number, Uint8Array][];
const outside = (name: string, answer: number): [number, Uint8Array] => [
  TraceKind.Outside,
  effectOctets(rowOf(name).id, answer, [], NOTHING),
];

function recording(polls: Poll[], before: Poll = []): Buffer {
  const file = TraceFile.recording();
  file.add(TraceKind.Seed, SEED);
  for (const [kind, octets] of before) file.add(kind, octets);
  file.add(TraceKind.Start, startOctets(0n, 0));
  for (const [index, behind] of polls.entries()) {
    file.add(TraceKind.Poll, int64(BigInt(index)));
    for (const [kind, octets] of behind) file.add(kind, octets);
  }
  return file.bytes();
}

/** The module's poll calls the import and answers what that answered. */
const asking = (name: string): Buffer =>
  caller(
    rowOf(name),
    rowOf(name).arguments.map(({ name }) => ({ at: AT, size: 8, parameter: 1 })[name] ?? 0),
  );
const answersOf = (trace: Buffer): bigint[] =>
  readTrace(trace)
    .filter(({ kind }) => kind === TraceKind.Answer)
    .map(({ octets }) => Buffer.from(octets).readBigInt64LE());
const ENGINES: [string, (wasm: Uint8Array, octets: Uint8Array) => Buffer][] = [
  ["V8", replayOnV8],
  ["wasm3", (wasm, octets) => replayOnWasm3(wasm, octets, LIMIT)],
];
const OUTSIDE = ["radio_set", "radio_send", "sense", "uplink_send"];

for (const [engine, replay] of ENGINES)
  for (const name of OUTSIDE) {
    test(`${name} answers on ${engine} what the recording says, in its order, and 0 where it says nothing`, () => {
      const said = recording([[outside(name, Err.NotFound)], [outside(name, 7)], [outside(name, Err.Busy)]]);
      assert.deepEqual(answersOf(replay(asking(name), said)), [BigInt(Err.NotFound), 7n, BigInt(Err.Busy)]);
      if (name !== "radio_send") assert.deepEqual(answersOf(replay(asking(name), recording([[], []]))), [0n, 0n]);
    });

    test(`a recording that has another's answer to ${name}, or one that ${name} did not ask for, ends the replay on ${engine}`, () => {
      const other = OUTSIDE[(OUTSIDE.indexOf(name) + 1) % OUTSIDE.length];
      for (const polls of [
        [[outside(other, 1)]],
        [[outside(name, 1), outside(name, 1)]],
        [[[TraceKind.Outside, Buffer.of(rowOf(name).id)]]],
      ])
        assert.throws(() => replay(asking(name), recording(polls as Poll[])), /otherwise than the module does/);
    });
  }

test("what a V8 engine asked is in its recording, and plays again on both engines", () => {
  for (const name of OUTSIDE) {
    let asked = 0;
    const answer = (): number => -++asked;
    const surroundings = { ...SILENT, radioSet: answer, radioSend: answer, sense: answer, uplinkSend: answer };
    const engine = new V8Engine({ wasm: asking(name), seed: SEED, surroundings, record: true });
    engine.start(0n, 0);
    for (let poll = 1n; poll <= 3n; poll++) engine.poll(poll);
    assert.deepEqual(answersOf(engine.trace.bytes()), [-1n, -2n, -3n]);
    for (const [, replay] of ENGINES)
      assert.deepEqual(replay(asking(name), engine.recording.bytes()).subarray(4), engine.trace.bytes().subarray(4), name);
  }
});

test("keys of before the first start are there on both engines, in the slots that boards have", () => {
  const wasm = caller(
    rowOf("ccm_seal"),
    rowOf("ccm_seal").arguments.map(({ name }) => ({ key: 79, nonce: AT, aad: AT, text: AT })[name] ?? 0),
  );
  const withKey = (octets: Uint8Array): Buffer => recording([[]], [[TraceKind.Key, octets]]);
  const key = keyOctets(79, SEED.subarray(0, 16));
  for (const [, replay] of ENGINES) {
    assert.deepEqual(answersOf(replay(wasm, withKey(key))), [4n], "sealed");
    assert.deepEqual(answersOf(replay(wasm, recording([[]]))), [BigInt(Err.NotFound)]);
  }
  for (const bad of [keyOctets(80, SEED.subarray(0, 16)), key.subarray(0, 16), Buffer.concat([key, key])]) {
    assert.throws(() => replayOnV8(wasm, withKey(bad)), /boards have none such/);
    assert.equal(device(wasm).replay(withKey(bad)), ReplayEnd.Bad);
  }
  const keys = new KeySlots();
  keys.set(5, SEED.subarray(0, 16));
  const engine = new V8Engine({ wasm, seed: SEED, surroundings: SILENT, keys, record: true });
  assert.deepEqual(
    readTrace(engine.recording.bytes()).filter(({ kind }) => kind === TraceKind.Key),
    [{ kind: TraceKind.Key, octets: keyOctets(5, SEED.subarray(0, 16)) }],
  );
});
