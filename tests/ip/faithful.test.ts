// A device that was in a network looks for that one: another hub with a certificate of the same root does not get it for an hour.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Log } from "../../host/abi.ts";
import { Home } from "./home.ts";

const MINUTE = 60;

const joins = (home: Home): number => home.logs.get("meter")?.filter(({ code }) => code === Log.Joined).length ?? 0;
/** The PAN that the meter joined last. */
const pan = (home: Home): number =>
  home.logs
    .get("meter")
    ?.findLast(({ code }) => code === Log.Joined)
    ?.octets.readUInt16LE(2) as number;

test("a meter whose hub is out of range waits for it beside another's, comes back to it, and takes the other after an hour", () => {
  const home = new Home(3);
  home.add("hub", "hub");
  home.add("meter", "meter");
  home.add("neighbour", "hub");
  const device = (id: string) => home.devices.get(id) as NonNullable<ReturnType<typeof home.devices.get>>;
  const away = (): void => home.medium.partition(["hub"], ["meter", "neighbour"]);
  device("hub").powerOn();
  device("meter").powerOn();
  home.run(2 * MINUTE);
  assert.equal(joins(home), 1);
  const own = pan(home);
  device("neighbour").powerOn();
  away();
  home.run(50 * MINUTE);
  assert.equal(joins(home), 1, "the neighbour's hub does not get it");
  home.medium.heal();
  home.run(20 * MINUTE);
  assert.equal(joins(home), 2, "its own does");
  assert.equal(pan(home), own);
  away();
  home.run(50 * MINUTE);
  assert.equal(joins(home), 2);
  home.run(60 * MINUTE);
  assert.equal(joins(home), 3, "in the end any network is better than none");
  assert.notEqual(pan(home), own);
  assert.deepEqual(home.troubles, []);
});
