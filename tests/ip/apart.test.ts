// Two phases on one device: each finds what it left, keys and records, after the other has run.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeDevice } from "../../host/tls/authority.ts";
import type { KeySlots } from "../../host/v8/crypto.ts";
import { BRISK, House, scenario } from "../scenarios/house.ts";
import { manufactured } from "../tls/party.ts";
import { authority, roots } from "../tls/peers.ts";
import { Home } from "./home.ts";
import { KEY_SLOT_MLE } from "./security_board.ts";

const MINUTE = 60;
const ROLES = ["hub", "meter", "ihd"] as const;
/** What the factory wrote, and phase 1's own; 32 to 47 are the model's, of both. */
const PHASE1_RECORDS = [1, 31] as const;
const PHASE2_RECORDS = [48, 63] as const;

interface Kept {
  store: Map<number, Uint8Array>;
  keys: KeySlots;
}

const between = (number: number, [first, last]: readonly [number, number]): boolean => number >= first && number <= last;
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

function left({ store, keys }: Kept, phase: 1 | 2): string[] {
  const records = phase === 1 ? PHASE1_RECORDS : PHASE2_RECORDS;
  const slots = phase === 1 ? ([0, KEY_SLOT_MLE - 1] as const) : ([KEY_SLOT_MLE, 255] as const);
  return [
    ...[...store].filter(([number]) => between(number, records)).map(([number, octets]) => `record ${number} ${hex(octets)}`),
    ...keys
      .entries()
      .filter(([slot]) => between(slot, slots))
      .map(([slot, key]) => `key ${slot} ${hex(key)}`),
  ].sort();
}

test("a home goes to phase 2 and back: keys and records of the one are untouched by the other", async (t) => {
  await scenario(t, new House("apart", { suite: 2, load: BRISK }), (house) => {
    house.join();
    const kept = ROLES.map((id) => house.plug(id).flash);
    const lefts = (phase: 1 | 2): string[][] => kept.map((each) => left(each, phase));
    for (const id of ROLES) house.plug(id).cut();
    const first = lefts(1);
    for (const [index, lines] of first.entries())
      assert.ok(lines.some((line) => line.startsWith("key")) && lines.length > 5, `${ROLES[index]} keeps something of phase 1`);

    const second = new Home(2);
    for (const [index, { store, keys }] of kept.entries()) {
      const serial = Buffer.of(index + 1);
      for (const [number, octets] of manufactured(roots, makeDevice(authority, { serial }), serial)) store.set(number, octets);
      second.adopt(ROLES[index], `${ROLES[index]}_sep2`, store, keys);
    }
    second.start();
    second.run(2 * MINUTE);
    for (const device of second.devices.values()) device.close();
    assert.deepEqual(second.troubles, []);
    assert.ok(second.joined("meter") && second.joined("ihd"), "phase 2 stands");
    assert.deepEqual(lefts(1), first, "phase 2 touches nothing of phase 1");
    const its = lefts(2);
    for (const [index, lines] of its.entries())
      assert.ok(lines.some((line) => line.startsWith("key")) && lines.length > 3, `${ROLES[index]} keeps something of phase 2`);

    const [bound, agreed] = [house.of("ihd", "bound").length, house.of("ihd", "key").length];
    for (const id of ROLES) house.plug(id).powerOn();
    house.heals(2 * MINUTE * 1000, "back in phase 1");
    assert.deepEqual([house.of("ihd", "bound").length, house.of("ihd", "key").length], [bound, agreed], "under the keys of before");
    house.sound();
    assert.deepEqual(lefts(2), its, "phase 1 touches nothing of phase 2");
  });
});
