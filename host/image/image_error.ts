// What is wrong with an image or a package: where, which rule it breaks, and the number by which a device would report it.

import { ImageReason } from "../abi.ts";

export class ImageError extends Error {
  override readonly name = "ImageError";

  /** `rule` says in words what must hold and what was found; `reason` is an `ImageReason`. */
  constructor(
    readonly offset: number,
    readonly rule: string,
    readonly reason: number,
  ) {
    super(`at octet ${offset}: ${rule}`);
  }

  /** The reason by its name in docs/abi.md, such as `HeaderLength`. */
  get reasonName(): string {
    return reasonName(this.reason);
  }
}

export function reasonName(reason: number): string {
  return Object.entries(ImageReason).find(([, value]) => value === reason)?.[0] ?? `reason ${reason}`;
}
