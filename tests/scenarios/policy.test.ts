// Who has only the network key: clusters that the profile protects answer with a Default Response FAILURE under the network key, the open ones answer
// (SE 1.4a 5.4.6); without any key nothing that is protected can be read from the air.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clearPayloads } from "../../host/oracle/tshark.ts";
import { House, scenario } from "./house.ts";
import { Insider } from "./stranger.ts";

const HUB = 0;
const BASIC = 0x0000;
const TIME = 0x000a;
const PRICE = 0x0700;
const METERING = 0x0702;
const FAILURE = 0x01;
const DEFAULT_RESPONSE = 0x0b;
const READ_RESPONSE = 0x01;
const WAIT_MS = 3000;

const READ_FIRST = Buffer.from([0x00, 0x2a, 0x00, 0x00, 0x00]);
const GET_CURRENT_PRICE = Buffer.from([0x01, 0x2b, 0x00, 0x01]);

/** The ZCL frame of the first answer from a cluster: APS header of eight octets, no APS security. */
function ask(house: House, insider: Insider, target: number, cluster: number, zcl: Buffer): Buffer | undefined {
  const from = insider.messages.length;
  insider.send(target, insider.data(cluster, zcl));
  house.run(WAIT_MS);
  const answer = insider.messages
    .slice(from)
    .find(({ aps, source }) => source === target && (aps[0] & 3) === 0 && aps.readUInt16LE(2) === cluster);
  if (answer) assert.equal(answer.aps[0] & 0x20, 0, "under the network key");
  return answer?.aps.subarray(8);
}

test("protected clusters refuse the network key, open ones take it", async (t) => {
  await scenario(t, new House("policy", { seed: 91 }), async (house) => {
    house.join();
    const insider = new Insider(house);
    const meter = Number(house.last("meter", "joined")?.address);
    for (const [target, cluster, zcl] of [
      [HUB, PRICE, GET_CURRENT_PRICE],
      [HUB, PRICE, READ_FIRST],
      [meter, METERING, READ_FIRST],
    ] as const) {
      const answer = ask(house, insider, target, cluster, zcl);
      assert.ok(answer, `cluster ${cluster} of ${target} answers`);
      assert.equal(answer[2], DEFAULT_RESPONSE);
      assert.equal(answer[1], zcl[1], "of that request");
      assert.deepEqual([...answer.subarray(3)], [zcl[2], FAILURE]);
    }
    for (const [target, cluster] of [
      [HUB, BASIC],
      [meter, BASIC],
      [HUB, TIME],
    ] as const) {
      const answer = ask(house, insider, target, cluster, READ_FIRST);
      assert.ok(answer, `cluster ${cluster} of ${target} answers`);
      assert.equal(answer[2], READ_RESPONSE);
      assert.equal(answer.readUInt16LE(3), 0);
    }
    house.heals(60_000, "after an insider's questions");
    house.sound();
    house.close();
    assert.deepEqual(await clearPayloads(house.path), [], "nothing protected is readable without keys");
    const key = { key: insider.key, label: "network" };
    const readable = await clearPayloads(house.path, [key]);
    const own = readable.filter(({ defaultResponse, line }) => !defaultResponse && !/Get Current Price|Read Attributes, /.test(line));
    assert.deepEqual(own, [], "with the network key only the insider's questions and the refusals");
  });
});
