// The network's key is changed, and a display is not told: what tells it is lost, and its parent uses the new key already.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventKind, Log } from "../../host/abi.ts";
import { Street } from "./street.ts";

const DOWN_REKEY = 9;
const KEY_SLOT = /^ihd 78 /;
/** The agent tells a member four times, and uses the key two minutes after the last. */
const DEAF_S = 100;
/** No frame of a polling host's is so long, but what carries a key is. */
const SHORT = 70;
const MINUTE = 60_000;

interface Radio {
  onReceived: (psdu: Uint8Array, ...others: unknown[]) => void;
}

test("a display that was not told of a key asks for it when its parent uses it, and stays with that parent", () => {
  const street = new Street(1, "V8", { hub: "hub", meter: "meter", ihd: "ihd" });
  const { home } = street;
  home.medium.setLink("hub", "ihd", { inRange: false });
  home.run(150);
  assert.ok(home.joined("meter") && home.joined("ihd"));
  const { radio } = home.devices.get("ihd") as unknown as { radio: Radio };
  const hears = radio.onReceived;
  radio.onReceived = (psdu, ...others) => void (psdu.length < SHORT && hears(psdu, ...others));
  const keys = (): number => home.keys.filter((line) => KEY_SLOT.test(line)).length;
  const [before, from] = [keys(), home.clock.nowUs / 1000];
  assert.ok(home.devices.get("hub")?.push(EventKind.Uplink, Buffer.of(DOWN_REKEY, 0, 0)));
  home.run(DEAF_S);
  radio.onReceived = hears;
  assert.equal(keys(), before, "it was told in vain");
  home.run(8 * 60);
  assert.equal(keys(), before + 1, "it has the key");
  const lines = (home.logs.get("ihd") ?? []).filter(({ atMs }) => atMs > from);
  const good = lines.filter(({ code, octets }) => code === Log.Answer && octets.readUInt16LE() === 200).map(({ atMs }) => atMs);
  const gaps = good.map((at, index) => at - (good[index - 1] ?? from + DEAF_S * 1000));
  assert.deepEqual(
    lines.filter(({ code }) => code === Log.Left || code === Log.Joined),
    [],
  );
  assert.ok(Math.max(...gaps) <= 2 * MINUTE + 5_000, `${good.length} answers, ${Math.max(...gaps)} ms without`);
});
