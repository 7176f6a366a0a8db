// A folder of OTA files, each reported in one line: whole, with what it holds, or refused, with where and why.
//
//   whole    NAME: header fields; elements; integrity code; signature
//   refused  NAME: what it looks like: at octet N: the rule that is broken (ImageReason); remarks

import { readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { join, relative } from "node:path";
import { ImageReason } from "../abi.ts";
import { systemReason } from "../files/input_error.ts";
import { ImageError } from "../image/image_error.ts";
import { integrityCheck } from "../image/integrity.ts";
import { type OtaExamined, type OtaFile, type OtaHeader, otaExamine } from "../image/ota_file.ts";
import { hex } from "../image/ota_header.ts";
import { type ProfileAuthority, profileSigned, profileVerify, TEST_AUTHORITIES } from "../image/profile_signature.ts";
import { clean } from "./report.ts";

export const OTA_FOLDER = "../shared/vectors/ota";
/** Larger than any image; AES-MMO has no length for messages of 512 MiB. */
const SIZE_MAX = 0x1000_0000;
const ELEMENTS_SHOWN = 12;

type Say = (line: string) => void;

/** The file that was named is refused, or the folder that was named has nothing that is whole: as `image verify` ends. */
const REFUSED = 3;

/** Reports every file of a folder; answers the exit code: 0 where every file could be read, and some are whole. */
export async function runOta(args: string[], print: Say, complain: Say): Promise<number> {
  const [folder = OTA_FOLDER, ...more] = args;
  if (more.length > 0 || folder.startsWith("-")) {
    complain(`usage: npm run vectors -- ota [DIR], where DIR is ${OTA_FOLDER} unless given`);
    return folder === "--help" || folder === "-h" ? 0 : 2;
  }
  let files: string[];
  try {
    files = filesOf(folder);
  } catch (error) {
    complain(`${folder}: ${systemReason(error)}; name a folder of OTA files.`);
    return 2;
  }
  if (files.length === 0) {
    complain(`${folder}: there is no file in it; name a folder of OTA files.`);
    return 2;
  }
  if (!isFolder(folder)) return runOne(folder, print, complain);
  const counts = { whole: 0, refused: 0, unread: 0 };
  for (const path of files) {
    const name = clean(relative(folder, path) || path);
    const { verdict, text } = await reportFile(path);
    counts[verdict]++;
    print(`${verdict.padEnd(8)} ${name}: ${text}`);
  }
  print(`${counts.whole} whole, ${counts.refused} refused${counts.unread ? `, ${counts.unread} could not be read` : ""}`);
  if (counts.unread > 0) {
    complain(`${folder}: ${counts.unread} of its files cannot be read.`);
    return 1;
  }
  if (counts.whole > 0) return 0;
  complain(`${folder}: none of its files is an OTA file that is whole.`);
  return REFUSED;
}

const isFolder = (path: string): boolean => statSync(path).isDirectory();

/** A file that somebody names is meant to be one: what is wrong with it is a complaint. */
async function runOne(path: string, print: Say, complain: Say): Promise<number> {
  const { verdict, text } = await reportFile(path);
  if (verdict === "whole") {
    print(`whole    ${clean(path)}: ${text}`);
    return 0;
  }
  complain(verdict === "refused" ? `${clean(path)}: ${text}.` : `${clean(path)} cannot be read: ${text}.`);
  return verdict === "refused" ? REFUSED : 2;
}

/** Every file of a folder and of those in it, in the order of their names; a file is itself. */
function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesOf(join(path, entry.name)) : [join(path, entry.name)]));
}

interface Report {
  verdict: "whole" | "refused" | "unread";
  text: string;
}

async function reportFile(path: string): Promise<Report> {
  let file: Buffer;
  try {
    const stats: Stats = statSync(path);
    if (!stats.isFile()) return { verdict: "unread", text: "it is not a regular file" };
    if (stats.size > SIZE_MAX) return { verdict: "unread", text: `it has ${stats.size} octets, and images have at most ${SIZE_MAX}` };
    file = readFileSync(path);
  } catch (error) {
    return { verdict: "unread", text: systemReason(error) };
  }
  return reportOctets(file);
}

/** What the report says of a file's octets. */
export async function reportOctets(file: Buffer, authorities: readonly ProfileAuthority[] = TEST_AUTHORITIES): Promise<Report> {
  const examined = otaExamine(file);
  if (!examined.file) return { verdict: "refused", text: refusal(examined.kind, examined.error as ImageError, examined.remarks) };
  try {
    return { verdict: "whole", text: await wholeText(file, examined, examined.file, authorities) };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return {
      verdict: "refused",
      text: refusal(error.reason === ImageReason.Signatures ? "bad signature" : "bad integrity code", error, examined.remarks),
    };
  }
}

function refusal(kind: string, error: ImageError, remarks: string[]): string {
  return clean([`${kind}: ${error.message} (${error.reasonName})`, ...remarks].join("; "));
}

async function wholeText(file: Buffer, { remarks }: OtaExamined, read: OtaFile, authorities: readonly ProfileAuthority[]): Promise<string> {
  const shown = read.elements.slice(0, ELEMENTS_SHOWN).map(({ tag, data }) => `${hex(tag, 4)} (${data.length})`);
  const more = read.elements.length - shown.length;
  const parts = [
    headerText(read.header),
    `${read.totalSize} octets`,
    `elements ${shown.join(" ")}${more > 0 ? ` and ${more} more` : ""}`,
    integrityText(file, read),
    await signatureText(file, read, authorities),
    ...remarks,
  ];
  return clean(parts.join("; "));
}

function headerText(header: OtaHeader): string {
  const parts = [
    `manufacturer ${hex(header.manufacturer, 4)}`,
    `type ${hex(header.imageType, 4)}`,
    `version ${hex(header.fileVersion, 8)}`,
    `stack ${header.stackVersion}`,
    `string ${JSON.stringify(header.headerString)}`,
  ];
  if (header.credentialVersion !== undefined) parts.push(`credential version ${header.credentialVersion}`);
  if (header.destination !== undefined) parts.push(`destination ${header.destination.toString(16).padStart(16, "0")}`);
  if (header.hardware) parts.push(`hardware ${header.hardware.minimum} to ${header.hardware.maximum}`);
  return parts.join(", ");
}

function integrityText(file: Buffer, read: OtaFile): string {
  const match = integrityCheck(file, read.elements);
  return match === undefined ? "no integrity code" : `integrity code holds, over what is ${match}`;
}

async function signatureText(file: Buffer, read: OtaFile, authorities: readonly ProfileAuthority[]): Promise<string> {
  const signed = profileSigned(read.elements);
  if (!signed) return "not signed by the profile";
  await profileVerify(file, { authorities, signers: null });
  const signer = signed.signer.toString(16).padStart(16, "0");
  return `signature of suite ${signed.suite} by ${signer} holds, under a test authority (SE annex C)`;
}
