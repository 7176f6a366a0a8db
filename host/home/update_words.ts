// What a person is told about an update: the numbers of docs/abi.md in words.
import { FileStatus, ImageReason } from "../abi.ts";
import { versionText } from "../image/manifest.ts";

/** The key of `value`, as JSON has it: `activationFailed`. */
export function nameOf(numbers: Record<string, number>, value: number): string {
  const name = Object.keys(numbers).find((key) => numbers[key] === value);
  return name ? name[0].toLowerCase() + name.slice(1) : String(value);
}

export const statusName = (status: number): string => nameOf(FileStatus, status);

/** Null for no reason. */
export const reasonName = (reason: number): string | null => (reason === ImageReason.None ? null : nameOf(ImageReason, reason));

/** 0 is the factory module. */
export const versionName = (version: number): string => (version === 0 ? "factory" : versionText(version));

const REASONS: Record<string, string> = {
  identifier: "the file is no ZigBee OTA file",
  headerVersion: "the file's header is of an unknown version",
  headerLength: "the file's header has a wrong length",
  manufacturer: "it is another manufacturer's",
  imageType: "it is for another kind of device",
  fileVersion: "the file is of another version than announced",
  stackVersion: "header and manifest differ in the stack version",
  totalSize: "the file is of another size than announced",
  destination: "it is for another device",
  hardware: "it is for other hardware",
  elementOrder: "a part of the file is out of place",
  elementLength: "a part of the file has a wrong length",
  elementMissing: "a part of the file is missing",
  elementTwice: "a part of the file is there twice",
  signatures: "the profile signature is incomplete or doubled",
  releaseKey: "the release key's certificate is malformed",
  rootSignature: "the root key does not vouch for the release key",
  revoked: "the release key was revoked",
  keyId: "the manifest names another release key",
  manifest: "the manifest is malformed",
  manifestSignature: "the manifest's signature is wrong",
  vendor: "it is another vendor's",
  class: "it is for another class of devices",
  role: "it is for another role",
  phase: "the device cannot run its phase",
  hostAbi: "it needs another version of the native firmware's contract",
  memory: "it needs more memory than the device has",
  native: "it needs newer native firmware",
  counter: "its security counter is below the device's: a downgrade",
  version: "its version is not above the running one: a downgrade",
  size: "it is too large for the slot",
  base: "its delta is against another module than the running one",
  encoding: "its payload cannot be decoded",
  overflow: "its payload makes more than it says",
  payloadDigest: "the file was changed: its payload differs from the manifest",
  imageDigest: "the file was changed: the module differs from the manifest",
  truncated: "the file ends too early",
  gate: "the load gate refuses the module",
  flash: "the flash reports a fault",
  changed: "the server's file changed meanwhile",
  stopped: "the device was reset three times while it verified it",
  aborted: "it was ended by the server or the user",
  notConfirmed: "three tries ended without a confirmation",
  unhealthy: "its health check failed",
  lost: "it no longer verified at boot",
};

/** A clause for a reason's name. */
export function reasonWords(name: string): string {
  return REASONS[name] ?? name;
}

export const STEPS: Record<number, string> = { 1: "started", 2: "joined", 3: "key", 4: "server", 5: "confirmed", 6: "givenUp" };

const STEP_WORDS: Record<string, string> = {
  started: "on trial: it starts",
  joined: "on trial: on the network",
  key: "on trial: its key is established",
  server: "on trial: it reaches its server",
  confirmed: "confirmed",
  givenUp: "given up",
};

export function stepWords(step: string): string {
  return STEP_WORDS[step] ?? step;
}
