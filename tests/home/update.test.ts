// Updates over the air in the home of `npm start`: what the lines tell, what survives, and what an independent decoder says of the air.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { ImageReason, Role } from "../../host/abi.ts";
import { reasonName, reasonWords } from "../../host/home/update_words.ts";
import { Encoding } from "../../host/image/manifest.ts";
import { moduleBytes } from "../../host/modules.ts";
import { clean, clearPayloads, judge } from "../../host/oracle/tshark.ts";
import { agree } from "./agreement.ts";
import { bodyOf, run } from "./process.ts";
import { FOLDER, of, ok, packageOf, path, refusedBy, saved, updated } from "./update_kit.ts";

const FILES = {
  hub: saved("hub.ota", packageOf("hub")),
  meter: saved("meter.ota", packageOf("meter")),
  ihd: saved("ihd.ota", packageOf("ihd")),
};

for (const device of ["ihd", "meter", "hub"] as const) {
  test(`the ${device} is updated over the air while metering goes on`, async () => {
    const lines = ok(await run("--duration", "7m", "--update", `${device}=${FILES[device]}`));
    updated(lines, device);
    const boot = of(lines, device, "boot")[1];
    agree(
      lines.filter(({ t }) => t < boot.t),
      0,
    );
    // A meter that restarts knows where the display is, and one interval later it has reported at the latest.
    const back = of(lines, "meter", "register").find(({ t }) => t > boot.t);
    assert.ok(back && back.t - boot.t < 40_000, `the meter reports again, ${back && back.t - boot.t} ms after the boot`);
    agree(lines.slice(lines.indexOf(back)), 5);
    // Keys and settings are those of before: nobody establishes a key again, nobody gets another address.
    assert.deepEqual(
      lines.filter(({ t, event, suite }) => t >= boot.t && event === "key" && suite !== 0),
      [],
    );
    const addresses = new Set(of(lines, device, "joined").map(({ address }) => address));
    assert.ok(addresses.size <= 1);
    // The register goes on where it stood.
    const registers = of(lines, "meter", "register").map(({ importWh }) => importWh as number);
    registers.reduce((before, now) => {
      assert.ok(now >= before && now - before < 20, `${before} Wh, then ${now} Wh`);
      return now;
    });
  });
}

test("all three together, the hub last, on V8 and on wasm3 to the line; the air is decoded whole", async () => {
  const words = Object.entries(FILES).flatMap(([device, file]) => ["--update", `${device}=${file}`]);
  const [pcap, keys] = [join(FOLDER, "all.pcapng"), join(FOLDER, "all.keys")];
  const v8 = await run("--duration", "7m", ...words, "--pcap", pcap, "--keys", keys);
  const wasm3 = await run("--duration", "7m", ...words, "--engine", "wasm3");
  const lines = ok(v8);
  for (const device of ["ihd", "meter", "hub"] as const) updated(lines, device);
  const rebooted = (device: string): number => of(lines, device, "boot")[1].t;
  assert.ok(rebooted("hub") > rebooted("meter") && rebooted("hub") > rebooted("ihd"));
  agree(lines.slice(lines.findIndex(({ t, event }) => t > rebooted("hub") && event === "register")), 5);
  ok(wasm3);
  assert.equal(bodyOf(wasm3.out), bodyOf(v8.out));
  const verdict = await judge(pcap, keys);
  assert.ok(clean(verdict), JSON.stringify(verdict, null, 1));
  assert.deepEqual(await clearPayloads(pcap), []);
});

test("an update begins when it is told to", async () => {
  const lines = ok(await run("--duration", "150s", "--update", `ihd=${FILES.ihd}`, "--update-at", "100s"));
  const begun = of(lines, "hub", "library")[0];
  assert.ok(begun.t >= 100_000 && begun.t < 101_000, `${begun.t}`);
  updated(lines, "ihd");
});

test("a delta against the running module is a second on the air, one against another module is refused", async () => {
  const delta = packageOf("ihd", { encoding: Encoding.Delta, base: moduleBytes("ihd_sep1") });
  assert.ok(delta.length < 2000, `${delta.length} octets`);
  const lines = ok(await run("--duration", "3m", "--update", `ihd=${saved("delta.ota", delta)}`));
  const times = of(lines, "ihd", "update").filter(({ status }) => status === "loading" || status === "waiting");
  assert.ok((times.at(-1) as { t: number }).t - times[0].t < 2000);
  assert.deepEqual(
    of(lines, "ihd", "boot").map(({ version }) => version),
    ["0.1.0", "0.2.0"],
  );
  assert.equal(path(lines, "ihd").at(-1), "activated");
  const stranger = packageOf("ihd", { encoding: Encoding.Delta, base: moduleBytes("meter_sep1") });
  assert.deepEqual(await refusal("stranger.ota", stranger), ["failed base"]);
});

/** What a device, or the hub for it, says of a package that nobody should run. */
async function refusal(name: string, octets: Uint8Array): Promise<string[]> {
  const lines = refusedBy(await run("--duration", "3m", "--update", `ihd=${saved(name, octets)}`));
  assert.deepEqual(of(lines, "ihd", "boot").length, 1, `${name}: the old module goes on`);
  assert.equal(lines.at(-1)?.ihd, "0.1.0");
  agree(lines, 6);
  const told = [...of(lines, "ihd", "update"), ...of(lines, "hub", "library")].filter(({ reason }) => reason !== null);
  assert.ok(told.length > 0, `${name} is refused in words`);
  return [...new Set(told.map(({ status, reason }) => `${status} ${reason}`))];
}

test("another role's package, a changed one and a downgrade are refused with their reasons, and the old module goes on", async () => {
  const tampered = packageOf("ihd");
  tampered[tampered.length - 1000] ^= 1;
  const [role, changed, counter] = await Promise.all([
    refusal("role.ota", packageOf("ihd", { role: Role.Meter, imageType: 3 })),
    refusal("tampered.ota", tampered),
    refusal("counter.ota", packageOf("ihd", { counter: 0 })),
  ]);
  assert.deepEqual(role, ["failed role"]);
  assert.deepEqual(changed, ["signatureFailed payloadDigest"]);
  assert.deepEqual(counter, ["failed counter"]);
});

test("every reason has words", () => {
  for (const value of Object.values(ImageReason)) {
    if (value === ImageReason.None) continue;
    const name = reasonName(value) as string;
    assert.notEqual(reasonWords(name), name);
    assert.match(reasonWords(name), /^[a-z].*[^.]$/);
  }
});

test("a run without updates says nothing of any", async () => {
  const lines = ok(await run("--duration", "90s"));
  assert.deepEqual(path(lines, "ihd"), ["activated"]);
  assert.deepEqual(of(lines, "hub", "library"), []);
  assert.deepEqual([lines.at(-1)?.hub, lines.at(-1)?.meter, lines.at(-1)?.ihd], ["0.1.0", "0.1.0", "0.1.0"]);
});
