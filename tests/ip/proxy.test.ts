// A display that stays in phase 1 goes on showing its meter, which has gone to phase 2: the hub tells it of the readings that it holds.
//
//   1. Meter and display are served in phase 1, and nobody takes the hub for a meter.  2. The meter goes; its readings come to the hub.
//   3. The display finds the hub, and shows the readings, at the same price.  4. Whatever is read, it is shown.  5. The readings end, and
//   the meter is back in phase 1: the display shows the meter.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { compileEntry } from "../../host/build/compile.ts";
import { TARIFF } from "../../host/home/tariff.ts";
import { BothHome } from "./both_home.ts";

const MINUTE = 60;
const READING = 0x63;

/** The shipped hub, told of a meter's readings by the test instead of by a meter of phase 2. */
function toldHub(): Uint8Array {
  const door = `if (<u32>load<u8>(event + EVENT_HEAD) == ${READING}) {
    mirrorTake(load<u64>(event + EVENT_HEAD + 1), load<i64>(event + EVENT_HEAD + 9), load<i32>(event + EVENT_HEAD + 17), now);
    return true;
  }
  if (supplierInput(event, now)`;
  const edit = (name: string, text: string): string => {
    if (!name.endsWith("bridge/second.ts")) return text;
    const edited = text.replace("if (supplierInput(event, now)", door);
    assert.notEqual(edited, text);
    return edited.replace("import { mirrorReset }", "import { mirrorReset, mirrorTake }");
  };
  return compileEntry({ entry: "assembly/devices/hub_both.ts", options: ["--target", "hub_both"], edit }).wasm;
}

function reading(extended: bigint, importWh: number, powerW: number): Buffer {
  const record = Buffer.alloc(21);
  record[0] = READING;
  record.writeBigUInt64LE(extended, 1);
  record.writeBigInt64LE(BigInt(importWh), 9);
  record.writeInt32LE(powerW, 17);
  return record;
}

test("a display of phase 1 shows a meter of phase 2, and the meter of phase 1 when it is back", (t) => {
  const home = new BothHome(11, "V8", toldHub());
  home.start(["meter1", "ihd1"]);
  assert.ok(
    home.until(() => home.firstServed, 6 * MINUTE),
    home.tail(),
  );
  const { extended } = home.factory("meter1");
  const told = home.told("meter1", "Register").at(-1);
  let importWh = Number(told?.importWh ?? 0);
  home.device("meter1").close();

  const shown = (wh: number, powerW: number) => (): boolean => {
    const last = home.told("ihd1", "Reading").at(-1);
    return last?.flags === 0 && Number(last.importWh) === wh && last.powerW === powerW && last.price === TARIFF.price;
  };
  const gone = home.nowMs;
  const feeds = (seconds: number, isReached: () => boolean): boolean => {
    for (let waited = 0; waited < seconds && !isReached(); waited += 10) {
      home.supply(reading(extended, importWh, 1500));
      home.run(10);
    }
    return isReached();
  };
  importWh += 7;
  assert.ok(feeds(8 * MINUTE, shown(importWh, 1500)), home.tail());
  t.diagnostic(`${Math.round((home.nowMs - gone) / 1000)} s after the meter went`);

  const random = new Random("readings", "11");
  for (let round = 0; round < 25; round++) {
    importWh += random.below(40);
    const powerW = random.below(9000) - 1000;
    home.supply(reading(extended, importWh, powerW));
    assert.ok(home.until(shown(importWh, powerW), 40), `round ${round}, ${importWh} Wh, ${powerW} W: ${home.tail()}`);
  }

  // Another meter does not speak in its place.
  home.supply(reading(extended + 1n, 1, 1));
  home.run(30);
  assert.equal(Number(home.told("ihd1", "Reading").at(-1)?.importWh), importWh);

  home.device("meter1").powerOn();
  assert.ok(
    home.until(() => home.firstServed, 40 * MINUTE),
    home.tail(),
  );
  assert.deepEqual(home.troubles, []);
});
