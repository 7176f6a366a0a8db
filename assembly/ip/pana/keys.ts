// The keys of a PANA session and what is made with them: RFC 5191 sections 5.3 and 5.4, RFC 6786 section 3.
//
//   key          HMAC-SHA-256(MSK, label | first request | first answer | nonce of the client | nonce of the agent | key id 4 | 1)
//   AUTH         the first half of HMAC-SHA-256(key "IETF PANA", message with AUTH zero)
//   encryption   AES-128-CTR(key "IETF PANA PAA Encr"), first block | 2 | key id 4 | session id 4 | sequence 4 | 1 (3 octets) |
//
// The keys are secrets of the board: a module says which is made of which, and never sees one.
import { equalOctets, putBe32 } from "../../core/bytes";
import { constantText } from "../../core/constants";
import { Err } from "../../core/err";
import { constantRead, ctrCrypt, hmacSha256, keyClear, keyDerive, KeyName, tlsExport } from "../../core/host";
import {
  AUTH_AVP_SIZE, AUTH_SIZE, AVP_AUTH, AVP_ENCRYPTION, AVP_INTEGRITY, AVP_PRF, AVP_SIZE, NONCE_MAX, Pana, PANA_HEADER_SIZE, panaAppend,
  panaAppendNumber, panaFind,
} from "./message";

// What both sides of ours do: AUTH_HMAC_SHA2_256_128, PRF_HMAC_SHA2_256, AES128_CTR.
const INTEGRITY: u32 = 12;
const PRF: u32 = 5;
const ENCRYPTION: u32 = 1;
/** A first request or answer with these three. */
export const START_SIZE: u32 = PANA_HEADER_SIZE + 3 * (AVP_SIZE + 4);
/** The longest that we take; with more attributes than we know. */
export const START_MAX: u32 = 96;

const LABEL = constantText("IETF PANA PAA Encr");
const LABEL_SIZE: u32 = 18;
const LABEL_AUTH_SIZE: u32 = 9;
const TAIL_SIZE: u32 = 5;
const MAC_SIZE: u32 = 32;

/** Where the master session key is while the others are made of it. */
const SECRET_MASTER: u32 = KeyName.Secret;

/** Octets that a session's keys are made of besides the master key: gathered while it begins. */
@unmanaged @final
export class Transcript {
  size: u32;
}
const TRANSCRIPT_HEAD: u32 = offsetof<Transcript>() + LABEL_SIZE;
export const TRANSCRIPT_SIZE: u32 = TRANSCRIPT_HEAD + 2 * START_MAX + 2 * NONCE_MAX + TAIL_SIZE;

const mac = memory.data(MAC_SIZE, 8);
const counter = memory.data(16, 8);

export function transcriptAdd(transcript: Transcript, at: usize, size: u32): void {
  assert(TRANSCRIPT_HEAD + transcript.size + size <= TRANSCRIPT_SIZE);
  memory.copy(changetype<usize>(transcript) + TRANSCRIPT_HEAD + transcript.size, at, size);
  transcript.size += size;
}

/**
 * Makes the keys of a session whose handshake has ended: its key for AUTH in the secret `keys`, the one for encryption in the next;
 * answers 0 or an `Err`.
 */
export function panaKeysMake(session: i32, transcript: Transcript, keyId: u32, keys: u32): i32 {
  let answer = tlsExport(session, SECRET_MASTER);
  if (answer < 0) return answer;
  let begin = changetype<usize>(transcript) + TRANSCRIPT_HEAD;
  let end = begin + transcript.size;
  putBe32(end, keyId);
  store<u8>(end, 1, 4);
  answer = derive(begin, end, LABEL_AUTH_SIZE, keys);
  if (answer >= 0) answer = derive(begin, end, LABEL_SIZE, keys + 1);
  keyClear(SECRET_MASTER);
  return answer;
}

function derive(begin: usize, end: usize, labelSize: u32, target: u32): i32 {
  constantRead(LABEL + 1, begin - labelSize, labelSize);
  return keyDerive(SECRET_MASTER, begin - labelSize, <u32>(end - begin) + labelSize + TAIL_SIZE, target);
}

/** Adds the attributes by which both sides say what they can do. */
export function panaAppendAlgorithms(message: Pana): void {
  panaAppendNumber(message, AVP_PRF, PRF);
  panaAppendNumber(message, AVP_INTEGRITY, INTEGRITY);
  panaAppendNumber(message, AVP_ENCRYPTION, ENCRYPTION);
}

/** Whether the other side of a first request or answer can do the same. */
export function panaAlgorithmsFit(message: Pana): bool {
  return says(message, AVP_PRF, PRF) && says(message, AVP_INTEGRITY, INTEGRITY) && says(message, AVP_ENCRYPTION, ENCRYPTION);
}

function says(message: Pana, code: u32, value: u32): bool {
  let found = panaFind(message, code);
  return changetype<usize>(found) != 0 && found.number == value;
}

/** Adds AUTH, the last attribute; answers 0 or an `Err`. */
export function panaAppendAuth(message: Pana, keys: u32): i32 {
  let value = panaAppend(message, AVP_AUTH, 0, AUTH_SIZE);
  let answer = hmacSha256(keys, changetype<usize>(message), message.size, mac);
  memory.copy(value, mac, AUTH_SIZE);
  return answer;
}

/** Whether AUTH is there and right.  Afterwards it is zero. */
export function panaAuthentic(message: Pana, keys: u32): bool {
  if (!panaFind(message, AVP_AUTH)) return false;
  let at = changetype<usize>(message);
  let value = at + message.size - AUTH_SIZE;
  memory.copy(counter, value, AUTH_SIZE);
  memory.fill(value, 0, AUTH_SIZE);
  return hmacSha256(keys, at, message.size, mac) == Err.Ok && equalOctets(mac, counter, AUTH_SIZE);
}

/** Encrypts, or decrypts, in place what the agent puts into an attribute of `message`; answers 0 or an `Err`. */
export function panaCrypt(message: Pana, keyId: u32, at: usize, size: u32, keys: u32): i32 {
  store<u8>(counter, 2);
  putBe32(counter + 1, keyId);
  putBe32(counter + 5, message.session);
  putBe32(counter + 9, message.sequence);
  store<u16>(counter, 0, 13);
  store<u8>(counter, 1, 15);
  return ctrCrypt(keys + 1, counter, at, size);
}
