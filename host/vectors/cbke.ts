// Worked examples of key establishment against assembly/crypto and assembly/sep1/key_establishment, both roles of each.

import { Lab } from "../crypto/lab.ts";
import { BadVectors, isVector, listOf, nameOf, octetsOf, Report, type Vector } from "./report.ts";

const OCTETS: Record<number, number> = { 1: 21, 2: 36 };
const CERTIFICATE: Record<number, number> = { 1: 48, 2: 74 };

const READY = 5;
const RECONSTRUCTED = 3;
const EPHEMERAL_MADE = 2;
const SLICES_MAX = 1000; // far more than an agreement takes

const board = {
  entropy: (octets: Uint8Array) => {
    octets.fill(0); // replaced by the example's ephemeral key before it is used
    octets[octets.length - 1] = 1;
  },
};

interface Labs {
  crypto: Lab;
  cluster: Lab;
}

export async function runCbke(file: Vector, print: (line: string) => void): Promise<Report> {
  const report = new Report(print);
  const examples = listOf(file, "cbke");
  if (examples.length === 0) throw new BadVectors('it has no examples under "cbke"');
  const labs = {
    crypto: await Lab.open(board),
    cluster: await Lab.open(board, "sep1/key_establishment"),
  };
  examples.forEach((example, index) => {
    const name = nameOf(example, `cbke[${index}]`);
    report.attempt(name, () => runExample(labs, report, name, example));
  });
  return report;
}

function runExample(labs: Labs, report: Report, name: string, example: Vector): void {
  const suite = example.suite;
  if (suite !== 1 && suite !== 2) throw new Error(`there is no suite ${JSON.stringify(suite)}`);
  const { initiator, responder } = example;
  if (!isVector(initiator) || !isVector(responder)) throw new Error("it lacks an initiator or a responder");
  const parties: [string, Vector, Vector][] = [
    ["initiator", initiator, responder],
    ["responder", responder, initiator],
  ];
  for (const [role, own, partner] of parties) {
    report.attempt(`${name} ${role}`, () => {
      checkKeys(labs.crypto, report, `${name} ${role}`, suite, own);
      checkShare(labs, report, `${name} ${role}`, { suite, example, own, partner, initiator: role === "initiator" });
    });
  }
}

/** Public keys from private ones. */
function checkKeys(lab: Lab, report: Report, name: string, suite: number, party: Vector): void {
  const octets = OCTETS[suite] as number;
  lab.call("select", suite);
  lab.call("generator", lab.at(0));
  const generator = lab.read(lab.at(0), octets + 1);
  for (const [privateField, publicField] of [
    ["priv", "pub"],
    ["ephPriv", "ephPub"],
  ] as const) {
    if (party[publicField] === undefined) continue;
    const found = lab.compute("multiply", generator, octetsOf(party, privateField, octets));
    if (typeof found === "number") report.fail(`${name} ${publicField}`, `${privateField} is no private key`);
    else report.equal(`${name} ${publicField} of ${privateField}`, found, party[publicField]);
  }
}

interface Share {
  suite: number;
  example: Vector;
  own: Vector;
  partner: Vector;
  initiator: boolean;
}

/** A party's whole share of the exchange, through the same slices as on a device. */
function checkShare(labs: Labs, report: Report, name: string, share: Share): void {
  const { suite, example, own, partner } = share;
  const lab = labs.crypto;
  const octets = OCTETS[suite] as number;
  const privateKey = lab.put(0x200, octetsOf(own, "priv", octets));
  const authority = lab.put(0x280, octetsOf(example, "ca", octets + 1));
  const ephemeral = lab.put(0x300, octetsOf(own, "ephPriv", octets));
  const certificate = lab.put(0x380, octetsOf(partner, "cert", CERTIFICATE[suite]));
  const partnerKey = lab.put(0x400, octetsOf(partner, "ephPub", octets + 1));
  if (lab.call("agreementBegin", suite, privateKey, authority) < 0) throw new Error("priv is no private key");
  lab.call("agreementForce", ephemeral);
  lab.call("agreementCertificate", certificate);
  lab.call("agreementEphemeral", partnerKey);
  for (let slice = 0; ; slice++) {
    const happened = lab.call("agreementRun");
    if (happened === READY) break;
    if (happened < 0) throw new Error(`the agreement is refused with ${happened}: a point is not valid`);
    if (happened === EPHEMERAL_MADE) report.equal(`${name} own ephPub`, lab.read(lab.call("agreementOwn"), octets + 1), own.ephPub);
    if (happened === RECONSTRUCTED && partner.pub !== undefined) {
      report.equal(`${name} partner's pub from its cert`, lab.compute("agreementPartner") as Buffer, partner.pub);
    }
    if (slice > SLICES_MAX) throw new Error("the agreement does not end");
  }
  const macKey = lab.read(lab.call("agreementKeys"), 16);
  const linkKey = lab.read(lab.call("agreementKeys") + 16, 16);
  const found: [string, Uint8Array][] = [
    ["Z", lab.read(lab.call("agreementSecret"), octets)],
    ["macKey", macKey],
    ["linkKey", linkKey],
    ["macU", confirmation(labs.cluster, share, macKey, true)],
    ["macV", confirmation(labs.cluster, share, macKey, false)],
  ];
  for (const [field, value] of found) if (example[field] !== undefined) report.equal(`${name} ${field}`, value, example[field]);
}

/** The hash by which the initiator or the responder confirms. */
function confirmation(lab: Lab, share: Share, macKey: Uint8Array, byInitiator: boolean): Buffer {
  const { suite, own, partner, initiator } = share;
  const [by, to] = byInitiator === initiator ? [own, partner] : [partner, own];
  const octets = OCTETS[suite] as number;
  const address = (party: Vector, offset: number) =>
    lab.call("subject", suite, lab.put(offset, octetsOf(party, "cert", CERTIFICATE[suite])));
  const byAddress = address(by, 0x200);
  const toAddress = address(to, 0x280);
  const byKey = lab.put(0x300, octetsOf(by, "ephPub", octets + 1));
  const toKey = lab.put(0x380, octetsOf(to, "ephPub", octets + 1));
  lab.call("confirm", lab.at(0), lab.put(0x100, macKey), byInitiator ? 1 : 0, suite, byAddress, toAddress, byKey, toKey);
  return lab.read(lab.at(0), 16);
}
