// Who shouts a device down until it joins anew, and then is the hub of its first join, word for word: beacon, association, Transport Key.
// Nothing in a Transport Key is the joiner's, so it is believed (docs/threat-model.md).  What he gets by that is a device that is deaf as
// long as he keeps the true hub from it; he learns nothing, no number is used twice, the flash rests, and the device comes back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventKind } from "../../host/abi.ts";
import { ackFrame, COMMAND_DATA_REQUEST, FCS_SIZE, FRAME_BEACON, FRAME_COMMAND, FRAME_DATA, readAddressing } from "../../host/air/frame.ts";
import type { AirFrame } from "../../host/air/medium.ts";
import { rekeyEmit } from "../../host/home/uplink.ts";
import { BRISK, House, scenario } from "./house.ts";
import { PATIENCE_MS } from "./outages.ts";
import { Stranger } from "./stranger.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const HUB = 0x0000;
const ASSOCIATION_REQUEST = 1;
const ASSOCIATION_RESPONSE = 2;
const BEACON_REQUEST = 7;
const REJOIN_REQUEST = 6;
const PERMITS = 0x80;
const NWK_SECURE = 0x0200;
const NWK_COMMAND = 1;
const MAC_HEADER = 9;
/** From a frame's end to its acknowledgement, and to what else is said to it. */
const TURNAROUND_US = 192;
const ANSWER_US = 3_000;
/** A device that was deceived has some questions in vain, then a rest of a quarter of an hour less its jitter, then the ladder. */
const DECEIVED_MAX = 12;
/** A join anew, its keys and counters. */
const WRITES_EACH_MAX = 8;

interface Tape {
  beacon?: Buffer;
  response?: Buffer;
  transportKey?: Buffer;
}

/** Of a join at the hub, which alone the display hears. */
function tapeJoin(house: House): Required<Tape> {
  const tape: Tape = {};
  house.home.medium.setLink("meter", "ihd", { inRange: false });
  house.onFrame = ({ source, psdu }: AirFrame) => {
    const frame = Buffer.from(psdu);
    const type = frame[0] & 7;
    if (source !== "hub") return;
    if (type === FRAME_BEACON && (frame[8] & PERMITS) !== 0) tape.beacon = frame;
    if (type === FRAME_COMMAND && frame[21] === ASSOCIATION_RESPONSE && frame.readBigUInt64LE(5) === house.ihd.factory.extended) {
      tape.response = frame;
    }
    const isForIt = type === FRAME_DATA && tape.response !== undefined && frame.readUInt16LE(5) === tape.response.readUInt16LE(22);
    if (isForIt && (frame.readUInt16LE(MAC_HEADER) & NWK_SECURE) === 0) tape.transportKey ??= frame;
  };
  house.join();
  house.onFrame = () => {};
  assert.ok(tape.beacon && tape.response && tape.transportKey, "the whole join is on the tape");
  return tape as Required<Tape>;
}

class FalseParent extends Stranger {
  private readonly waiting: Buffer[] = [];
  /** Data frames that it was told. */
  readonly told: Buffer[] = [];

  constructor(
    house: House,
    private readonly tape: Required<Tape>,
  ) {
    super(house, "false parent");
  }

  protected override take(psdu: Uint8Array): void {
    const heard = readAddressing(psdu, psdu.length - FCS_SIZE);
    if (heard?.command === BEACON_REQUEST) this.after(ANSWER_US, this.tape.beacon);
    if (heard?.targetShort !== HUB || !heard.ackRequest) return;
    if (heard.type === FRAME_DATA) this.told.push(Buffer.from(psdu));
    if (heard.command === ASSOCIATION_REQUEST) this.waiting.splice(0, 2, this.tape.response, this.tape.transportKey);
    const answer = heard.command === COMMAND_DATA_REQUEST ? this.waiting.shift() : undefined;
    this.after(TURNAROUND_US, ackFrame(heard.sequence, answer !== undefined));
    if (answer) this.after(ANSWER_US, answer);
  }

  private after(us: number, psdu: Uint8Array): void {
    this.house.home.clock.after(us, () => this.sayNow(psdu));
  }
}

/** What can be read without a key, but for the wish to rejoin. */
function inClear(told: readonly Buffer[]): string[] {
  const clear = told.filter((frame) => (frame.readUInt16LE(MAC_HEADER) & NWK_SECURE) === 0);
  const isRejoin = (frame: Buffer): boolean =>
    (frame[MAC_HEADER] & 3) === NWK_COMMAND && frame[frame.length - FCS_SIZE - 2] === REJOIN_REQUEST;
  return clear.filter((frame) => !isRejoin(frame)).map((frame) => frame.toString("hex"));
}

for (const [what, changes] of [
  ["the network key is still that one", 0],
  ["the network key has changed twice since", 2],
] as const) {
  test(`a false hub repeats the first join to a display that joins anew, and ${what}: it comes back`, async (t) => {
    await scenario(t, new House(`false-parent-${changes}`, { seed: 31, load: BRISK }), (house) => {
      const tape = tapeJoin(house);
      house.run(5 * MINUTE);
      for (let change = 0; change < changes; change++) {
        house.hub.push(EventKind.Uplink, rekeyEmit({ seconds: 10 }));
        house.run(5 * MINUTE);
      }
      house.heals(MINUTE, "before");
      house.home.medium.partition(["ihd", "false parent"], ["hub", "meter"]);
      const attacker = new FalseParent(house, tape);
      const [from, writes] = [house.nowMs, house.ihd.flash.writes];
      house.run(2 * HOUR);
      const deceived = house.of("ihd", "joined", from).length;
      const wrote = house.ihd.flash.writes - writes;
      t.diagnostic(`${deceived} times deceived, ${wrote} writes, ${attacker.told.length} frames told`);
      assert.ok(deceived > 0, "the attack works: this is no test of something else");
      assert.ok(deceived <= DECEIVED_MAX, `${deceived} times in two hours`);
      assert.ok(wrote <= deceived * WRITES_EACH_MAX, `${wrote} writes of its flash`);
      assert.deepEqual(inClear(attacker.told), [], "nothing that he can read");
      attacker.leave();
      house.home.medium.heal();
      t.diagnostic(`healed after ${house.heals(PATIENCE_MS, "when he is gone")} ms`);
      assert.equal(house.ihd.boots, 1, "nobody pulled its plug");
      assert.deepEqual(house.counters.wrong, [], "no number twice under any key");
      house.sound();
    });
  });
}
