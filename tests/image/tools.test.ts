// `npx kilowasm image`: every command in a process of its own, what it writes, and how it ends.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Role } from "../../host/abi.ts";
import { identityRecord, issue, makeCa } from "../../host/crypto/ca.ts";
import { es256Signer } from "../../host/image/cose.ts";
import { developmentIdentity, developmentRelease, developmentRoot, privateFromPem, privatePem, publicPem } from "../../host/image/keys.ts";
import { manifestWrite } from "../../host/image/manifest.ts";
import { otaRead } from "../../host/image/ota_file.ts";
import { packageOpen } from "../../host/image/package.ts";
import { reportOctets } from "../../host/vectors/ota.ts";
import { simulateSweep } from "../../tools/image/simulate.ts";
import * as w from "../native/wasm_bytes.ts";
import { derOf, openssl } from "./es256_openssl.ts";
import { ihdModule, smallPackage, withHeader } from "./packages.ts";
import { at, bad, good, image, read } from "./tool_runs.ts";

const PAGE = fileURLToPath(new URL("../../docs/image.md", import.meta.url));
const VECTORS = fileURLToPath(new URL("../../../shared/vectors/ota/", import.meta.url));

const BUILD = ["build", "ihd_test.wasm", "--version", "1.2.3"];

before(() => {
  writeFileSync(at("ihd_test.wasm"), ihdModule());
  writeFileSync(at("small.ota"), smallPackage());
  writeFileSync(at("root.pem"), privatePem(developmentRoot()));
});

describe("keys and signatures", () => {
  test("keygen, certify, build, verify: what another root certified is believed under it alone", async () => {
    await good("keygen", "root", "-o", "my_root.pem");
    await good("keygen", "release", "-o", "my.pem");
    await good("keygen", "certify", "--root", "my_root.pem", "--release", "my.pem.pub", "--epoch", "3", "-o", "my.cose");
    assert.match((await good("keygen", "show", "my.cose")).out, /^epoch {3}3$/m);
    const built = await good(...BUILD, "-o", "mine.ota", "--key", "my.pem", "--certificate", "my.cose", "--counter", "9");
    assert.doesNotMatch(built.errors, /development/);
    assert.match(
      (await good("verify", "mine.ota", "--root", "my_root.pem.pub")).out,
      /ihd 1\.2\.3 .* epoch 3, which the root key certified/,
    );
    await bad(3, /mine\.ota: at octet 60: .*signed by another key.*\(RootSignature\)\.$/, "verify", "mine.ota");
    await bad(2, /my\.pem exists; a key is never written over/, "keygen", "release", "-o", "my.pem");
  });

  test("a signer program gets the digest in hex and answers DER, hex or r || s", async () => {
    writeFileSync(at("release.pem"), privatePem(developmentRelease()));
    await good("keygen", "certify", "--root", "root.pem", "--release", "release.pem", "--epoch", "1", "-o", "release.cose");
    await bad(2, /--digest of a package needs --certificate/, "sign", "small.ota", "--digest");
    const digest = (await good("sign", "small.ota", "--digest", "--certificate", "release.cose")).out.trim();
    assert.match(digest, /^[0-9a-f]{64}$/);
    const byOpenssl = "xxd -r -p | openssl pkeyutl -sign -inkey release.pem";
    const commands = [byOpenssl, `${byOpenssl} | xxd -p`, `printf {digest} | ${byOpenssl} | base64`];
    for (const command of spawnSync("which", ["xxd"]).status === 0 ? commands : []) {
      await good("sign", "small.ota", "-o", "signed.ota", "--signer-command", command, "--certificate", "release.cose");
      packageOpen(read("signed.ota"));
    }
    const wrong = ["sign", "small.ota", "-o", "no.ota", "--certificate", "release.cose", "--signer-command"];
    await bad(2, /the signer command failed: exit code 7/, ...wrong, "exit 7");
    await bad(2, /answered 5 octets that are no ES256 signature/, ...wrong, "echo nope");
    const other = derOf(Buffer.alloc(64, 5)).toString("hex");
    await bad(2, /is not by the key of the certificate/, ...wrong, `echo ${other}`);
    assert.ok(!existsSync(at("no.ota")));
  });

  test("a manifest that stands alone is signed as a package's is", async () => {
    const { manifest, manifestMessage } = packageOpen(smallPackage());
    writeFileSync(at("manifest.cbor"), manifestWrite(manifest));
    await good("sign", "manifest.cbor", "-o", "manifest.cose");
    assert.deepEqual(read("manifest.cose"), manifestMessage);
  });

  test("the digest of another's key needs its certificate alone, and is what that key signs", async () => {
    const digest = (await good("sign", "small.ota", "--digest", "--certificate", "my.cose")).out.trim();
    assert.notEqual(digest, (await good("sign", "small.ota", "--digest", "--certificate", "release.cose")).out.trim());
    writeFileSync(at("signature.hex"), es256Signer(privateFromPem(read("my.pem")).scalar)(Buffer.from(digest, "hex")).toString("hex"));
    await good("sign", "small.ota", "-o", "carried.ota", "--certificate", "my.cose", "--signer-command", "cat signature.hex");
    assert.match((await good("verify", "carried.ota", "--root", "my_root.pem.pub")).out, /epoch 3, which the root key certified/);
    const refused = await image("verify", "carried.ota");
    assert.equal(refused.errors.trim().split("\n").length, 1, refused.errors);
    assert.match(refused.errors, /judged under the development root, give --root for another one \(RootSignature\)\.$/m);
  });

  test("keygen show --c writes the octets that native firmware is built with", async () => {
    const octets = [...(await good("keygen", "show", "root.pem", "--c")).out.matchAll(/0x([0-9a-f]{2})/g)]
      .map((match) => match[1])
      .join("");
    assert.equal(octets, developmentRoot().point.toString("hex"));
  });

  test("the profile's signature of either suite is made and verified, by who may", async () => {
    const ca = makeCa(Buffer.from("tools test"));
    for (const suite of [1, 2] as const) {
      writeFileSync(at("signer"), identityRecord(issue(ca, suite, 0x1122n)));
      const name = `suite${suite}.ota`;
      await good("sign", "small.ota", "-o", name, "--suite", String(suite), "--signer", "signer");
      const verify = ["verify", name, "--suite", String(suite), "--ca", "signer"];
      assert.match((await good(...verify, "--signers", "0000000000001122")).out, /profile signature of suite \d by 0000000000001122/);
      await bad(3, /\(Signatures\)\.$/, ...verify, "--signers", "0000000000001123");
    }
  });
});

describe("packages", () => {
  test("build is deterministic, compresses, says that it used the development key, and writes a bill of materials", async () => {
    const { errors } = await good(...BUILD, "-o", "one.ota");
    await good(...BUILD, "-o", "two.ota");
    assert.deepEqual(read("one.ota"), read("two.ota"));
    assert.match(errors, /signed with the development key, which everyone has/);
    const opened = packageOpen(read("one.ota"));
    assert.ok(opened.payload.length < 0.6 * ihdModule().length);
    const sbom = read("one.ota.cdx.json");
    assert.deepEqual(opened.manifest.sbomDigest, createHash("sha256").update(sbom).digest());
    const bom = JSON.parse(sbom.toString());
    assert.equal(bom.bomFormat, "CycloneDX");
    assert.equal(bom.metadata.component.hashes[0].content, createHash("sha256").update(ihdModule()).digest("hex"));
  });

  test("every option of build arrives in header and manifest", async () => {
    writeFileSync(at("sbom.json"), "{}");
    const options = [
      ...["--counter", "7", "--hardware", "2-5", "--vendor", "00112233-4455-6677-8899-aabbccddeeff", "--class", "f".repeat(32)],
      ...["--manufacturer", "0x1234", "--type", "9", "--encoding", "plain", "--not-before", "2026-07-01T02:00:00Z", "--native", "2.0.1"],
      ...["--destination", "00:11:22:33:44:55:66:77", "--sbom", "sbom.json", "--integrity", "--role", "meter"],
    ];
    await good(...BUILD, "-o", "full.ota", ...options);
    const found = JSON.parse((await good("inspect", "full.ota", "--json")).out);
    assert.equal(found.kind, "package");
    assert.equal(found.signatures, "verified");
    assert.equal(found.integrity, "before the element");
    const { manufacturer, imageType, destination, hardware, fileVersion } = found.header;
    assert.deepEqual([manufacturer, imageType, destination, hardware], ["0x1234", "0x0009", "0011223344556677", "2-5"]);
    assert.equal(fileVersion, "0x01020003");
    const m = found.manifest;
    assert.deepEqual(
      [m.sequenceNumber, m.vendorIdentifier, m.role, m.encoding],
      [7, "00112233-4455-6677-8899-aabbccddeeff", "meter", "plain"],
    );
    assert.deepEqual([m.notBefore, m.nativeMinimum, m.hardware], ["2026-07-01T02:00:00Z", "2.0.1", "2-5"]);
    assert.equal(m.sbomDigest, createHash("sha256").update("{}").digest("hex"));
    assert.ok(!existsSync(at("full.ota.cdx.json")));
    assert.equal(m.destination, "manufacturer 0x1234, image type 0x0009, only 0011223344556677");
    assert.match((await good("verify", "full.ota")).out, /; for manufacturer 0x1234, image type 0x0009, only 0011223344556677;/);
    assert.match((await good("verify", "small.ota")).out, /; for manufacturer 0xfff1, image type 0x0003, any device;/);
    const packed = await good("pack", "--profile", "zigbee", "full.ota", "-o", "packed.ota");
    assert.match(packed.errors, /for manufacturer 0x1234, image type 0x0009, only 0011223344556677\./);
  });

  test("a package that was wrapped anew for another device or kind is refused by every command", async () => {
    await good(...BUILD, "-o", "mine.ota", "--destination", "00:11:22:33:44:55:66:77");
    await good("gate", "mine.ota", "--board", "ihd", "--address", "0011223344556677");
    await bad(3, /\(Destination\)\.$/, "gate", "mine.ota", "--board", "ihd", "--address", "0011223344556678");
    const mine = read("mine.ota");
    const wrapped: [string, string, Buffer][] = [
      ["another device", "Destination", withHeader({ destination: 0x0011_2233_4455_6678n }, mine)],
      ["any device", "Destination", withHeader({ destination: undefined }, mine)],
      ["one device", "Destination", withHeader({ destination: 5n }, smallPackage())],
      ["another type", "ImageType", withHeader({ imageType: 2 }, mine)],
      ["another manufacturer", "Manufacturer", withHeader({ manufacturer: 0x1234 }, mine)],
    ];
    for (const [name, reason, octets] of wrapped) {
      writeFileSync(at("wrapped.ota"), octets);
      const told = new RegExp(`at octet \\d+: the header's destination is not the one that is signed.*\\(${reason}\\)\\.$`);
      await bad(3, told, "verify", "wrapped.ota");
      await bad(3, told, "gate", "wrapped.ota", "--board", "ihd", "--address", "0011223344556678");
      await bad(3, told, "pack", "--profile", "zigbee", "wrapped.ota", "-o", "wrapped.out");
      await bad(3, told, "simulate", "wrapped.ota", "--sample", "0.001");
      await bad(3, told, "sign", "wrapped.ota", "-o", "wrapped.out");
      const shown = await image("inspect", "wrapped.ota");
      assert.equal(shown.code, 3, name);
      assert.match(shown.errors.trimEnd(), told);
    }
    assert.ok(!existsSync(at("wrapped.out")));
  });

  test("delta makes little of little, verify wants its base, diff names what changed", async () => {
    const module = ihdModule();
    const memoryAt = module.length - 4; // in the section `han`, the last one
    module.writeUInt32LE(module.readUInt32LE(memoryAt) + 16, memoryAt);
    writeFileSync(at("ihd_next.wasm"), module);
    await good(...BUILD, "-o", "old.ota");
    await good("build", "ihd_next.wasm", "--version", "1.2.4", "--counter", "2", "-o", "new.ota");
    await good("delta", "old.ota", "new.ota", "-o", "delta.ota");
    assert.ok(read("delta.ota").length < 700);
    const told = /some tens of octets and (\d+) of header, certificate and manifest/.exec(readFileSync(PAGE, "utf8"));
    assert.equal(read("delta.ota").length - packageOpen(read("delta.ota")).payload.length, Number(told?.[1]), "docs/image.md");
    assert.match((await good("verify", "delta.ota")).out, /whose module is unknown without --base/);
    assert.match((await good("verify", "delta.ota", "--base", "old.ota")).out, /module of \d+ octets/);
    await bad(3, /\(Base\)\.$/, "verify", "delta.ota", "--base", "new.ota");
    const difference = JSON.parse((await good("diff", "old.ota", "delta.ota", "--json")).out);
    const names = difference.manifest.map((change: { name: string }) => change.name);
    for (const name of ["version", "sequenceNumber", "imageDigest", "encoding", "deltaBase"]) assert.ok(names.includes(name), name);
    assert.equal(difference.module.functions.changed, 0);
    assert.match((await good("diff", "old.ota", "old.ota")).out, /no difference/);
  });

  test("gate says who takes a package, and why another does not", async () => {
    assert.match((await good("gate", "new.ota", "--board", "ihd")).out, /may run on this ihd: \d+ octets of module/);
    assert.match((await good("gate", "ihd_test.wasm", "--board", "meter")).out, /may run on this meter/);
    await bad(3, /another image type \(ImageType\)/, "gate", "new.ota", "--board", "hub");
    await bad(3, /version 1\.2\.4 is not above the running 1\.2\.4 \(Version\)/, "gate", "new.ota", "--board", "ihd", "--running", "1.2.4");
    await bad(3, /hardware 1 to 1, the board is 4 \(Hardware\)/, "gate", "new.ota", "--board", "ihd", "--hardware", "4");
    await bad(3, /linear memory.*\(Memory\)/, "gate", "new.ota", "--board", "ihd", "--memory", "100");
    writeFileSync(at("ihd_typed.wasm"), w.withPoll([0x41, 0])); // answers an i32 where the contract has an i64
    await bad(3, /the load gate refuses the module at octet \d+: an operand .*\(Gate\)/, "gate", "ihd_typed.wasm", "--board", "ihd");
    await bad(3, /the load gate refuses the module at octet \d+: .*\(Gate\)/, "gate", "small.ota", "--board", "ihd");
  });

  test("pack writes the file for ZigBee, the resource for IEEE 2030.5, the flash, and MCUboot's image", async () => {
    await good("pack", "--profile", "zigbee", "small.ota", "-o", "ota.zigbee");
    assert.deepEqual(read("ota.zigbee"), smallPackage());
    await good(
      "pack",
      "--profile",
      "2030.5",
      "small.ota",
      "-o",
      "fw.bin",
      "--model",
      "A & B",
      "--enterprise",
      "50733",
      "--lfdi",
      "ab".repeat(20),
    );
    const names = [
      ...read("fw.bin.xml")
        .toString()
        .matchAll(/<(\w+)>([^<]*)</g),
    ].map((match) => [match[1], match[2]]);
    assert.deepEqual(names, [
      ["fileURI", "/fw/fw.bin"],
      ["lFDI", "AB".repeat(20)],
      ["mfHwVer", "1"],
      ["mfID", "50733"],
      ["mfModel", "A &amp; B"],
      ["mfVer", "1.2.3"],
      ["size", String(smallPackage().length)],
      ["type", "0001"],
    ]);
    await good("pack", "--profile", "raw", "small.ota", "-o", "slot.bin");
    const opened = packageOpen(smallPackage());
    const slot = read("slot.bin");
    assert.equal(slot.readUInt16LE(0), opened.certificate.length);
    assert.equal(slot.length, 2048 + opened.manifest.imageSize);
    await bad(2, /1 sectors of 4096 are too few/, "pack", "--profile", "raw", "small.ota", "-o", "region.bin", "--region", "1");
    await good("pack", "--profile", "mcuboot", "ihd_test.wasm", "-o", "native.img", "--version", "1.0.0");
    assert.equal(read("native.img").readUInt32LE(0), 0x96f3b83d);
    assert.equal(read("native.img").readUInt32LE(16), 0);
  });

  test("an MCUboot image that runs from RAM says so, and inspect and verify read it", async () => {
    const pack = ["pack", "--profile", "mcuboot", "ihd_test.wasm", "-o", "ram.img", "--version", "1.0.0+3", "--counter", "7"];
    await good(...pack, "--load-address", "0x20001000");
    assert.deepEqual([read("ram.img").readUInt32LE(4), read("ram.img").readUInt32LE(16)], [0x2000_1000, 0x20]);
    const found = JSON.parse((await good("inspect", "ram.img", "--json")).out);
    assert.deepEqual([found.kind, found.signatures, found.error], ["MCUboot image", "verified", undefined]);
    assert.deepEqual([found.header.version, found.header.loadAddress, found.header.securityCounter], ["1.0.0+3", "0x20001000", 7]);
    assert.match((await good("verify", "ram.img")).out, /MCUboot image 1\.0\.0\+3 of \d+ octets, to run at 0x20001000; signed by/);
    await bad(3, /signed by another key.*\(RootSignature\)\.$/, "verify", "ram.img", "--root", "my_root.pem.pub");
    const cut = read("ram.img");
    cut[0x300] ^= 1;
    writeFileSync(at("bad.img"), cut);
    await bad(3, /\(ImageDigest\)\.$/, "verify", "bad.img");
    const shown = await image("inspect", "bad.img");
    assert.equal(shown.code, 3);
  });

  test("simulate takes a package for one device, and its device has that address", async () => {
    const report = JSON.parse((await good("simulate", "mine.ota", "--sample", "0.001", "--json")).out);
    assert.ok(report.updateOperations > 30 && report.ranBefore > 0, JSON.stringify(report));
    assert.deepEqual(report.failures, []);
  });

  test("simulate ends well, with its counts", async () => {
    const report = JSON.parse((await good("simulate", "new.ota", "--before", "old.ota", "--sample", "0.002", "--json")).out);
    assert.ok(report.updateOperations > 30);
    assert.ok(report.firstCuts + report.secondCuts > 0);
    assert.deepEqual(report.failures, []);
  });
});

describe("the sweep of power cuts", () => {
  test("the same module again, under a new version, has no failures", async () => {
    await good("build", "ihd_test.wasm", "--version", "1.2.9", "--counter", "2", "-o", "again.ota");
    const report = JSON.parse((await good("simulate", "again.ota", "--before", "old.ota", "--sample", "0.008", "--json")).out);
    assert.deepEqual([report.failed, report.failures, report.stoppedAt], [0, [], undefined]);
    assert.ok(report.ranBefore > 0 && report.ranAfter > 0, JSON.stringify(report));
  });

  test("one that is stopped says how far it came", async () => {
    const file = read("again.ota");
    const sweep = await simulateSweep(read("old.ota"), file, {
      identity: developmentIdentity(Role.Ihd),
      modules: { before: ihdModule(), after: ihdModule() },
      stop: () => true,
    });
    assert.ok(sweep.stoppedAt !== undefined && sweep.stoppedAt < 1, JSON.stringify(sweep));
  });
});

test("vectors ota and verify judge alike", async () => {
  const code = otaRead(read("full.ota")).elements.find(({ tag }) => tag === 3) as { offset: number };
  const wrong = read("full.ota");
  wrong[code.offset + 6] ^= 1;
  writeFileSync(at("code.ota"), wrong);
  writeFileSync(at("unknown"), identityRecord(issue(makeCa(Buffer.from("nobody")), 2, 0x33n)));
  await good("sign", "small.ota", "-o", "unknown.ota", "--suite", "2", "--signer", "unknown");
  for (const name of ["code.ota", "unknown.ota", "small.ota", "full.ota"]) {
    const { verdict } = await reportOctets(read(name));
    const { code: exit, errors } = await image("verify", "--structure", name);
    assert.equal(exit, verdict === "whole" ? 0 : 3, `${name}: ${verdict}, ${errors}`);
  }
  assert.equal((await reportOctets(read("code.ota"))).verdict, "refused");
});

describe("how commands end", () => {
  const cases: [string, number, RegExp, string[]][] = [
    ["an unknown command", 2, /unknown command 'fly'; see --help\.$/, ["fly"]],
    ["an unknown option", 2, /unknown option '--fly'; see --help\.$/, ["verify", "small.ota", "--fly"]],
    ["a missing option", 2, /required option '--version <version>' not specified; see --help\.$/, ["build", "ihd_test.wasm", "-o", "x"]],
    [
      "a wrong version",
      2,
      /--version takes a version such as 1\.2\.3 or 0x01020003, not "1\.2"\.$/,
      ["build", "x.wasm", "-o", "x", "--version", "1.2"],
    ],
    ["a missing file", 2, /cannot read nothing\.ota: there is no such file or directory\.$/, ["verify", "nothing.ota"]],
    ["a folder", 2, /cannot read \.: it is a directory\.$/, ["inspect", "."]],
    [
      "no module",
      2,
      /root\.pem is neither an entry \(.*ihd_sep1.*\) nor a \.ts or \.wasm file\.$/,
      ["build", "root.pem", "-o", "x", "--version", "1.2.3"],
    ],
    ["no package", 3, /ihd_test\.wasm: at octet 0: .*0x0BEEF11E.*\(Identifier\)\.$/, ["verify", "ihd_test.wasm"]],
    ["a certificate without its key", 2, /--certificate needs --key or --signer-command/, [...BUILD, "-o", "x", "--certificate", "y"]],
    [
      "a key that is none",
      2,
      /ihd_test\.wasm is no P-256 key: it holds no key in PEM\.$/,
      ["verify", "small.ota", "--root", "ihd_test.wasm"],
    ],
  ];
  for (const [name, code, sentence, words] of cases) test(`${name}: ${code}`, () => bad(code, sentence, ...words));

  test("a truncated package: 3, with the offset of its end", async () => {
    writeFileSync(at("cut.ota"), smallPackage().subarray(0, 1000));
    await bad(3, /cut\.ota: at octet 1000: the file is truncated: .*\(Truncated\)\.$/, "verify", "cut.ota");
    const shown = await image("inspect", "cut.ota");
    assert.equal(shown.code, 3);
    assert.match(shown.out, /manufacturer {2}0xfff1/);
  });

  test("a file larger than the limit is not read: 2", async () => {
    writeFileSync(at("huge.ota"), "");
    spawnSync("truncate", ["-s", "65M", at("huge.ota")]);
    await bad(2, /huge\.ota has 68157440 octets; at most 67108864 are read\.$/, "inspect", "huge.ota");
  });

  test("--help says the exit codes: 0", async () => {
    assert.match((await good("--help")).out, /0 done, 1 internal failure, 2 wrong usage or input, 3 refused or not verified/);
    assert.match((await good("build", "--help")).out, /--signer-command/);
  });

  test("what other vendors' files are", { skip: !existsSync(VECTORS) && "../shared is absent" }, async () => {
    const whole = join(VECTORS, "images1__NodOn__128b-0102-10101-700_nodon_sin_2_fm_stm32_V10101.zigbee");
    assert.match((await good("inspect", whole)).out, /whole, 27162 octets[\s\S]*0x0000 {2}image/);
    await bad(3, /well-formed, but no package/, "verify", whole);
    assert.match((await good("verify", whole, "--structure")).out, /well-formed, 1 element\.$/m);
    await bad(3, /the file is truncated/, "verify", "--structure", join(VECTORS, "images__ONOKOM__tcl-1-zb-s_hw1.x_fw0.6.1_ota20.ota"));
  });
});

test("OpenSSL reads the keys that keygen makes", async () => {
  await good("keygen", "root", "-o", "fresh.pem");
  assert.equal(openssl("pkey", "-in", at("fresh.pem"), "-pubout").stdout.toString(), read("fresh.pem.pub").toString());
  assert.match(read("fresh.pem").toString(), /^-----BEGIN PRIVATE KEY-----/);
  assert.notEqual(read("fresh.pem.pub").toString(), publicPem(developmentRoot().point));
});
