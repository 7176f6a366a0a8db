// The imports on the boards' engine: wrong pointers, the event queue, the radio's rule, refused arguments.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventKind, Field, IMPORTS, type ImportRow } from "../../host/abi.ts";
import { Err } from "../../host/err.ts";
import { Stop } from "../../host/native/addon.ts";
import { caller, device, importType, LIMIT, poll, rowOf, surroundings } from "./harness.ts";
import * as w from "./wasm_bytes.ts";

// ---- Pointers ----

/** Arguments that fit: every address 0, every size 16, and a field that the contract has. */
function fitting(row: ImportRow): number[] {
  return row.arguments.map(({ name }) => (name === "field" ? 2 : /size|capacity/.test(name) ? 16 : name === "record" ? 100 : 0));
}

for (const row of IMPORTS) {
  const names = row.arguments.map((argument) => argument.name);
  for (const range of [...row.reads, ...row.writes]) {
    const at = names.indexOf(range.pointer);
    const sizeAt = names.indexOf(/^\w+/.exec(range.size)?.[0] ?? "");
    const extent = (values: number[]): number => {
      const [, term, more] = /^(\w+?)(?:\+(\d+))?$/.exec(range.size) ?? [];
      return (sizeAt < 0 ? Number(term) : values[sizeAt]) + Number(more ?? 0);
    };
    test(`${row.name} takes a range at the very end of the memory as ${range.pointer}, and one octet later it is a trap`, () => {
      const values = fitting(row);
      values[at] = LIMIT - extent(values);
      if (row.name !== "halt") assert.equal(poll(caller(row, values)).stop, Stop.None);
      values[at] += 1;
      const calls: string[] = [];
      const result = poll(caller(row, values), { surroundings: surroundings(calls) });
      assert.equal(result.stop, Stop.Trap, result.reason);
      assert.match(result.reason, /out of bounds/);
      assert.deepEqual(calls, [], "nothing has happened");
    });
    test(`${row.name} with an address or a size near 2^32 as ${range.pointer} is a trap`, () => {
      for (const value of [-1, -16, 0x7fffffff, -0x80000000]) {
        const values = fitting(row);
        values[at] = value;
        assert.equal(poll(caller(row, values)).stop, Stop.Trap, `address ${value}`);
        if (sizeAt < 0) continue;
        const sizes = fitting(row);
        sizes[sizeAt] = value;
        assert.equal(poll(caller(row, sizes)).stop, Stop.Trap, `size ${value}`);
      }
    });
  }
}

// ---- Constants ----

test("constant_read gives what is left of the section, and nothing beyond it", () => {
  const constants = w.section(0, [...w.text("constants"), ...Array.from({ length: 10 }, (_, index) => 0x40 + index)]);
  const read = (offset: number, capacity: number, tail: w.Octets): bigint | null =>
    poll(Buffer.concat([caller(rowOf("constant_read"), [offset, 0, capacity]), Buffer.from(tail)])).deadline;
  for (const [offset, capacity, answer] of [
    [0, 10, 10],
    [0, 11, 10],
    [3, 4, 4],
    [9, 4, 1],
    [10, 4, 0],
    [11, 4, 0],
    [-1, 4, 0],
    [0x7fffffff, 16, 0],
    [4, 0, 0],
  ])
    assert.equal(read(offset, capacity, constants), BigInt(answer), `${capacity} octets at ${offset}`);
  assert.equal(read(0, 10, []), 0n, "a module without the section");
});

// ---- Events and the radio ----

function event(kind: number, handle: number, payload = 0, interfaceNumber = 0): Buffer {
  const octets = Buffer.alloc(16 + payload, 0xa5);
  octets[4] = interfaceNumber;
  octets[0] = kind;
  octets.writeUInt16LE(payload, 2);
  octets[6] = handle;
  return octets;
}

test("the queue takes 16 events, drops and counts the 17th, and gives them back in order", () => {
  const d = device(caller(rowOf("next"), [0, 200]));
  d.start(0n, 0);
  for (let i = 0; i < 16; i++) assert.equal(d.push(event(EventKind.Measured, i, i)), true);
  assert.equal(d.push(event(EventKind.Measured, 16)), false);
  assert.equal(d.stats().eventsDropped, 1);
  for (let i = 0; i < 16; i++) assert.equal(d.poll(1n), BigInt(16 + i));
  assert.equal(d.poll(1n), 0n);
});

test("an event whose head contradicts its size is refused", () => {
  const d = device(w.module());
  assert.equal(d.push(event(EventKind.Uplink, 0, 264)), true);
  assert.equal(d.push(event(EventKind.Uplink, 0, 265)), false);
  assert.equal(d.push(event(EventKind.Uplink, 0).subarray(0, 15)), false);
  const wrong = event(EventKind.Uplink, 0, 4);
  wrong.writeUInt16LE(5, 2);
  assert.equal(d.push(wrong), false);
});

test("an Ethernet frame of 1,514 octets is an event, one octet more is none, and the queue keeps its octets", () => {
  const d = device(caller(rowOf("next"), [0, 2000]));
  d.start(0n, 0);
  assert.equal(d.push(event(EventKind.LinkReceived, 0, 1515)), false);
  assert.equal(d.push(event(EventKind.LinkReceived, 0, 1514)), true);
  assert.equal(d.push(event(EventKind.LinkReceived, 0, 1015)), false, "2,560 octets in all");
  assert.equal(d.push(event(EventKind.LinkReceived, 0, 1014)), true);
  assert.deepEqual([d.poll(1n), d.poll(1n), d.poll(1n)], [1530n, 1030n, 0n]);
});

test("an Ethernet frame of 14 to 1,514 octets goes to a link that there is", () => {
  const calls: string[] = [];
  const linkSend = (number: number, frame: Uint8Array): number => {
    if (number !== 3) return Err.NotFound;
    calls.push(`${number} ${frame.length}`);
    return Err.Ok;
  };
  const answer = (number: number, size: number, more = { ...surroundings(), linkSend }): bigint | null =>
    poll(caller(rowOf("link_send"), [number, 0, size]), { surroundings: more }).deadline;
  assert.deepEqual(
    [13, 14, 1514, 1515].map((size) => answer(3, size)),
    [BigInt(Err.BadLength), 0n, 0n, BigInt(Err.BadLength)],
  );
  assert.deepEqual([answer(4, 14), answer(8, 14), answer(-1, 14)], [BigInt(Err.NotFound), BigInt(Err.NotFound), BigInt(Err.NotFound)]);
  assert.equal(answer(0, 14, surroundings() as never), BigInt(Err.NotFound), "surroundings without links");
  assert.deepEqual(calls, ["3 14", "3 1514"]);
});

test("an event that is larger than its place is lost, and the next one comes", () => {
  const d = device(caller(rowOf("next"), [0, 20]));
  d.start(0n, 0);
  d.push(event(EventKind.Uplink, 0, 5));
  d.push(event(EventKind.Uplink, 0, 4));
  assert.equal(d.poll(1n), BigInt(Err.NoBuffer));
  assert.equal(d.poll(1n), 20n);
});

/** poll sends a frame with handle 5 on interface now / 4 where now is odd, takes an event where it is even. */
function sender(): Buffer {
  const types = [...w.TYPES, importType(rowOf("radio_send"))];
  const now32 = [0x20, 0, 0xa7];
  const send = [...now32, ...w.i32(2), 0x76, ...w.i32(0), ...w.i32(20), ...w.i32(5), 0x10, 0];
  const take = [...w.i32(64), ...w.i32(200), 0x10, 1];
  const choose = [...now32, ...w.i32(1), 0x71, 0x04, w.I32, ...send, 0x05, ...take, 0x0b, 0xac];
  const names = ["abi", "start", "poll"].map((name, index) => w.exported(name, 0, index + 2));
  return w.module({
    1: w.vector(types),
    2: w.vector([w.imported("han", "radio_send", w.TYPES.length), w.imported("han", "next", 3)]),
    7: w.vector([...names, w.exported("memory", 2, 0)]),
    10: w.vector([w.ABI_BODY, w.START_BODY, w.body(choose)]),
  });
}

test("the radio is busy until its RadioSent with the same handle has been taken", () => {
  const calls: string[] = [];
  const answers = { send: Err.NoBuffer as number };
  const d = device(sender(), { surroundings: surroundings(calls, answers) });
  d.start(0n, 0);
  assert.equal(d.poll(1n), BigInt(Err.NoBuffer), "a refused frame");
  answers.send = Err.Ok;
  assert.equal(d.poll(1n), 0n, "leaves the radio free");
  assert.equal(d.poll(1n), BigInt(Err.Busy));
  d.push(event(EventKind.RadioSent, 4));
  assert.equal(d.poll(2n), 16n);
  assert.equal(d.poll(1n), BigInt(Err.Busy), "another handle");
  d.push(event(EventKind.RadioSent, 5));
  assert.equal(d.poll(1n), BigInt(Err.Busy), "not taken yet");
  assert.equal(d.poll(2n), 16n);
  assert.equal(d.poll(1n), 0n);
  assert.equal(calls.length, 3);
});

test("each interface has its own frame under way", () => {
  const calls: string[] = [];
  const d = device(sender(), { surroundings: surroundings(calls) });
  const send = (number: number): bigint | null => d.poll(BigInt(4 * number + 1));
  const take = (): bigint | null => d.poll(2n);
  d.start(0n, 0);
  assert.deepEqual([0, 1, 7].map(send), [0n, 0n, 0n]);
  assert.deepEqual([0, 1, 7].map(send), [BigInt(Err.Busy), BigInt(Err.Busy), BigInt(Err.Busy)]);
  assert.equal(send(8), BigInt(Err.NotFound));
  for (const number of [8, 255, 1]) d.push(event(EventKind.RadioSent, 5, 0, number));
  for (let left = 3; left > 0; left--) assert.equal(take(), 16n);
  assert.deepEqual([0, 1, 7].map(send), [BigInt(Err.Busy), 0n, BigInt(Err.Busy)]);
  assert.deepEqual(
    calls.map((call) => call.split(" ")[1]),
    ["0", "1", "7", "1"],
  );
});

test("frames of 3 to 125 octets are sent, others are BadLength", () => {
  const answer = (size: number): bigint | null => poll(caller(rowOf("radio_send"), [0, 0, size, 1])).deadline;
  assert.deepEqual([2, 3, 125, 126].map(answer), [BigInt(Err.BadLength), 0n, 0n, BigInt(Err.BadLength)]);
});

test("unknown parameters, lines and lengths are refused before the surroundings hear of them", () => {
  const calls: string[] = [];
  const answer = (name: string, values: number[]): bigint | null =>
    poll(caller(rowOf(name), values), { surroundings: surroundings(calls) }).deadline;
  assert.equal(answer("radio_set", [0, 0, 1]), BigInt(Err.Reserved));
  assert.equal(answer("radio_set", [7, 11, 1]), BigInt(Err.Reserved));
  assert.equal(answer("radio_set", [8, 1, 1]), BigInt(Err.NotFound));
  assert.equal(answer("radio_set", [-1, 1, 1]), BigInt(Err.NotFound));
  assert.equal(answer("radio_send", [8, 0, 20, 1]), BigInt(Err.NotFound));
  assert.equal(answer("display", [8, 0, 4]), BigInt(Err.Reserved));
  assert.equal(answer("display", [0, 0, 33]), BigInt(Err.BadLength));
  assert.equal(answer("gf2_multiply", [Field.Sect283k1, 0, 40, 80, 282]), BigInt(Err.Ok));
  assert.equal(answer("gf2_multiply", [0, 0, 40, 80, 0]), BigInt(Err.Reserved));
  assert.equal(answer("gf2_multiply", [3, 0, 40, 80, 0]), BigInt(Err.Reserved));
  assert.equal(answer("gf2_multiply", [Field.Sect163k1, 0, 40, 80, 283]), BigInt(Err.Reserved));
  assert.equal(answer("key_set", [80, 0]), BigInt(Err.NoBuffer));
  assert.equal(answer("ccm_seal", [0, 0, 0, 0, 0, 4]), BigInt(Err.NotFound));
  assert.equal(answer("store_write", [0, 0, 4]), BigInt(Err.Reserved));
  assert.equal(answer("store_write", [1, 0, 513]), BigInt(Err.NoBuffer));
  assert.deepEqual(calls, []);
});
