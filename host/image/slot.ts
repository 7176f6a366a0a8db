// What a slot holds: a module with the envelope that vouches for it.
import { createHash } from "node:crypto";
import { ImageReason } from "../abi.ts";
import { coseOpen } from "./cose.ts";
import { ImageError } from "./image_error.ts";
import { certificateOpen, type Identity, type ReleaseKey } from "./keys.ts";
import { MANIFEST_MAX, type Manifest, manifestRead } from "./manifest.ts";
import { manifestFits } from "./stream.ts";

export const SLOT_HEAD = 2048;

export interface SlotContent {
  certificate: Buffer;
  envelope: Buffer;
  module: Buffer;
}

/** What a slot proves to be. */
export interface Verified {
  module: Buffer;
  manifest: Manifest;
  key: ReleaseKey;
}

/** What is compared at every boot. */
export interface Judge {
  identity: Identity;
  epoch: number;
  counter: number;
  /** IEEE address of the device, where it is known. */
  address?: bigint;
}

/** Everything but the gate: signatures, epoch, counter, board, digest.  Throws `ImageError`. */
export function slotVerify({ certificate, envelope, module }: SlotContent, judge: Judge): Verified {
  const key = certificateOpen(certificate, judge.identity.root);
  if (key.epoch < judge.epoch) throw new ImageError(0, "the release key was revoked", ImageReason.Revoked);
  const source = {
    name: "manifest",
    offset: 0,
    sizeMax: MANIFEST_MAX,
    malformed: ImageReason.Manifest,
    unsigned: ImageReason.ManifestSignature,
  };
  const manifest = manifestRead(coseOpen(envelope, key.point, source));
  const reason = manifestFits(manifest, judge.identity, judge.address);
  if (reason !== ImageReason.None) throw new ImageError(0, "the module is not for this board", reason);
  if (manifest.counter < judge.counter) throw new ImageError(0, "the security counter is below the stored one", ImageReason.Counter);
  if (!createHash("sha256").update(module).digest().equals(manifest.imageDigest))
    throw new ImageError(0, "the module differs from its manifest", ImageReason.ImageDigest);
  return { module, manifest, key };
}
