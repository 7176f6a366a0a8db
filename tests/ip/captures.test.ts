// Every frame of another stack's captures is decrypted, put together and decompressed to the octets that tshark makes of it, and compressed
// again to no more octets than that stack took.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Addressing, readAddressing } from "../../host/air/frame.ts";
import { CAPTURES, CAPTURES_ABSENT, captured, captureFile, DEVICES, tsharkKeys, tsharkPackets } from "./captures.ts";
import { DROP, Heard, LowNode } from "./low_node.ts";

const TYPE = { beacon: 0, acknowledgement: 2, command: 3 };
const SECURED = 8;

const addressing = (psdu: Buffer): Addressing => readAddressing(psdu, psdu.length) as Addressing;

/** The octets of 6LoWPAN in a frame. */
function lowpanSize(psdu: Buffer): number {
  const { targetShort, sourceShort } = addressing(psdu);
  const header = 5 + (targetShort === undefined ? 8 : 2) + (sourceShort === undefined ? 8 : 2);
  return psdu.length - header - (psdu[0] & SECURED ? 10 : 0);
}

for (const name of CAPTURES) {
  test(`each frame of ${name}.pcap is read as tshark reads it`, { skip: CAPTURES_ABSENT }, () => {
    const wanted = tsharkPackets(captureFile(name), tsharkKeys(DEVICES));
    assert.ok(wanted.size > 60, `${wanted.size} packets`);
    const nodes = DEVICES.map(
      (device) =>
        new LowNode(
          device,
          DEVICES.filter((other) => other !== device),
        ),
    );
    let [compared, polls, beacons] = [0, 0, 0];
    const secured = new Set<string>();
    for (const { number, timeMs, psdu } of captured(name)) {
      const type = psdu[0] & 7;
      if (type === TYPE.acknowledgement) continue; // the radio's
      const text = psdu.toString("hex");
      const isRepeated = secured.has(text);
      if (psdu[0] & SECURED) secured.add(text);
      const { sourceExtended, sourceShort } = addressing(psdu);
      const others = nodes.filter(({ identity }) => identity.extended !== sourceExtended && identity.short !== sourceShort);
      const heard = others.flatMap((node) => {
        node.now = BigInt(timeMs);
        return node.hear(psdu);
      });
      if (type === TYPE.beacon) beacons += others.length;
      if (type === TYPE.command && psdu[0] & SECURED && !isRepeated) polls++;
      beacons -= heard.filter(({ kind }) => kind === Heard.Beacon).length;
      polls -= heard.filter(({ kind }) => kind === Heard.Poll).length;
      const packets = heard.filter(({ kind }) => kind === Heard.Packet).map(({ octets }) => octets.toString("hex"));
      const packet = wanted.get(number);
      assert.deepEqual([...new Set(packets)], packet && !isRepeated ? [packet.toString("hex")] : [], `frame ${number}`);
      compared += packet ? 1 : 0;
    }
    assert.equal(compared, wanted.size);
    assert.deepEqual([polls, beacons], [0, 0], "each is heard by whom it is for");
    for (const node of nodes)
      for (const [name, reason] of Object.entries(DROP)) if (reason !== DROP.duplicate) assert.equal(node.drop(reason), 0, name);
  });

  test(`what ${name}.pcap carries is compressed as well as there, and comes back as it was`, { skip: CAPTURES_ABSENT }, () => {
    const wanted = tsharkPackets(captureFile(name), tsharkKeys(DEVICES), true);
    const node = new LowNode(DEVICES[0]);
    let [ours, theirs] = [0, 0];
    for (const { number, psdu } of captured(name)) {
      const packet = wanted.get(number);
      if (!packet) continue;
      const { targetShort, targetExtended, sourceShort, sourceExtended } = addressing(psdu);
      const addresses = [
        Number(sourceExtended !== undefined),
        sourceExtended ?? BigInt(sourceShort as number),
        Number(targetExtended !== undefined),
        targetExtended ?? BigInt(targetShort as number),
      ];
      node.write(packet);
      const size = node.doors.compress(packet.length, 100, ...addresses);
      assert.ok(size <= lowpanSize(psdu), `frame ${number}: ${size} octets instead of ${lowpanSize(psdu)}`);
      ours += size;
      theirs += lowpanSize(psdu);
      node.write(Buffer.alloc(300, 0xa5));
      assert.equal(node.doors.decompress(size, 300, 0, ...addresses), packet.length);
      assert.equal(node.read(node.doors.bufferAt(), packet.length).toString("hex"), packet.toString("hex"), `frame ${number}`);
    }
    assert.ok(theirs > 3000 && ours <= theirs, `${ours} of ${theirs} octets`);
  });
}
