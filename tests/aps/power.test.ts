// The power goes at every write of the join, one after the other, before and after the write took place; then the device must still get in.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Air, APS_ACK, APS_LINK_KEY, establish, form, Heard, joinNetwork, type LabNode } from "../scenarios/harness.ts";

const LINK = Buffer.from("00112233445566778899aabbccddeeff", "hex");
const REPORT = Buffer.from("18010a00002005", "hex");
const WRITES_MAX = 40;

async function pair(
  name: string,
  which: "hub" | "meter",
  write: number,
  taken: boolean,
): Promise<{ air: Air; hub: LabNode; meter: LabNode } | null> {
  const air = new Air(51, name);
  const hub = await air.node("hub", "coordinator");
  const meter = await air.node("meter", "router");
  const cut = which === "hub" ? hub : meter;
  assert.ok(form(hub, meter));
  cut.cutAtWrite(write, taken);
  joinNetwork(meter, 12_000);
  air.run(3000);
  if (!cut.isCutDue) return { air, hub, meter };
  air.close();
  return null;
}

function talk(air: Air, hub: LabNode, meter: LabNode, about: string): void {
  // A hub that was reset lets nobody in until its user says so again.
  hub.tell(3, 254);
  const isIn = (): boolean => meter.ask(0x0005, 0) >= 0 && air.until(() => meter.heard(Heard.ZdoAnswer).length > 0, 3000);
  for (let attempt = 0; attempt < 3 && !isIn(); attempt++) {
    meter.tell(4);
    air.run(2000);
    joinNetwork(meter);
    air.run(2000);
  }
  establish(hub, meter, LINK);
  for (const [from, to] of [
    [meter, hub],
    [hub, meter],
  ]) {
    const before = to.notes.length;
    const sent = from.send(to, 0x0702, APS_ACK | APS_LINK_KEY, REPORT);
    assert.ok(sent >= 0, `${about}: ${from.name} cannot send, ${sent}`);
    assert.ok(
      air.until(() => to.messages(before).length > 0, 20_000),
      `${about}: ${to.name} hears nothing`,
    );
  }
}

for (const which of ["meter", "hub"] as const) {
  test(`a power cut of the ${which} at any write of a join is survived`, async () => {
    let cuts = 0;
    for (let write = 1; write <= WRITES_MAX; write++) {
      for (const taken of [false, true]) {
        const scene = await pair("aps-power", which, write, taken);
        if (!scene) continue;
        cuts++;
        talk(scene.air, scene.hub, scene.meter, `write ${write}, ${taken ? "taken" : "lost"}`);
        scene.air.close();
      }
    }
    assert.ok(cuts >= 6, `only ${cuts} cuts took place`);
  });
}
