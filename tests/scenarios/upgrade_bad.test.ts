// Modules of phase 2 that are signed and bad, and devices that phase 2 refuses: each is back in phase 1 within three boots, says why,
// and the display shows again what the meter tells.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileEntry } from "../../host/build/compile.ts";
import { changePackages } from "../../host/home/change_packages.ts";
import type { DeviceRole } from "../../host/home/plan.ts";
import { addressFor, addressOctets, derive } from "../../host/home/provision.ts";
import { packageBuild } from "../../host/image/package.ts";
import { HARDWARE_TYPE, makeAuthority, makeDevice } from "../../host/tls/authority.ts";
import { identityRecords } from "../../host/tls/board_records.ts";
import { ABI_BODY, body, module as moduleOf, POLL_BODY, START_BODY, VOID, vector } from "../native/wasm_bytes.ts";
import { CHANGE_MS, UpgradeHome } from "./upgrade_home.ts";

const MINUTE = 60_000;
/** Three trials that the board ends after 20 minutes each, and what comes before. */
const PATIENCE_MS = 80 * MINUTE;
const UNREACHABLE = body([0x00]);
const FOR_EVER = body([0x03, VOID, 0x0c, 0x00, 0x0b]);
const NEVER_AGAIN = body([0x42, ...Array(8).fill(0xff), 0xff, 0x00]); // i64.const 2^63 - 1

const METER = 2;
const meterPackage = (wasm: Uint8Array, attempt: number, memory?: number): Buffer =>
  packageBuild({ wasm, role: METER, version: 0x0200_0000 + attempt - 1, counter: 2, phase: 3, ...(memory ? { memory } : {}) });

/** Everybody's own module, and the meter's instead of it. */
function instead(wasm: Uint8Array, memory?: number): (role: DeviceRole, attempt: number) => Buffer {
  const others = changePackages();
  return (role, attempt) => (role === "meter" ? meterPackage(wasm, attempt, memory) : others(role, attempt));
}

const bodies = (start: number[], poll: number[]) => instead(moduleOf({ 10: vector([ABI_BODY, start, poll]) }), 65_536);

/** A meter that knocks at a door of its hub where nobody is. */
function atAnotherDoor(): Uint8Array {
  let changed = 0;
  const edit = (name: string, text: string): string => {
    if (!name.endsWith("sep2/http/client.ts")) return text;
    const other = text.replace(/streamConnect\((\w+), \w+,/, "streamConnect($1, 444,");
    changed += other === text ? 0 : 1;
    return other;
  };
  const { wasm } = compileEntry({ entry: "assembly/devices/meter_sep2.ts", options: ["--target", "meter_sep2"], edit });
  assert.equal(changed, 1, "the client asks at one place");
  return wasm;
}

/** The meter has tried and is back; its display agrees with it. */
function reverted(home: UpgradeHome, reason: string, tries: number, steps: readonly string[]): void {
  const isBack = (): boolean => home.nowMs > CHANGE_MS && home.last("meter", "update")?.status === "activationFailed";
  home.expect("the meter gives phase 2 up", isBack, PATIENCE_MS);
  home.expect("its module of phase 1 runs", () => home.runs("meter") === "0.1.0 phase 1", 5000);
  assert.equal(home.last("meter", "update")?.reason, reason);
  const from = home.nowMs;
  assert.equal(home.of("meter", "boot").filter(({ trial }) => trial).length, tries);
  assert.deepEqual([...new Set(home.of("meter", "health").map(({ step }) => step))], steps);
  home.expect("the meter goes on telling its register", () => home.of("meter", "register", from).length > 1, 10 * MINUTE);
  assert.equal(home.of("meter", "key", from - 1000).length, 0, "with the keys that it had");
}

test("one that traps when it starts is tried three times", () => {
  const home = new UpgradeHome(11, bodies(UNREACHABLE, POLL_BODY));
  reverted(home, "notConfirmed", 3, []);
  assert.equal(home.of("meter", "trouble").length, 3);
  const told = (): boolean => home.of("hub", "rollout").some(({ status }) => status === "activationFailed");
  home.expect("the hub hears of it, or misses the device", told, 130 * MINUTE);
  assert.ok(!home.home.unchanged.includes("ihd"), "its display has changed by itself");
});

test("one that runs for ever is stopped, three times", () => {
  reverted(new UpgradeHome(12, bodies(FOR_EVER, POLL_BODY)), "notConfirmed", 3, []);
});

test("one that never joins and never says so is stopped after twenty minutes, three times", () => {
  reverted(new UpgradeHome(13, bodies(START_BODY, NEVER_AGAIN)), "notConfirmed", 3, []);
});

test("one that joins and never reaches the server gives up by itself", () => {
  reverted(new UpgradeHome(14, instead(atAnotherDoor())), "unhealthy", 1, ["started", "joined", "key", "givenUp"]);
});

test("a meter whose certificate has expired is served by nobody, and gives up", () => {
  const seed = 15;
  const home = new UpgradeHome(seed, undefined, undefined, ({ id }, { records }) => {
    if (id !== "meter") return;
    const serial = Buffer.from(addressOctets(addressFor(seed, id))).reverse();
    const authority = makeAuthority(derive(seed, "authority of phase 2"));
    const current = makeDevice(authority, { serial, notAfter: new Date(Date.UTC(2024, 11, 31)) });
    const own = identityRecords({ roots: [authority.root.certificate], hardwareType: HARDWARE_TYPE, serial, current });
    for (const [record, octets] of own) records.set(record, octets);
  });
  reverted(home, "unhealthy", 1, ["started", "joined", "key", "givenUp"]);
});

test("packages of each kind are signed anew for a second attempt, with a higher version", () => {
  const pack = changePackages();
  assert.ok(pack("meter", 1).equals(pack("meter", 1)));
  assert.equal(pack("meter", 2).readUInt32LE(14), pack("meter", 1).readUInt32LE(14) + 1);
});
