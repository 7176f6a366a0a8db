// The imports of V8 against the table of docs/abi.md: every range is checked, to the octet; kept key schedules follow their keys.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventKind, IMPORTS, type ImportRow } from "../../host/abi.ts";
import { scheduleOf } from "../../host/crypto/aes.ts";
import { keyVariant } from "../../host/crypto/mmo.ts";
import { Err } from "../../host/err.ts";
import { NO_IMAGES } from "../../host/image/images.ts";
import { SILENT } from "../../host/replay/replay.ts";
import { ModuleBodies } from "../../host/v8/bodies.ts";
import { KEY_SLOTS, KeySlots } from "../../host/v8/crypto.ts";
import { bind } from "../../host/v8/imports.ts";
import { EVENT_QUEUE, EVENT_QUEUE_OCTETS, EVENT_SIZE_MAX, EventQueue } from "../../host/v8/queue.ts";

const PAGE = 0x1_0000;
type Call = (...values: (number | bigint)[]) => number | undefined;

function machine(maximum = 1): { imports: Record<string, Call>; memory: WebAssembly.Memory; keys: KeySlots } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum });
  const keys = new KeySlots();
  const seed = Buffer.alloc(32, 7);
  const constants = Buffer.from("constants");
  const queue = new EventQueue();
  const bodies = new ModuleBodies({ surroundings: SILENT, store: new Map(), keys, images: NO_IMAGES, queue, seed, constants });
  bodies.open(memory);
  return { imports: bind(bodies) as unknown as Record<string, Call>, memory, keys };
}

/** A range's size with every size argument at 1. */
function sizeOf(text: string): number {
  const [, first, operator, operand] = /^([a-z_]+|\d+)(?:([+*])(\d+))?$/.exec(text) ?? [];
  const base = /^\d/.test(first) ? Number(first) : 1;
  if (operator === "+") return base + Number(operand);
  return operator === "*" ? base * Number(operand) : base;
}

function values(row: ImportRow, changed: Record<string, number>): (number | bigint)[] {
  const sizes = new Set([...row.reads, ...row.writes].map(({ size }) => /^[a-z_]+/.exec(size)?.[0]));
  return row.arguments.map(({ name, wide }) => {
    if (wide) return 0n;
    return changed[name] ?? (sizes.has(name) ? 1 : 0);
  });
}

for (const row of IMPORTS) {
  for (const { pointer, size } of [...row.reads, ...row.writes]) {
    test(`${row.name}: the range at ${pointer} must lie in the memory`, () => {
      const { imports } = machine();
      const last = PAGE - sizeOf(size);
      const outside = new RegExp(
        `^RangeError: ${row.name} was given ${sizeOf(size)} octets at ${last + 1}, outside of the module's memory$`,
      );
      assert.throws(() => imports[row.name](...values(row, { [pointer]: last + 1 })), outside);
      imports[row.name](...values(row, { [pointer]: last }));
      for (const address of [-1, -PAGE, 0x7fff_ffff, -0x8000_0000])
        assert.throws(() => imports[row.name](...values(row, { [pointer]: address })), RangeError, `at ${address}`);
      const counted = /^[a-z_]+/.exec(size)?.[0];
      if (counted) assert.throws(() => imports[row.name](...values(row, { [counted]: -1 })), RangeError, "4 GiB");
    });
  }
}

test("a module that grows its memory is served in all of it", () => {
  const { imports, memory } = machine(2);
  assert.throws(() => imports.entropy(PAGE, 8), RangeError);
  memory.grow(1);
  imports.entropy(PAGE, 8);
  assert.notDeepEqual(Buffer.from(memory.buffer, PAGE, 8), Buffer.alloc(8));
  imports.entropy(16, 8);
  assert.notDeepEqual(Buffer.from(memory.buffer, 16, 8), Buffer.alloc(8));
});

test("a kept schedule is that of the slot's key and variant, also after the key changed", () => {
  const keys = new KeySlots();
  assert.equal(keys.schedule(0), undefined);
  for (const octet of [1, 2]) {
    const key = Buffer.alloc(16, octet);
    keys.set(3, key);
    for (const variant of [0, 1, 2]) {
      const made = keys.schedule(3 | (variant << 8));
      assert.deepEqual(made, scheduleOf(keyVariant(key, variant)));
      assert.equal(keys.schedule(3 | (variant << 8)), made, "made once");
    }
  }
  assert.equal(keys.schedule(3 | (3 << 8)), undefined, "no such variant");
  keys.clear(3);
  assert.equal(keys.schedule(3), undefined);
  assert.equal(keys.set(KEY_SLOTS, Buffer.alloc(16)), Err.NoBuffer);
  assert.equal(keys.schedule(KEY_SLOTS), undefined);
});

test("the queue counts events and octets, and gives both back", () => {
  const event = (size: number): Uint8Array => {
    const octets = new Uint8Array(size);
    octets[2] = (size - 16) & 0xff;
    octets[3] = (size - 16) >>> 8;
    return octets;
  };
  const queue = new EventQueue();
  for (let round = 0; round < 3; round++) {
    for (let count = 0; count < EVENT_QUEUE; count++) assert.equal(queue.push(event(16)), true);
    assert.equal(queue.push(event(16)), false);
    for (let count = 0; count < EVENT_QUEUE; count++) assert.equal(queue.shift()?.length, 16);
    assert.equal(queue.shift(), undefined);
    let octets = 0;
    for (; queue.push(event(EVENT_SIZE_MAX)); octets += EVENT_SIZE_MAX);
    assert.ok(octets <= EVENT_QUEUE_OCTETS && octets + EVENT_SIZE_MAX > EVENT_QUEUE_OCTETS);
    queue.clear();
  }
  const frame = (size: number): Uint8Array => {
    const octets = event(16 + size);
    octets[0] = EventKind.LinkReceived;
    return octets;
  };
  const links = new EventQueue();
  assert.deepEqual(
    [1515, 1514, 1015, 1014].map((size) => links.push(frame(size))),
    [false, true, false, true],
  );
  assert.equal(queue.dropped, 6);
  for (const wrong of [new Uint8Array(15), event(16).subarray(0, 15), Uint8Array.of(...event(16), 0)])
    assert.equal(queue.push(wrong), false);
  assert.equal(queue.push(event(EVENT_SIZE_MAX + 1)), false);
  const mine = event(20);
  queue.push(mine);
  mine.fill(9);
  assert.equal(queue.shift()?.[19], 0, "a copy");
});
