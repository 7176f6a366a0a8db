// The profile's own signature on the command line: made with an identity that a Smart Energy authority issued.

import type { Command } from "commander";
import { SUITE_CURVES, type Suite } from "../../host/crypto/ca.ts";
import { type ProfileAuthority, profileSign } from "../../host/image/profile_signature.ts";
import { InputError } from "../../host/load/input_error.ts";
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
  const identity = octetsOf(signer, CERTIFICATE_SIZE[suite], octets);
  const certificate = identity.subarray(0, CERTIFICATE_SIZE[suite]);
  const privateKey = signerKey ? octetsOf(signerKey, octets, 0) : identity.subarray(certificate.length, certificate.length + octets);
  if (certificate.length !== CERTIFICATE_SIZE[suite])
    throw new InputError(`${signer} is no certificate of suite ${suite}: it is too short.`);
  if (privateKey.length < octets) throw new InputError(`${signer} holds no private key; give it with --signer-key.`);
  return profileSign(file, { suite, certificate, privateKey: privateKey.subarray(0, octets) });
}

/** Octets of a file that holds them as they are, as hexadecimal digits, or as the JSON of `kilowasm ca`. */
function octetsOf(path: string, first: number, second: number): Buffer {
  const octets = readWhole(path, SMALL_FILE_MAX);
  const text = octets.toString("latin1").trim();
  if (text.startsWith("{")) return fromJson(path, text);
  const bare = text.replaceAll(/\s/g, "");
  const isHex = /^([0-9a-f]{2})+$/i.test(bare) && bare.length / 2 >= first;
  const value = isHex ? Buffer.from(bare, "hex") : octets;
  if (value.length >= first) return value;
  throw new InputError(
    `${path} has ${value.length} octets; ${second > 0 ? `${first}, or ${first + second} with the key,` : first} are needed.`,
  );
}

function fromJson(path: string, text: string): Buffer {
  let value: { certificate?: unknown; privateKey?: unknown };
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`${path} begins like JSON and is none.`);
  }
  const parts = [value.certificate, value.privateKey].map((part) => Buffer.from(typeof part === "string" ? part : "", "hex"));
  return Buffer.concat(parts);
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
