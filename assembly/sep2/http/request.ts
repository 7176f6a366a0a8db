// Requests of HTTP/1.1, octet by octet as they come: RFC 9112 sections 3 to 6.
//
//   GET /tm HTTP/1.1 CRLF  Name: value CRLF ...  CRLF  [body]
//
// Strict: what two readers could understand in two ways ends the connection.  A bare line feed, a folded field, white space before a colon,
// two lengths, a length that is no number, an unknown coding of the transfer, a line that is too long.
import { LINE_MAX, PATH_MAX } from "../limits";

export enum Method { None = 0, Get, Head, Post, Put, Delete, Other }

/** What a request has come to.  `Failed`: `status` says how. */
export enum Progress { Line = 0, Fields, Body, Done, Failed }

@unmanaged @final
export class Request {
  progress: i32;
  method: u8;
  /** The peer wants the connection closed. */
  close: u8;
  /** A carriage return came; the line feed must follow. */
  returned: u8;
  hasHost: u8;
  hasLength: u8;
  /** What the peer takes, a bit each; 0 is everything. */
  accepts: u8;
  reserved: u8;
  status: u16;
  lineSize: u16;
  pathSize: u16;
  /** Of the whole head. */
  headSize: u16;
  /** Octets of the body that are still to come. */
  left: u32;
}

export const ACCEPT_XML: u32 = 1;
export const ACCEPT_EXI: u32 = 2;
export const ACCEPT_ANY: u32 = 4;
export const ACCEPT_OTHER: u32 = 8;

const HEAD: u32 = offsetof<Request>();
export const REQUEST_SIZE: u32 = HEAD + PATH_MAX + LINE_MAX;
/** A head of more octets is refused, 431. */
const HEAD_MAX: u32 = 2048;
const BODY_MAX: u32 = 0xffff;

const CR: u32 = 0x0d;
const LF: u32 = 0x0a;
const SP: u32 = 0x20;
const HTAB: u32 = 0x09;
const COLON: u32 = 0x3a;
const COMMA: u32 = 0x2c;
const SEMICOLON: u32 = 0x3b;

export function requestBegin(request: Request): void { memory.fill(changetype<usize>(request), 0, HEAD); }

export function requestPath(request: Request): usize { return changetype<usize>(request) + HEAD; }

function line(request: Request): usize { return changetype<usize>(request) + HEAD + PATH_MAX; }

/** Takes octets of the stream up to the end of the request; answers how many. */
export function requestTake(request: Request, at: usize, size: u32): u32 {
  let taken: u32 = 0;
  while (taken < size && request.progress < Progress.Done) {
    if (request.progress == Progress.Body) {
      let part = min(size - taken, request.left);
      request.left -= part;
      taken += part;
      if (request.left == 0) request.progress = Progress.Done;
    } else {
      take(request, load<u8>(at + taken));
      taken++;
    }
  }
  return taken;
}

function take(request: Request, octet: u32): void {
  if (++request.headSize > HEAD_MAX) { fail(request, 431); return; }
  if (request.returned) {
    if (octet != LF) { fail(request, 400); return; }
    request.returned = 0;
    ended(request);
    request.lineSize = 0;
    return;
  }
  if (octet == CR) { request.returned = 1; return; }
  if (octet < SP && octet != HTAB || octet == 0x7f) { fail(request, 400); return; }
  if (request.lineSize == LINE_MAX) {
    // The rest of a long field is passed over unless its beginning matters.
    if (request.progress == Progress.Line) fail(request, 414);
    else if (named(request) != Field.Other) fail(request, 431);
    return;
  }
  store<u8>(line(request) + request.lineSize, octet);
  request.lineSize++;
}

/** A line is whole. */
function ended(request: Request): void {
  if (request.progress == Progress.Line) {
    if (request.lineSize == 0 && request.headSize == 2) return; // one empty line before is passed over, section 2.2
    requestLine(request);
    return;
  }
  if (request.lineSize > 0) { field(request); return; }
  if (!request.hasHost) { fail(request, 400); return; }
  request.progress = request.left > 0 ? Progress.Body : Progress.Done;
}

/** Method, target and version, one space between them. */
function requestLine(request: Request): void {
  let at = line(request);
  let end = at + request.lineSize;
  let space = until(at, end, SP);
  let second = space < end ? until(space + 1, end, SP) : end;
  if (second == end || space == at) { fail(request, 400); return; }
  request.method = <u8>methodOf(at, <u32>(space - at));
  let path = space + 1;
  let pathSize = <u32>(second - path);
  let version = second + 1;
  if (end - version != 8 || !isHttp1(version)) { fail(request, 400); return; }
  let minor = load<u8>(version, 7);
  if (minor != 0x31) { fail(request, minor == 0x30 ? 505 : 400); return; }
  if (pathSize == 0 || load<u8>(path) != 0x2f) { fail(request, 400); return; }
  if (pathSize > PATH_MAX) { fail(request, 414); return; }
  memory.copy(requestPath(request), path, pathSize);
  request.pathSize = <u16>pathSize;
  request.progress = Progress.Fields;
}

enum Field { Other = 0, Host, Length, Transfer, Connection, Accept, Expect }

/** Which field the line begins with; of interest are these alone. */
function named(request: Request): u32 {
  let at = line(request);
  let size = <u32>(until(at, at + request.lineSize, COLON) - at);
  switch (size) {
    case 4: return isHost(at) ? Field.Host : Field.Other;
    case 6: {
      if (isAccept(at)) return Field.Accept;
      return isExpect(at) ? Field.Expect : Field.Other;
    }
    case 10: return isConnection(at) ? Field.Connection : Field.Other;
    case 14: return isContentLength(at) ? Field.Length : Field.Other;
    case 17: return isTransferEncoding(at) ? Field.Transfer : Field.Other;
    default: return Field.Other;
  }
}

function field(request: Request): void {
  let at = line(request);
  let end = at + request.lineSize;
  let colon = until(at, end, COLON);
  if (colon == end || colon == at) { fail(request, 400); return; }
  for (let each = at; each < colon; each++) {
    if (!isToken(load<u8>(each))) { fail(request, 400); return; } // white space in front is a folded field, or a trick
  }
  let name = named(request);
  at = colon + 1;
  while (at < end && isSpace(load<u8>(at))) at++;
  while (at < end && isSpace(load<u8>(end - 1))) end--;
  switch (name) {
    case Field.Host: {
      if (request.hasHost) fail(request, 400);
      request.hasHost = 1;
      return;
    }
    case Field.Length: { length(request, at, end); return; }
    case Field.Transfer: { fail(request, 501); return; }
    case Field.Expect: { fail(request, 417); return; }
    case Field.Connection: {
      if (end - at == 5 && isClose(at)) request.close = 1;
      return;
    }
    case Field.Accept: { accept(request, at, end); return; }
    default: return;
  }
}

function length(request: Request, at: usize, end: usize): void {
  if (request.hasLength || at == end) { fail(request, 400); return; }
  request.hasLength = 1;
  let value: u32 = 0;
  for (; at < end; at++) {
    let digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) { fail(request, 400); return; }
    value = value * 10 + digit;
    if (value > BODY_MAX) { fail(request, 413); return; }
  }
  request.left = value;
}

/** Media types, parameters passed over; one of weight 0 is not wanted. */
function accept(request: Request, at: usize, end: usize): void {
  while (at < end) {
    let stop = until(at, end, COMMA);
    while (at < stop && isSpace(load<u8>(at))) at++;
    let type = at;
    let typeEnd = until(at, stop, SEMICOLON);
    while (type < typeEnd && isSpace(load<u8>(typeEnd - 1))) typeEnd--;
    let size = <u32>(typeEnd - type);
    let kind = ACCEPT_OTHER;
    if (size == 3 && isAnything(type) || size == 13 && isApplication(type)) kind = ACCEPT_ANY;
    else if (size == 19 && isApplicationSepXml(type)) kind = ACCEPT_XML;
    else if (size == 19 && isApplicationSepExi(type)) kind = ACCEPT_EXI;
    request.accepts |= <u8>kind;
    at = stop + 1;
  }
}

function methodOf(at: usize, size: u32): u32 {
  switch (size) {
    case 3: {
      if (isGet(at)) return Method.Get;
      return isPut(at) ? Method.Put : Method.Other;
    }
    case 4: {
      if (isHead(at)) return Method.Head;
      return isPost(at) ? Method.Post : Method.Other;
    }
    case 6: return isDelete(at) ? Method.Delete : Method.Other;
    default: return Method.Other;
  }
}

function fail(request: Request, status: u32): void {
  request.progress = Progress.Failed;
  request.status = <u16>status;
  request.close = 1;
}

function until(at: usize, end: usize, octet: u32): usize {
  while (at < end && load<u8>(at) != octet) at++;
  return at;
}

function isSpace(octet: u32): bool { return octet == SP || octet == HTAB; }

/** tchar, RFC 9110 section 5.6.2. */
function isToken(octet: u32): bool {
  if (octet - 0x30 < 10 || (octet | 0x20) - 0x61 < 26) return true;
  switch (octet) {
    case 0x21: case 0x23: case 0x24: case 0x25: case 0x26: case 0x27: case 0x2a: case 0x2b:
    case 0x2d: case 0x2e: case 0x5e: case 0x5f: case 0x60: case 0x7c: case 0x7e: return true;
    default: return false;
  }
}

// Words, as numbers: letters in lower case by one bit.
const LOWER8: u32 = 0x20;
const LOWER16: u32 = 0x2020;
const LOWER32: u32 = 0x2020_2020;
const LOWER64: u64 = 0x2020_2020_2020_2020;

/** `HTTP/1.`. */
function isHttp1(at: usize): bool {
  return load<u32>(at) == 0x50545448 && load<u16>(at, 4) == 0x312f && load<u8>(at, 6) == 0x2e;
}

/** `host`, in any case. */
function isHost(at: usize): bool {
  return (load<u32>(at) | LOWER32) == 0x74736f68;
}

/** `accept`, in any case. */
function isAccept(at: usize): bool {
  return (load<u32>(at) | LOWER32) == 0x65636361 && (load<u16>(at, 4) | LOWER16) == 0x7470;
}

/** `expect`, in any case. */
function isExpect(at: usize): bool {
  return (load<u32>(at) | LOWER32) == 0x65707865 && (load<u16>(at, 4) | LOWER16) == 0x7463;
}

/** `connection`, in any case. */
function isConnection(at: usize): bool {
  return (load<u64>(at) | LOWER64) == 0x69746365_6e6e6f63 && (load<u16>(at, 8) | LOWER16) == 0x6e6f;
}

/** `content-length`, in any case. */
function isContentLength(at: usize): bool {
  return (load<u64>(at) | LOWER64) == 0x2d746e65_746e6f63
    && (load<u32>(at, 8) | LOWER32) == 0x676e656c
    && (load<u16>(at, 12) | LOWER16) == 0x6874;
}

/** `transfer-encoding`, in any case. */
function isTransferEncoding(at: usize): bool {
  return (load<u64>(at) | LOWER64) == 0x72656673_6e617274
    && (load<u64>(at, 8) | LOWER64) == 0x6e69646f_636e652d
    && (load<u8>(at, 16) | LOWER8) == 0x67;
}

/** `close`, in any case. */
function isClose(at: usize): bool {
  return (load<u32>(at) | LOWER32) == 0x736f6c63 && (load<u8>(at, 4) | LOWER8) == 0x65;
}

/** Any type at all. */
function isAnything(at: usize): bool {
  return (load<u16>(at) | LOWER16) == 0x2f2a && (load<u8>(at, 2) | LOWER8) == 0x2a;
}

/** Any type of applications. */
function isApplication(at: usize): bool {
  return (load<u64>(at) | LOWER64) == 0x74616369_6c707061
    && (load<u32>(at, 8) | LOWER32) == 0x2f6e6f69
    && (load<u8>(at, 12) | LOWER8) == 0x2a;
}

/** `application/sep+xml`, in any case. */
function isApplicationSepXml(at: usize): bool {
  return (load<u64>(at) | LOWER64) == 0x74616369_6c707061
    && (load<u64>(at, 8) | LOWER64) == 0x2b706573_2f6e6f69
    && (load<u16>(at, 16) | LOWER16) == 0x6d78
    && (load<u8>(at, 18) | LOWER8) == 0x6c;
}

/** `application/sep-exi`, in any case. */
function isApplicationSepExi(at: usize): bool {
  return (load<u64>(at) | LOWER64) == 0x74616369_6c707061
    && (load<u64>(at, 8) | LOWER64) == 0x2d706573_2f6e6f69
    && (load<u16>(at, 16) | LOWER16) == 0x7865
    && (load<u8>(at, 18) | LOWER8) == 0x69;
}

/** `GET`. */
function isGet(at: usize): bool {
  return load<u16>(at) == 0x4547 && load<u8>(at, 2) == 0x54;
}

/** `PUT`. */
function isPut(at: usize): bool {
  return load<u16>(at) == 0x5550 && load<u8>(at, 2) == 0x54;
}

/** `HEAD`. */
function isHead(at: usize): bool {
  return load<u32>(at) == 0x44414548;
}

/** `POST`. */
function isPost(at: usize): bool {
  return load<u32>(at) == 0x54534f50;
}

/** `DELETE`. */
function isDelete(at: usize): bool {
  return load<u32>(at) == 0x454c4544 && load<u16>(at, 4) == 0x4554;
}
