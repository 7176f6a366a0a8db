// An emulated board of a maker with keys of its own: what the maker's release key signed is taken, tried and confirmed, and nobody else's.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ImageReason, Role } from "../../host/abi.ts";
import { boardIdentity, buildFirmware } from "../../host/board/build.ts";
import { es256Signer } from "../../host/image/cose.ts";
import { certify, keyGenerate } from "../../host/image/keys.ts";
import { Encoding } from "../../host/image/manifest.ts";
import { packageBuild } from "../../host/image/package.ts";
import { updateModule, written } from "./probe_module.ts";
import { UpdatingBoard } from "./updating.ts";

const folder = mkdtempSync(join(tmpdir(), "kw-own-keys-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("a board that believes a maker's root key takes the maker's packages, and no other root's, nor another signer's", async () => {
  const modules = await updateModule();
  const root = keyGenerate();
  const release = keyGenerate();
  const certificate = certify(es256Signer(root.scalar), release.point, 1);
  const other = keyGenerate();
  const identity = { ...boardIdentity(Role.Ihd), root: root.point };
  const firmware = await buildFirmware({ name: "update-own", wasm: written("update-factory", modules.of(0, 0)), identity });
  const subject = new UpdatingBoard(firmware, folder);
  const made = (version: number) => ({
    wasm: modules.of(version, 0),
    role: Role.Ihd,
    version,
    counter: version,
    encoding: Encoding.Plain,
  });
  const own = (version: number) => ({ version, file: packageBuild({ ...made(version), certificate, sign: es256Signer(release.scalar) }) });
  await subject.life(null, async () => {
    await subject.update(own(1));
    for (const [file, reason] of [
      [packageBuild(made(2)), ImageReason.RootSignature],
      [packageBuild({ ...made(2), certificate, sign: es256Signer(other.scalar) }), ImageReason.ManifestSignature],
    ] as const) {
      await assert.rejects(subject.load({ version: 2, file }), /is wanted after/);
      const { running, reason: told } = await subject.state();
      assert.deepEqual([running, told], [1, reason]);
    }
    await subject.update(own(3));
    assert.equal((await subject.inspect()).running, 3);
  });
});
