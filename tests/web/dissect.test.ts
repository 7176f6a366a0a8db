// What the page says of a frame is what tshark says of it: each of a run's frames, from joining to reports, with the run's keys.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { tsharkFields } from "../../host/oracle/tshark.ts";
import type { WholeFrame } from "../../host/web/answers.ts";
import { dissect } from "../../host/web/dissect/frame.ts";
import { OpenedKeys } from "../../host/web/dissect/sealed.ts";
import { Run } from "./kit.ts";

const folder = mkdtempSync(join(tmpdir(), "kilowasm-dissect-"));
const capture = join(folder, "air.pcapng");
const keys = join(folder, "air.keys");
let run: Run;

before(async () => {
  run = await Run.open("--seed", "5", "--duration", "1d", "--keys", keys);
  run.advance(150_000);
  writeFileSync(capture, run.watch.frames.capture());
});
after(async () => {
  await run.close();
  rmSync(folder, { recursive: true });
});

/** tshark's field, and the page's layer and field that says the same. */
const FIELDS: [string, string, string][] = [
  ["wpan.seq_no", "IEEE 802.15.4", "sequence number"],
  ["wpan.dst_pan", "IEEE 802.15.4", "target PAN"],
  ["wpan.dst16", "IEEE 802.15.4", "target address"],
  ["wpan.src16", "IEEE 802.15.4", "source address"],
  ["wpan.cmd", "IEEE 802.15.4", "command"],
  ["zbee_nwk.dst", "ZigBee network", "target"],
  ["zbee_nwk.src", "ZigBee network", "source"],
  ["zbee_nwk.radius", "ZigBee network", "radius"],
  ["zbee_nwk.seqno", "ZigBee network", "sequence number"],
  ["zbee_nwk.cmd.id", "ZigBee network", "command"],
  ["zbee_aps.cluster", "ZigBee application support", "cluster"],
  ["zbee_aps.zdp_cluster", "ZigBee application support", "cluster"],
  ["zbee_aps.profile", "ZigBee application support", "profile"],
  ["zbee_aps.counter", "ZigBee application support", "counter"],
  ["zbee_aps.cmd.id", "ZigBee application support", "command"],
  ["zbee_zcl.cmd.tsn", "ZigBee clusters", "sequence number"],
  ["zbee_zcl.cmd.id", "ZigBee clusters", "command"],
  ["zbee_zcl_se.met.attr_id", "ZigBee clusters", "attribute"],
];

const ELSEWHERE = ["zbee_aps.cluster", "zbee_aps.zdp_cluster", "zbee_zcl.cmd.id", "zbee_zcl_se.met.attr_id"];

function said({ layers }: WholeFrame, layer: string, name: string): number[] {
  const fields = layers.find((each) => each.name === layer)?.fields ?? [];
  return fields.filter((field) => field.name === name).map(({ value }) => Number(value.split(" ")[0]));
}

test("every field that both tell has the same value, of every frame", async () => {
  let number = 0;
  const compared = new Map<string, number>();
  await tsharkFields(
    capture,
    keys,
    FIELDS.map(([field]) => field),
    (values) => {
      number++;
      const frame = run.watch.frames.whole(number) as WholeFrame;
      FIELDS.forEach(([field, layer, name], index) => {
        const theirs = (values[index] ?? "").split("|").filter(Boolean).map(Number);
        // A beacon's addresses are longer, and an IEEE address is no number.
        const ours = said(frame, layer, name).filter((value) => !Number.isNaN(value));
        // tshark names a cluster's own commands in fields of that cluster, and clusters of device objects in another field.
        if (theirs.length === 0 && ELSEWHERE.includes(field)) return;
        assert.deepEqual(ours, theirs, `frame ${number}: ${field}\n${JSON.stringify(frame, null, 1)}`);
        if (theirs.length > 0) compared.set(field, (compared.get(field) ?? 0) + 1);
      });
    },
  );
  assert.equal(number, run.session.home.status.frames);
  for (const [field] of FIELDS) assert.ok((compared.get(field) ?? 0) > 0, `${field} was never there`);
});

test("what is sealed is open, fields lie one after the other within their octets, and nothing is left over", () => {
  const layers = new Set<string>();
  for (let number = 1; number <= run.watch.frames.ring.last; number++) {
    const { frame, layers: all, octets } = run.watch.frames.whole(number) as WholeFrame;
    layers.add(frame.layer);
    assert.doesNotMatch(frame.about, /sealed|cut short/, `frame ${number}`);
    const covered = new Uint8Array(octets.length / 2);
    for (const layer of all)
      for (const { at, size, name } of layer.fields) {
        assert.ok(at >= 0 && size >= 0 && at + size <= covered.length, `frame ${number}: ${name}`);
        for (let octet = at; octet < at + size; octet++) covered[octet]++;
      }
    assert.ok(
      covered.every((count) => count === 1),
      `frame ${number}: ${Buffer.from(covered).toString("hex")} ${JSON.stringify(all)}`,
    );
  }
  assert.deepEqual([...layers].sort(), ["aps", "mac", "nwk", "zcl", "zdo"]);
});

test("octets by chance, and frames cut anywhere, are dissected as far as they go and never throw", () => {
  const surroundings = { keys: new OpenedKeys(), extendedOf: () => 1n };
  for (let number = 1; number <= run.watch.frames.ring.last; number += 3) {
    const { plain } = run.watch.frames.whole(number) as WholeFrame;
    const octets = Buffer.from(plain, "hex");
    // Not secured any more, so that every layer is reached without a key.
    octets[0] &= ~8;
    if (octets.length > 20) octets[10] &= ~2;
    for (let size = 0; size <= octets.length; size++) {
      const { layers } = dissect(octets.subarray(0, size), surroundings);
      for (const { fields } of layers) for (const { at, size: taken } of fields) assert.ok(at + taken <= size);
    }
    for (let at = 0; at < octets.length; at++) {
      const changed = Buffer.from(octets);
      changed[at] ^= 0xff;
      dissect(changed, surroundings);
    }
  }
});
