// Project Wycheproof: AES-CCM and ECDSA P-256 by the board's primitives, ECDH on the binary curves by assembly/crypto.
//
// A test is `valid`, `invalid` or `acceptable`; an acceptable one may be refused, but not be computed wrongly.

import { Lab } from "../crypto/lab.ts";
import type { Primitives } from "./primitives.ts";
import { BadVectors, listOf, octetsOf, Report, type Vector } from "./report.ts";
import { parseSpki } from "./spki.ts";

interface BinaryCurve {
  suite: number;
  octets: number;
  object: string;
}

const BINARY_CURVES: Record<string, BinaryCurve> = {
  sect163k1: { suite: 1, octets: 21, object: "2b81040001" },
  sect283k1: { suite: 2, octets: 36, object: "2b81040010" },
};

/** What a test gave: octets, or nothing where the input was refused. */
type Outcome = Buffer | undefined;
type Runner = (report: Report, name: string, group: Vector, test: Vector) => void;

export async function runWycheproof(file: Vector, primitives: Primitives, print: (line: string) => void): Promise<Report> {
  const report = new Report(print);
  const run = await runnerFor(file, primitives);
  let count = 0;
  for (const group of listOf(file, "testGroups")) {
    for (const test of listOf(group, "tests")) {
      const name = `tcId ${test.tcId}${test.comment ? ` (${test.comment})` : ""}`;
      count++;
      if (!["valid", "invalid", "acceptable"].includes(String(test.result))) {
        report.fail(name, `its result is ${JSON.stringify(test.result)}`);
        continue;
      }
      report.attempt(name, () => run(report, name, group, test));
    }
  }
  if (count === 0) throw new BadVectors("it has no tests");
  return report;
}

async function runnerFor(file: Vector, primitives: Primitives): Promise<Runner> {
  switch (file.algorithm) {
    case "AES-CCM":
      return (report, name, group, test) => runCcm(report, name, group, test, primitives);
    case "ECDSA":
      requireGroups(file, (group) => group.type === "EcdsaP1363Verify" && group.sha === "SHA-256" && keyOf(group).curve === "secp256r1");
      return (report, name, group, test) => runEcdsa(report, name, group, test, primitives);
    case "ECDH": {
      requireGroups(file, (group) => String(group.curve) in BINARY_CURVES && (group.encoding === "asn" || group.encoding === "ecpoint"));
      const lab = await Lab.open({ entropy: () => undefined });
      return (report, name, group, test) => judge(report, name, test, test.shared, agree(lab, group, test));
    }
    default:
      throw new BadVectors(`there is nothing here for the algorithm ${JSON.stringify(file.algorithm)}; AES-CCM, ECDH and ECDSA there are`);
  }
}

function requireGroups(file: Vector, known: (group: Vector) => boolean): void {
  for (const group of listOf(file, "testGroups")) {
    if (!known(group)) {
      const shape = JSON.stringify({
        type: group.type,
        curve: group.curve ?? keyOf(group).curve,
        encoding: group.encoding,
        sha: group.sha,
      });
      throw new BadVectors(
        `a group of ${shape} is none that can be run: ECDH needs sect163k1 or sect283k1, ECDSA P-256 with SHA-256 in P1363`,
      );
    }
  }
}

function keyOf(group: Vector): Vector {
  return (group.publicKey ?? group.key ?? {}) as Vector;
}

/** Compares what came out with what a test wants. */
function judge(report: Report, name: string, test: Vector, wanted: unknown, outcome: Outcome): void {
  if (outcome === undefined) {
    if (test.result === "valid") report.fail(name, "is refused, must be accepted");
    else report.pass();
  } else if (test.result === "invalid") {
    report.fail(name, "is accepted, must be refused");
  } else {
    report.equal(name, outcome, wanted);
  }
}

function runCcm(report: Report, name: string, group: Vector, test: Vector, primitives: Primitives): void {
  const [key, nonce, aad, text, sealedText, tag] = ["key", "iv", "aad", "msg", "ct", "tag"].map((field) => octetsOf(test, field)) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  const opened = primitives.ccmOpen(key, nonce, aad, { text: sealedText, tag });
  judge(report, name, test, test.msg, opened && Buffer.from(opened));
  if (test.result === "invalid") return;
  const sealed = primitives.ccmSeal(key, nonce, aad, text, Number(group.tagSize) / 8);
  judge(report, `${name} sealing`, test, `${test.ct}${test.tag}`, sealed && Buffer.concat([sealed.text, sealed.tag]));
}

function runEcdsa(report: Report, name: string, group: Vector, test: Vector, primitives: Primitives): void {
  const point = octetsOf(keyOf(group), "uncompressed", 65);
  let accepted = false;
  try {
    accepted = primitives.p256Verify(point, octetsOf(test, "msg"), octetsOf(test, "sig"));
  } catch (error) {
    if (test.result === "valid") throw error;
  }
  judge(report, name, test, "", accepted ? Buffer.alloc(0) : undefined);
}

function agree(lab: Lab, group: Vector, test: Vector): Outcome {
  const curve = BINARY_CURVES[String(group.curve)] as BinaryCurve;
  const octets = octetsOf(test, "public");
  let point: Buffer = octets;
  if (group.encoding === "asn") {
    const key = parseSpki(octets);
    if (!key || key.curve !== curve.object) return undefined;
    point = key.point;
  }
  const scalar = privateKey(test, curve);
  if (!scalar) return undefined;
  lab.call("select", curve.suite);
  let found: Buffer | number;
  if (point[0] === 4 && point.length === 1 + 2 * curve.octets) found = lab.compute("agreeAbscissa", point.subarray(1), scalar, 0);
  else if ((point[0] === 2 || point[0] === 3) && point.length === 1 + curve.octets)
    found = lab.compute("agreeCompressed", point, scalar, 0);
  else return undefined;
  return typeof found === "number" ? undefined : found;
}

/** A private key in as many octets as the curve's; undefined where it has more. */
function privateKey(test: Vector, curve: BinaryCurve): Buffer | undefined {
  if (typeof test.private !== "string" || !/^[0-9a-f]+$/i.test(test.private)) throw new Error('its field "private" is not hexadecimal');
  const digits = test.private.replace(/^0+/, "");
  if (digits.length > 2 * curve.octets) return undefined;
  return Buffer.from(digits.padStart(2 * curve.octets, "0"), "hex");
}
