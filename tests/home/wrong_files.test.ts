// A file of the wrong kind, at every place of every command: not exit code 0, and one sentence that names it.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { commands, folder, here, OUTPUTS, placesOf, WRONG, wordsOf } from "./commands_kit.ts";

after(() => rmSync(folder, { recursive: true }));

/** For each place a command line in which @ stands for the file; names with a dot are files of the folder. */
const INPUTS: Record<string, string> = {
  "home --home": "home --duration 1s --home @",
  "home --load": "home --duration 1s --load @",
  "home --mqtt-ca": "home --duration 1s --mqtt mqtts://127.0.0.1:9 --mqtt-ca @",
  "home --root": "home --duration 1s --root @",
  "home --update": "home --duration 1s --update ihd=@",
  "bench --home": "bench --home @",
  "image build module": "image build @ --role ihd --version 1.2.3 -o out.ota",
  "image build --base": "image build good.wasm --role ihd --version 1.2.3 -o out.ota --base @",
  "image build --sbom": "image build good.wasm --role ihd --version 1.2.3 -o out.ota --sbom @",
  "image build --key": "image build good.wasm --role ihd --version 1.2.3 -o out.ota --certificate release.cose --key @",
  "image build --certificate": "image build good.wasm --role ihd --version 1.2.3 -o out.ota --key release.pem --certificate @",
  "image build --signer": "image build good.wasm --role ihd --version 1.2.3 -o out.ota --suite 2 --signer @",
  "image build --signer-key": "image build good.wasm --role ihd --version 1.2.3 -o out.ota --suite 2 --signer identity. --signer-key @",
  "image sign file": "image sign @ -o out.ota",
  "image sign --key": "image sign good.ota -o out.ota --certificate release.cose --key @",
  "image sign --certificate": "image sign good.ota -o out.ota --key release.pem --certificate @",
  "image sign --signer": "image sign good.ota -o out.ota --suite 2 --signer @",
  "image sign --signer-key": "image sign good.ota -o out.ota --suite 2 --signer identity. --signer-key @",
  "image verify file": "image verify @",
  "image verify --root": "image verify good.ota --root @",
  "image verify --base": "image verify good.ota --base @",
  "image verify --ca": "image verify good.ota --suite 2 --ca @",
  "image inspect file": "image inspect @",
  "image inspect --root": "image inspect good.ota --root @",
  "image diff before": "image diff @ good.ota",
  "image diff after": "image diff good.ota @",
  "image diff --base": "image diff good.ota good.ota --base @",
  "image delta base": "image delta @ good.ota -o out.ota",
  "image delta new": "image delta good.ota @ -o out.ota",
  "image delta --key": "image delta good.wasm good.ota -o out.ota --certificate release.cose --key @",
  "image delta --certificate": "image delta good.wasm good.ota -o out.ota --key release.pem --certificate @",
  "image delta --signer": "image delta good.wasm good.ota -o out.ota --suite 2 --signer @",
  "image delta --signer-key": "image delta good.wasm good.ota -o out.ota --suite 2 --signer identity. --signer-key @",
  "image pack file": "image pack --profile raw @ -o out.raw",
  "image pack --root": "image pack --profile raw good.ota -o out.raw --root @",
  "image pack --base": "image pack --profile raw good.ota -o out.raw --base @",
  "image pack --key": "image pack --profile mcuboot good.wasm --version 1.2.3 -o out.bin --key @",
  "image pack --public-key": "image pack --profile mcuboot good.wasm --version 1.2.3 -o out.bin --signer-command false --public-key @",
  "image gate file": "image gate --board ihd @",
  "image gate --root": "image gate --board ihd good.ota --root @",
  "image gate --base": "image gate --board ihd good.ota --base @",
  "image serve files": "image serve --zep PORT @",
  "image serve --root": "image serve --zep PORT good.ota --root @",
  "image serve --identity": "image serve --zep PORT good.ota --identity @",
  "image serve --dongle": "image serve good.ota --dongle @",
  "image simulate file": "image simulate @",
  "image simulate --before": "image simulate good.ota --before @",
  "image simulate --root": "image simulate good.ota --root @",
  "image keygen certify --root": "image keygen certify --root @ --release release.pub --epoch 1 -o out.cose",
  "image keygen certify --root-public":
    "image keygen certify --signer-command false --root-public @ --release release.pub --epoch 1 -o out.cose",
  "image keygen certify --release": "image keygen certify --root root.pem --release @ --epoch 1 -o out.cose",
  "image keygen show file": "image keygen show @",
  "ca sign --request": "ca sign --request @",
  "ca show file": "ca show @",
  "trace show file": "trace show @",
  "trace replay recording": "trace replay @ --module good.wasm",
  "trace replay --module": "trace replay a.recording --module @",
  "trace replay --trace": "trace replay a.recording --module good.wasm --trace @",
  "trace diff a": "trace diff @ a.trace",
  "trace diff b": "trace diff a.trace @",
  "vectors cbke file": "vectors cbke @",
  "vectors symmetric file": "vectors symmetric @",
  "vectors wycheproof file": "vectors wycheproof @",
  "vectors se file": "vectors se @",
  "vectors ota file": "vectors ota @",
  "vectors exi file": "vectors exi @",
};

/** What is taken all the same, and why. */
const TAKEN: Record<string, string[]> = { "image build --sbom": ["text"] }; // a bill of materials has many forms, all of them text

test("every place for a file, of every command, is here", async () => {
  const all = [...(await commands())].flatMap(([name, command]) => placesOf(name, command));
  assert.deepEqual(all.sort(), [...Object.keys(INPUTS), ...Object.keys(OUTPUTS)].sort());
});

for (const [place, line] of Object.entries(INPUTS)) {
  test(`${place}: a wrong file is told of in one sentence`, async () => {
    for (const [kind, path] of Object.entries(WRONG)) {
      const { code, out, errors } = await here(wordsOf(line, path));
      const lines = errors.trimEnd().split("\n");
      const what = `${place}, ${kind}: ${code} ${out.slice(0, 200)} ${errors}`;
      if (TAKEN[place]?.includes(kind)) {
        assert.equal(code, 0, what);
        continue;
      }
      assert.ok(code > 0, what);
      assert.match(lines.at(-1) ?? "", /^kilowasm: [^\n]+\.$/, what);
      assert.ok(lines.at(-1)?.includes(path), what);
      assert.doesNotMatch(errors, /\n? {4}at /, what);
      assert.ok(lines.length === 1 || lines.slice(0, -1).every((each) => /development|compiling/.test(each)), what);
    }
  });
}
