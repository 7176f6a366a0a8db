// A maker's own keys: what they signed runs where --root names them, what others signed is refused, told, and exit 3.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Role } from "../../host/abi.ts";
import { es256Signer } from "../../host/image/cose.ts";
import { certify, keyGenerate, publicPem } from "../../host/image/keys.ts";
import { packageBuild } from "../../host/image/package.ts";
import { moduleBytes, ROOT } from "../../host/modules.ts";
import { linesOf, run } from "./process.ts";

const folder = mkdtempSync(join(tmpdir(), "kilowasm-own-"));
const at = (name: string): string => join(folder, name);
const root = keyGenerate();
const release = keyGenerate();

before(() => {
  const made = { wasm: moduleBytes("ihd_sep1"), role: Role.Ihd, version: 0x0002_0000, counter: 2 };
  const certificate = certify(es256Signer(root.scalar), release.point, 1);
  writeFileSync(at("own.ota"), packageBuild({ ...made, certificate, sign: es256Signer(release.scalar) }));
  writeFileSync(at("development.ota"), packageBuild(made));
  writeFileSync(at("root.pub"), publicPem(root.point));
});
after(() => rmSync(folder, { recursive: true }));

for (const engine of ["v8", "wasm3"]) {
  test(`a package of the maker's own key is loaded, tried and confirmed under ${engine}`, async () => {
    const words = ["--engine", engine, "--root", at("root.pub"), "--update", `ihd=${at("own.ota")}`, "--duration", "15m"];
    const ended = await run(...words);
    assert.equal(ended.status, 0, ended.error);
    const lines = linesOf(ended);
    assert.deepEqual(
      lines.filter(({ device, event }) => device === "ihd" && event === "boot").map(({ version, slot }) => [version, slot]),
      [
        ["factory", "factory"],
        ["0.2.0", "a"],
      ],
    );
    assert.equal(lines.at(-1)?.ihd, "0.2.0");
    assert.doesNotMatch(ended.error, /refused|not over/);
  });
}

test("a package of another key is refused: a sentence, exit 3; one that comes too late is told", async () => {
  const refused = await run("--root", at("root.pub"), "--update", `ihd=${at("development.ota")}`, "--duration", "10m");
  assert.equal(refused.status, 3, refused.error);
  assert.match(
    refused.error,
    /^kilowasm: the hub refused version 0\.2\.0 for the display: the root key does not vouch for the release key\.$/m,
  );
  const own = await run("--update", `ihd=${at("own.ota")}`, "--duration", "10m");
  assert.equal(own.status, 3, own.error);
  const late = await run("--update", `ihd=${at("development.ota")}`, "--duration", "90s", "--update-at", "80s");
  assert.deepEqual([late.status, /the update of the display to version 0\.2\.0 was not over/.test(late.error)], [0, true], late.error);
});

test("serve serves what its root key vouches for, and ends where it does not", async () => {
  const serve = (...words: string[]): Promise<[number | null, string, string]> => {
    const child = spawn(process.execPath, [join(ROOT, "tools/kilowasm.mjs"), "image", "serve", ...words], { timeout: 60_000 });
    const said = { out: "", error: "" };
    child.stdout.on("data", (part) => {
      said.out += part;
    });
    child.stderr.on("data", (part) => {
      said.error += part;
    });
    return new Promise((resolve) => child.on("close", (status) => resolve([status, said.out, said.error])));
  };
  const port = String(20_000 + (process.pid % 20_000));
  const [good, told, errors] = await serve(at("own.ota"), "--root", at("root.pub"), "--zep", port, "--duration", "12s");
  assert.equal(good, 0, errors);
  assert.match(told, /hub file .*status waiting/);
  const [bad, , why] = await serve(at("own.ota"), "--zep", port, "--duration", "60s");
  assert.equal(bad, 3, why);
  assert.match(why, /own\.ota: the hub refuses it: the root key does not vouch for the release key\.$/m);
});
