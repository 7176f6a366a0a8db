// What an independent decoder says of whole runs: with the keys everything is read and nothing is wrong, without them nothing protected is read.
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readKeysFile } from "../../host/air/keys.ts";
import { clean, clearPayloads, judge, tsharkFields } from "../../host/oracle/tshark.ts";
import { linesOf, run } from "./process.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "kilowasm-air-"));

/** Runs the home and answers where its capture and its keys are. */
async function captured(name: string, ...words: string[]): Promise<{ pcap: string; keys: string; frames: number }> {
  const pcap = join(FOLDER, `${name}.pcapng`);
  const keys = join(FOLDER, `${name}.keys`);
  const ended = await run("--pcap", pcap, "--keys", keys, ...words);
  assert.equal(ended.status, 0, ended.error);
  return { pcap, keys, frames: linesOf(ended).at(-1)?.frames as number };
}

for (const suite of ["1", "2"]) {
  test(`a run with suite ${suite} is decoded whole, and protected payloads are secret`, async () => {
    const { pcap, keys, frames } = await captured(`suite${suite}`, "--duration", "1h", "--suite", suite);
    for (const source of [keys, "inside"]) {
      const verdict = await judge(pcap, source);
      assert.ok(clean(verdict), JSON.stringify(verdict, null, 1));
      assert.equal(verdict.frames, frames);
    }
    assert.deepEqual(await clearPayloads(pcap), []);
    // A member of the network that has no link key reads no more than anybody.
    const network = readKeysFile(keys).filter(({ label }) => label === "network");
    assert.equal(network.length, 1);
    assert.deepEqual(await clearPayloads(pcap, network), []);
    const blind = await judge(pcap, network);
    assert.ok(blind.undecrypted.count > 100, "reports and prices stay closed");
  });
}

test("the path is on the air: join, key establishment, price, time, reports", async () => {
  const { pcap, keys } = await captured("path", "--duration", "5m");
  const seen = new Set<string>();
  await tsharkFields(pcap, keys, ["_ws.col.Info"], ([info = ""]) => {
    seen.add(info.replace(/[,:] (Seq|Nwk|Dst|PAN|Status|Src).*$/, ""));
  });
  const all = [...seen].join("\n");
  for (const part of [
    "Beacon Request",
    "Association Request, FFD",
    "Association Request, RFD",
    "Transport Key",
    "Request Key",
    "Device Announcement",
    "Match Descriptor Request",
    "Bind Request",
    "Key Establishment: Initiate Key Establishment Request",
    "Key Establishment: Confirm Key Data Response",
    "Configure Reporting",
    "Report Attributes",
    "Read Attributes",
    "Price: Publish Price",
  ]) {
    assert.ok(all.includes(part), `${part} is missing among:\n${all}`);
  }
});
