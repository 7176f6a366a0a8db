// One party's share of certificate-based key establishment: SE profile annexes C.4 and C.5.
//
//   own ephemeral key      R = k * G
//   partner's public key   Q' = e * P' + Q(CA)                 e the hash of its certificate, P' the point in it: SEC 4, ECQV
//   agreed value           Z = x(h * s * (R' + m' * Q'))       s = k + m * d: SEC 1 section 3.4, ECMQV; d our private key,
//                                                              m, m' the halves of x(R), x(R')
//   keys                   hash(Z || 00000001) for the confirmation, hash(Z || 00000002) for the link
//
//   Ephemeral -> Reconstruct -> Combine -> Agree -> (Ready)
//                [certificate]  [partner's R']
//
// Each `agreementRun` does one slice.  In brackets is what a stage waits for.  Three of the four multiplications are by or
// of public values; those by k and by s are by secrets.  One exchange at a time.

import { wipe } from "../core/bytes";
import { Err } from "../core/err";
import { hashMmo } from "../core/host";
import { certificateReconstruction, certificateSize } from "./certificate";
import { curve, curveSelect } from "./curve";
import { ladderBegin, ladderFinish, ladderFinishAbscissa, ladderForget, ladderStep } from "./ladder";
import { POINT, POINT_DECODE_STEPS, pointAdd, pointDecodeStep, pointEncode } from "./point";
import { scalarAdd, scalarDraw, scalarForget, scalarFromOctets, scalarMultiply } from "./scalar";
import { NUMBER_SIZE, WORDS_MAX, wordsFromOctets, wordsToOctets } from "./words";

export const POINT_OCTETS_MAX: u32 = 37;
export const HASH_SIZE: u32 = 16;

/** Bits of a multiplication in one slice: about half a million instructions on sect283k1. */
const SLICE_BITS: u32 = 16;

/** What a run answers; a failure is a negative `Err`. */
export enum Agreement {
  Idle = 0,          // not begun, or waiting for the partner
  Working = 1,       // run again
  EphemeralMade = 2, // `agreementOwnEphemeral` is there
  Reconstructed = 3, // the partner's certificate is good
  EphemeralTaken = 4, // the partner's ephemeral key is good
  Ready = 5,         // both keys are there
}

enum Stage {
  Idle,
  MultiplyEphemeral, FinishEphemeral, EncodeEphemeral,
  AwaitCertificate, DecodeReconstruction, MultiplyReconstruction, FinishReconstruction, DecodeIssuer, AddIssuer,
  AwaitEphemeral, DecodeEphemeral, MultiplyPublic, FinishPublic, AddPublic, MakeSecret, MultiplySecret, FinishSecret,
}

@unmanaged @final
class Context {
  stage: u32;
  step: u32;               // within the decoding of a point
  certificate: usize;      // the partner's; 0 until it is given
  partnerEphemeral: usize; // 0 until it is given
  issuer: usize;           // compressed public key of the authority
  privateKey: usize;       // octets
}

const context = changetype<Context>(memory.data(offsetof<Context>(), 4));
const k = memory.data(NUMBER_SIZE, 4);
const number = memory.data(NUMBER_SIZE, 4);
const product = memory.data(NUMBER_SIZE, 4);
const own = memory.data(POINT, 4);
const theirs = memory.data(POINT, 4);
const spare = memory.data(POINT, 4);
const ownOctets = memory.data(POINT_OCTETS_MAX + 3, 4);
const agreed = memory.data(WORDS_MAX * 4 + 4, 4); // Z and the counter of the derivation
const keys = memory.data(2 * HASH_SIZE, 4);

if (POINT_OCTETS_MAX != NUMBER_SIZE + 1) ERROR("a compressed point is a prefix and a coordinate");

/** Our own ephemeral public key, compressed, once it is made. */
export function agreementOwnEphemeral(): usize { return ownOctets; }
/** The key of the confirmation, 16 octets, once ready; behind it the link key. */
export function agreementMacKey(): usize { return keys; }
export function agreementLinkKey(): usize { return keys + HASH_SIZE; }
/** The partner's public key as a point, from `Reconstructed` to `EphemeralTaken`. */
export function agreementPartnerKey(): usize { return theirs; }
/** The agreed value Z in octets, as tests see it. */
export function agreementSecret(): usize { return agreed; }

/**
 * Begins a share with an identity: our private key and the authority's compressed public key, both left in place by the
 * caller until the end.  Answers `BadState` where the private key is none.
 */
export function agreementBegin(suite: u32, privateKey: usize, issuer: usize): i32 {
  agreementForget();
  curveSelect(suite);
  context.privateKey = privateKey;
  context.issuer = issuer;
  if (!scalarFromOctets(number, privateKey)) return Err.BadState;
  if (!scalarDraw(k)) return Err.BadState;
  startEphemeral();
  return Err.Ok;
}

/** Replaces the drawn ephemeral private key before the first run: for worked examples only. */
export function agreementForceEphemeral(privateKey: usize): void {
  scalarFromOctets(k, privateKey);
  startEphemeral();
}

/** Gives the partner's certificate, which stays in place until the end. */
export function agreementGiveCertificate(certificate: usize): void {
  context.certificate = certificate;
}

/** Gives the partner's compressed ephemeral public key, which stays in place until it is taken. */
export function agreementGiveEphemeral(ephemeral: usize): void {
  context.partnerEphemeral = ephemeral;
}

/** Whether there is something to compute now. */
export function agreementBusy(): bool {
  switch (context.stage) {
    case Stage.Idle: return false;
    case Stage.AwaitCertificate: return context.certificate != 0;
    case Stage.AwaitEphemeral: return context.partnerEphemeral != 0;
    default: return true;
  }
}

/** Forgets everything secret; whoever has taken the keys, or gives up, calls it. */
export function agreementForget(): void {
  memory.fill(changetype<usize>(context), 0, offsetof<Context>());
  ladderForget();
  scalarForget();
  wipe(k, NUMBER_SIZE);
  wipe(number, NUMBER_SIZE);
  wipe(product, NUMBER_SIZE);
  wipe(spare, POINT);
  wipe(agreed, WORDS_MAX * 4 + 4);
  wipe(keys, 2 * HASH_SIZE);
}

/** One slice; answers an `Agreement`, or `BadPoint` where the partner's octets are to blame, and then forgets all. */
export function agreementRun(): i32 {
  let answer = runStage();
  if (answer < 0) agreementForget();
  return answer;
}

function runStage(): i32 {
  let stage = context.stage;
  switch (stage) {
    case Stage.MultiplyEphemeral:
    case Stage.MultiplyReconstruction:
    case Stage.MultiplyPublic:
    case Stage.MultiplySecret:
      if (ladderStep(SLICE_BITS)) context.stage = stage + 1;
      return Agreement.Working;
    case Stage.FinishEphemeral: {
      let status = ladderFinish(own);
      assert(status == 0); // 0 < k < n
      return after(0, Agreement.Working);
    }
    case Stage.EncodeEphemeral:
      pointEncode(ownOctets, own);
      return after(0, Agreement.EphemeralMade);
    case Stage.AwaitCertificate:
      return context.certificate ? after(0, Agreement.Working) : <i32>Agreement.Idle;
    case Stage.DecodeReconstruction:
      return decode(theirs, certificateReconstruction(curve.suite, context.certificate));
    case Stage.DecodeIssuer:
      return decode(spare, context.issuer);
    case Stage.FinishReconstruction:
    case Stage.FinishPublic:
      return after(ladderFinish(theirs), Agreement.Working);
    case Stage.AddIssuer:
      return after(pointAdd(theirs, theirs, spare), Agreement.Reconstructed);
    case Stage.AwaitEphemeral:
      return context.partnerEphemeral ? after(0, Agreement.Working) : <i32>Agreement.Idle;
    case Stage.DecodeEphemeral:
      return decode(spare, context.partnerEphemeral);
    case Stage.AddPublic:
      return after(pointAdd(theirs, theirs, spare), Agreement.Working); // O would make Z = O whatever our secret
    case Stage.MakeSecret:
      makeSecret();
      return after(0, Agreement.Working);
    case Stage.FinishSecret:
      return finishSecret();
    default:
      return Agreement.Idle;
  }
}

/** A stage is done: on to the next, unless it failed. */
function after(status: i32, happened: Agreement): i32 {
  if (status < 0) return status;
  context.stage++;
  return happened;
}

function startEphemeral(): void {
  ladderBegin(curve.generator, k, curve.orderBits);
  context.stage = Stage.MultiplyEphemeral;
}

/** One step of decoding a point; after the last one, what the stage leads to begins. */
function decode(out: usize, at: usize): i32 {
  if (pointDecodeStep(out, at, context.step) < 0) return Err.BadPoint;
  if (++context.step < POINT_DECODE_STEPS) return Agreement.Working;
  context.step = 0;
  switch (context.stage) {
    case Stage.DecodeReconstruction:
      hashMmo(context.certificate, certificateSize(curve.suite), keys);
      wordsFromOctets(number, keys, HASH_SIZE); // 128 bits, so below the order as it is
      ladderBegin(theirs, number, HASH_SIZE * 8);
      return after(0, Agreement.Working);
    case Stage.DecodeEphemeral:
      halfOf(number, spare);
      ladderBegin(theirs, number, curve.halfBits + 1);
      return after(0, Agreement.EphemeralTaken);
    default:
      return after(0, Agreement.Working);
  }
}

/** s = k + m * d, and the multiplication by it. */
function makeSecret(): void {
  halfOf(number, own);
  scalarFromOctets(spare, context.privateKey);
  scalarMultiply(product, spare, number, curve.halfBits + 1);
  scalarAdd(number, product, k);
  ladderBegin(theirs, number, curve.orderBits);
}

function finishSecret(): i32 {
  if (ladderFinishAbscissa(spare, curve.cofactorBits) < 0) return Err.BadPoint;
  let octets = curve.octets;
  wordsToOctets(agreed, spare, octets);
  store<u32>(agreed + octets, bswap<u32>(1));
  hashMmo(agreed, octets + 4, keys);
  store<u32>(agreed + octets, bswap<u32>(2));
  hashMmo(agreed, octets + 4, keys + HASH_SIZE);
  context.stage = Stage.Idle;
  return Agreement.Ready;
}

/** out = 2^halfBits plus the low halfBits of the point's abscissa. */
function halfOf(out: usize, point: usize): void {
  let bits = curve.halfBits;
  memory.fill(out, 0, NUMBER_SIZE);
  let at: u32 = (bits >>> 5) << 2;
  memory.copy(out, point, at + 4);
  let leading: u32 = 1 << (bits & 31);
  store<u32>(out + at, (load<u32>(out + at) & (leading - 1)) | leading);
}
