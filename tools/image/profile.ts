// The profile's own signature on the command line: made with an identity that a Smart Energy authority issued.

import type { Command } from "commander";
import { SUITE_CURVES, type Suite } from "../../host/crypto/ca.ts";
import { InputError } from "../../host/files/input_error.ts";
import { type ProfileAuthority, profileSign } from "../../host/image/profile_signature.ts";
import { readWhole, SMALL_FILE_MAX } from "./files.ts";
import * as words from "./words.ts";

const CERTIFICATE_SIZE: Record<Suite, number> = { 1: 48, 2: 74 };
const ISSUER_AT: Record<Suite, number> = { 1: 30, 2: 11 };

export interface ProfileWords {
  suite?: Suite;
  signer?: string;
  signerKey?: string;
}

export function profileOptions(command: Command): Command {
  return command
    .option("--suite <n>", "add the profile's signature with suite 1 or 2", words.suite("--suite"))
    .option("--signer <file>", "the signer's certificate, or its identity as `kilowasm ca` writes it")
    .option("--signer-key <file>", "the signer's private key, octets or hexadecimal");
}

/** The file with the profile's signature, where one is asked for. */
export async function profileSigned(file: Buffer, options: ProfileWords): Promise<Buffer> {
  const { suite, signer, signerKey } = options;
  if (suite === undefined) {
    if (signer || signerKey) throw new InputError("--signer and --signer-key need --suite.");
    return file;
  }
  if (!signer) throw new InputError("--suite needs --signer, the certificate of who signs.");
  const { octets } = SUITE_CURVES[suite];
  const size = CERTIFICATE_SIZE[suite];
  // A certificate, one with its key, or an identity record, which has the authority's key too.
  const identity = octetsOf(signer, ["certificate", "privateKey"], [size, size + octets, size + 2 * octets + 1]);
  const privateKey = signerKey ? octetsOf(signerKey, ["privateKey"], [octets]) : identity.subarray(size, size + octets);
  if (privateKey.length < octets) throw new InputError(`${signer} holds no private key; give it with --signer-key.`);
  try {
    return await profileSign(file, { suite, certificate: identity.subarray(0, size), privateKey });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(`${signerKey ?? signer} holds no key: ${error.message}.`);
  }
}

/** Octets of a file that holds them as they are, as hexadecimal digits, or in fields of the JSON of `kilowasm ca`. */
function octetsOf(path: string, fields: string[], sizes: number[]): Buffer {
  const octets = readWhole(path, SMALL_FILE_MAX);
  const text = octets.toString("latin1").trim();
  const bare = text.replaceAll(/\s/g, "");
  const value = text.startsWith("{") ? fromJson(path, text, fields) : /^([0-9a-f]{2})+$/i.test(bare) ? Buffer.from(bare, "hex") : octets;
  if (sizes.includes(value.length)) return value;
  throw new InputError(`${path} has ${value.length} octets; ${sizes.join(" or ")} are needed.`);
}

function fromJson(path: string, text: string, fields: string[]): Buffer {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`${path} begins like JSON and is none.`);
  }
  return Buffer.concat(fields.map((field) => Buffer.from(typeof value[field] === "string" ? value[field] : "", "hex")));
}

/** "HEX:HEX", issuer and public key; or the JSON or identity record that `kilowasm ca` writes, whose authority is meant. */
export function authorityOf(word: string, suite: Suite): ProfileAuthority {
  const pair = /^([0-9a-f]{16}):((?:[0-9a-f]{2})+)$/i.exec(word);
  const { octets } = SUITE_CURVES[suite];
  if (pair) return checked(word, suite, Buffer.from(pair[1], "hex"), Buffer.from(pair[2], "hex"));
  const file = readWhole(word, SMALL_FILE_MAX);
  const text = file.toString("latin1").trim();
  if (text.startsWith("{")) {
    let value: { certificate?: unknown; caPublicKey?: unknown };
    try {
      value = JSON.parse(text);
    } catch {
      throw new InputError(`${word} begins like JSON and is none.`);
    }
    const certificate = Buffer.from(String(value.certificate ?? ""), "hex");
    const issuer = certificate.subarray(ISSUER_AT[suite], ISSUER_AT[suite] + 8);
    return checked(word, suite, issuer, Buffer.from(String(value.caPublicKey ?? ""), "hex"));
  }
  const issuer = file.subarray(ISSUER_AT[suite], ISSUER_AT[suite] + 8);
  return checked(word, suite, issuer, file.subarray(CERTIFICATE_SIZE[suite] + octets));
}

function checked(word: string, suite: Suite, issuer: Buffer, publicKey: Buffer): ProfileAuthority {
  const wanted = SUITE_CURVES[suite].octets + 1;
  if (issuer.length === 8 && publicKey.length === wanted) return { suite, issuer, publicKey };
  throw new InputError(`${word} is no authority of suite ${suite}: an issuer of 8 octets and a compressed public key of ${wanted}.`);
}
