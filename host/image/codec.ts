// The two encodings of a package's payload, docs/image.md "Encodings": what boards/common/codec.c decodes.
import { ImageReason } from "../abi.ts";
import { type Operation, RangeEncoder, Writer } from "./codec_coder.ts";
import { Decoder } from "./codec_decode.ts";
import { alignments } from "./codec_delta.ts";
import { MatchFinder, Parser } from "./codec_parse.ts";
import { ImageError } from "./image_error.ts";

export const Encoding = { Plain: 0, Compressed: 1, Delta: 2 } as const;

/** The literals and matches that compress an image. */
export function codecOperations(image: Uint8Array): Operation[] {
  return new Parser(image, new MatchFinder(image), false).parse(0, image.length, 0).operations;
}

/** The operations that make an image of its base: pieces of the base, and between them literals and matches. */
export function deltaOperations(base: Uint8Array, image: Uint8Array): Operation[] {
  const parser = new Parser(image, new MatchFinder(image), true);
  const operations: Operation[] = [];
  let [from, distance] = [0, 0];
  const between = (to: number): void => {
    const parsed = parser.parse(from, to, distance);
    for (const operation of parsed.operations) operations.push(operation);
    distance = parsed.distance;
  };
  for (const piece of alignments(base, image)) {
    between(piece.from);
    operations.push({ kind: "base", at: piece.at, size: piece.size });
    from = piece.from + piece.size;
  }
  between(image.length);
  return operations;
}

/** The image in fewer octets, as a rule; the same image always gives the same octets. */
export function compress(image: Uint8Array): Buffer {
  return encode(image, undefined, codecOperations(image));
}

/** The image as what differs from its base. */
export function delta(base: Uint8Array, image: Uint8Array): Buffer {
  return encode(image, base, deltaOperations(base, image));
}

function encode(image: Uint8Array, base: Uint8Array | undefined, operations: Operation[]): Buffer {
  const encoder = new RangeEncoder();
  new Writer(encoder, image, base).all(operations);
  return encoder.end();
}

/** The image again.  Refuses what boards/common/codec.c refuses, for the same reason. */
export function decode(encoding: number, payload: Uint8Array, imageSize: number, base?: Uint8Array): Buffer {
  if (encoding === Encoding.Plain) {
    if (payload.length > imageSize) throw new ImageError(imageSize, "payload larger than image", ImageReason.Overflow);
    if (payload.length < imageSize) throw new ImageError(payload.length, "payload smaller than image", ImageReason.Encoding);
    return Buffer.from(payload);
  }
  if (encoding !== Encoding.Compressed && encoding !== Encoding.Delta)
    throw new ImageError(0, `encoding ${encoding} is unknown`, ImageReason.Encoding);
  return new Decoder(payload, imageSize, encoding === Encoding.Delta ? (base ?? new Uint8Array(0)) : undefined).run();
}
