// Requests of HTTP/1.1, octet by octet as they come: RFC 9112 sections 3 to 7.
//
//   GET /tm HTTP/1.1 CRLF  Name: value CRLF ...  CRLF  [body | size CRLF octets CRLF ... 0 CRLF CRLF]
//
// Strict: what two readers could understand in two ways ends the connection.  A bare line feed, a folded field, white space before a colon,
// two lengths, a length that is no number, an unknown coding of the transfer, a line that is too long.
import { LINE_MAX, PATH_MAX } from "../limits";
import { Word, wordOf } from "./words";

/** Numbered as `Word`. */
export enum Method { None = 0, Get, Head, Post, Put, Delete, Other }

/** What a request has come to.  `Failed`: `status` says how. */
export enum Progress { Line = 0, Fields, ChunkSize, ChunkEnd, Trailer, Body, Done, Failed }

@unmanaged @final
export class Request {
  progress: i32;
  method: u8;
  /** The peer wants the connection closed. */
  close: u8;
  /** A carriage return came; the line feed must follow. */
  returned: u8;
  /** Bits `HAS_`. */
  has: u8;
  /** What the peer takes, a bit each; 0 is everything. */
  accepts: u8;
  /** What its body is, a bit as in `accepts`; 0: it does not say. */
  bodyType: u8;
  /** Of a request that is in order 0, or why nothing becomes of it. */
  status: u16;
  lineSize: u16;
  pathSize: u16;
  /** Of all lines. */
  headSize: u16;
  /** Octets of the body that were kept. */
  bodySize: u16;
  /** Octets of the body, or of the chunk, that are still to come. */
  left: u32;
  /** Of the authority in an absolute target. */
  authority: u32;
}

export const ACCEPT_XML: u32 = 1;
export const ACCEPT_EXI: u32 = 2;
export const ACCEPT_ANY: u32 = 4;
export const ACCEPT_OTHER: u32 = 8;

const HAS_HOST: u8 = 1;
const HAS_LENGTH: u8 = 2;
const HAS_CHUNKS: u8 = 4;
/** An absolute target, whose authority is to be the Host's. */
const HAS_AUTHORITY: u8 = 8;
/** It has been said where the body goes. */
const HAS_ROOM: u8 = 16;

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
const SLASH: u32 = 0x2f;

export function requestBegin(request: Request): void { memory.fill(changetype<usize>(request), 0, HEAD); }

export function requestPath(request: Request): usize { return changetype<usize>(request) + HEAD; }

/** A body comes, and nobody has said yet where it goes. */
export function requestWantsRoom(request: Request): bool {
  return !(request.has & HAS_ROOM) && (request.progress == Progress.Body || request.progress == Progress.ChunkSize);
}

/** What it wants is answered: from now on `requestTake` goes on. */
export function requestRoom(request: Request): void { request.has |= HAS_ROOM; }

function line(request: Request): usize { return changetype<usize>(request) + HEAD + PATH_MAX; }

/** Takes octets up to the end of the head or of the request; its body goes to `room` octets at `body`.  Answers how many. */
export function requestTake(request: Request, at: usize, size: u32, body: usize, room: u32): u32 {
  let taken: u32 = 0;
  while (taken < size && request.progress < Progress.Done && !requestWantsRoom(request)) {
    if (request.progress == Progress.Body) {
      let part = min(size - taken, request.left);
      if (room != 0) {
        if (request.bodySize + part > room) { requestFail(request, 413); break; }
        memory.copy(body + request.bodySize, at + taken, part);
        request.bodySize += <u16>part;
      }
      request.left -= part;
      taken += part;
      if (request.left == 0) request.progress = request.has & HAS_CHUNKS ? Progress.ChunkEnd : Progress.Done;
    } else {
      take(request, load<u8>(at + taken));
      taken++;
    }
  }
  return taken;
}

export function requestFail(request: Request, status: u32): void {
  request.progress = Progress.Failed;
  request.status = <u16>status;
  request.close = 1;
}

function take(request: Request, octet: u32): void {
  if (++request.headSize > HEAD_MAX) { requestFail(request, 431); return; }
  if (request.returned) {
    if (octet != LF) { requestFail(request, 400); return; }
    request.returned = 0;
    ended(request);
    request.lineSize = 0;
    return;
  }
  if (octet == CR) { request.returned = 1; return; }
  if (octet < SP && octet != HTAB || octet == 0x7f) { requestFail(request, 400); return; }
  if (request.lineSize == LINE_MAX) { long(request); return; }
  store<u8>(line(request) + request.lineSize, octet);
  request.lineSize++;
}

/** The rest of a long field is passed over unless its beginning matters. */
function long(request: Request): void {
  if (request.progress == Progress.Line) requestFail(request, 414);
  else if (request.progress == Progress.Fields && named(request) != Word.None) requestFail(request, 431);
  else if (request.progress < Progress.Trailer && request.progress != Progress.Fields) requestFail(request, 400);
}

/** A line is whole. */
function ended(request: Request): void {
  switch (request.progress) {
    case Progress.Line: {
      if (request.lineSize > 0 || request.headSize > 2) requestLine(request); // one empty line before is passed over, section 2.2
      return;
    }
    case Progress.Fields: {
      if (request.lineSize > 0) { field(request); return; }
      if (!(request.has & HAS_HOST)) { requestFail(request, 400); return; }
      if (request.has & HAS_CHUNKS) request.progress = Progress.ChunkSize;
      else request.progress = request.left > 0 ? Progress.Body : Progress.Done;
      return;
    }
    case Progress.ChunkSize: { chunk(request); return; }
    case Progress.ChunkEnd: {
      request.progress = Progress.ChunkSize;
      if (request.lineSize > 0) requestFail(request, 400);
      return;
    }
    default: if (request.lineSize == 0) request.progress = Progress.Done; // fields behind the last chunk are passed over
  }
}

/** The size of a chunk in hexadecimal; an extension is passed over, section 7.1. */
function chunk(request: Request): void {
  let at = line(request);
  let end = until(at, at + request.lineSize, SEMICOLON);
  let value: u32 = 0;
  for (let each = at; each < end; each++) {
    let octet: u32 = load<u8>(each);
    let digit = octet - 0x30;
    if (digit > 9) {
      digit = (octet | 0x20) - 0x61 + 10;
      if (digit - 10 > 5) { requestFail(request, 400); return; }
    }
    value = value << 4 | digit;
    if (value > BODY_MAX) { requestFail(request, 413); return; }
  }
  if (end == at) { requestFail(request, 400); return; }
  request.left = value;
  request.progress = value > 0 ? Progress.Body : Progress.Trailer;
}

/** Method, target and version, one space between them. */
function requestLine(request: Request): void {
  let at = line(request);
  let end = at + request.lineSize;
  let space = until(at, end, SP);
  let second = space < end ? until(space + 1, end, SP) : end;
  if (second == end || space == at) { requestFail(request, 400); return; }
  let method = wordOf(at, <u32>(space - at));
  request.method = <u8>(method - 1 < <u32>Method.Delete ? method : <u32>Method.Other);
  let path = space + 1;
  if (path < second && load<u8>(path) != SLASH) path = absolute(request, path, second);
  let pathSize = <u32>(second - path);
  let version = second + 1;
  if (end - version != 8 || !isHttp1(version)) { requestFail(request, 400); return; }
  let minor = load<u8>(version, 7);
  if (minor != 0x31) { requestFail(request, minor == 0x30 ? 505 : 400); return; }
  if (pathSize == 0) { requestFail(request, 400); return; }
  if (pathSize > PATH_MAX) { requestFail(request, 414); return; }
  memory.copy(requestPath(request), path, pathSize);
  request.pathSize = <u16>pathSize;
  request.progress = Progress.Fields;
}

/** `http://` or `https://` and an authority are passed over, section 3.2.2: where the path begins; the end where it is no such target. */
function absolute(request: Request, at: usize, end: usize): usize {
  const HTTP: u32 = 0x7074_7468;
  let colon = until(at, end, COLON);
  let scheme = <u32>(colon - at);
  if (scheme - 4 > 1 || end - colon < 4) return end;
  if ((load<u32>(at) | 0x2020_2020) != HTTP || (scheme == 5 && (load<u8>(at, 4) | 0x20) != 0x73)) return end;
  if (load<u16>(colon, 1) != 0x2f2f) return end;
  let path = until(colon + 3, end, SLASH);
  request.authority = hash(colon + 3, path);
  request.has |= HAS_AUTHORITY;
  return path > colon + 3 ? path : end;
}

/** Which field the line begins with; of interest are these alone. */
function named(request: Request): u32 {
  let at = line(request);
  let word = wordOf(at, <u32>(until(at, at + request.lineSize, COLON) - at));
  return word >= <u32>Word.Host && word <= <u32>Word.TransferEncoding ? word : <u32>Word.None;
}

function field(request: Request): void {
  let at = line(request);
  let end = at + request.lineSize;
  let colon = until(at, end, COLON);
  if (colon == end || colon == at) { requestFail(request, 400); return; }
  for (let each = at; each < colon; each++) {
    if (!isToken(load<u8>(each))) { requestFail(request, 400); return; } // white space in front is a folded field, or a trick
  }
  let name = named(request);
  at = colon + 1;
  while (at < end && isSpace(load<u8>(at))) at++;
  while (at < end && isSpace(load<u8>(end - 1))) end--;
  switch (name) {
    case Word.Host: {
      let differs = request.has & HAS_AUTHORITY && hash(at, end) != request.authority;
      if (request.has & HAS_HOST || differs) requestFail(request, 400);
      request.has |= HAS_HOST;
      return;
    }
    case Word.ContentLength: { length(request, at, end); return; }
    case Word.TransferEncoding: {
      if (request.has & (HAS_LENGTH | HAS_CHUNKS)) requestFail(request, 400);
      else if (wordOf(at, <u32>(end - at)) != Word.Chunked) requestFail(request, 501);
      request.has |= HAS_CHUNKS;
      return;
    }
    case Word.Expect: { requestFail(request, 417); return; }
    case Word.Connection: case Word.Accept: case Word.ContentType: { list(request, name, at, end); return; }
    default: return;
  }
}

function length(request: Request, at: usize, end: usize): void {
  if (request.has & (HAS_LENGTH | HAS_CHUNKS) || at == end) { requestFail(request, 400); return; }
  request.has |= HAS_LENGTH;
  let value: u32 = 0;
  for (; at < end; at++) {
    let digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) { requestFail(request, 400); return; }
    value = value * 10 + digit;
    if (value > BODY_MAX) { requestFail(request, 413); return; }
  }
  request.left = value;
}

/** Media types, parameters passed over, or what is wanted of the connection. */
function list(request: Request, name: u32, at: usize, end: usize): void {
  while (at < end) {
    let stop = until(at, end, COMMA);
    while (at < stop && isSpace(load<u8>(at))) at++;
    let wordEnd = until(at, stop, SEMICOLON);
    while (at < wordEnd && isSpace(load<u8>(wordEnd - 1))) wordEnd--;
    let word = wordOf(at, <u32>(wordEnd - at));
    if (name == Word.Accept) request.accepts |= <u8>typeOf(word);
    else if (name == Word.ContentType) request.bodyType = <u8>typeOf(word);
    else if (word == Word.Close) request.close = 1;
    at = stop + 1;
  }
}

function typeOf(word: u32): u32 {
  switch (word) {
    case Word.SepXml: return ACCEPT_XML;
    case Word.SepExi: return ACCEPT_EXI;
    case Word.Anything: case Word.AnyApplication: return ACCEPT_ANY;
    default: return ACCEPT_OTHER;
  }
}

function until(at: usize, end: usize, octet: u32): usize {
  while (at < end && load<u8>(at) != octet) at++;
  return at;
}

/** FNV-1a: whether two names of us are the same is all that it is asked. */
function hash(at: usize, end: usize): u32 {
  let value: u32 = 0x811c_9dc5;
  for (; at < end; at++) value = (value ^ load<u8>(at)) * 0x0100_0193;
  return value;
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

/** `HTTP/1.`. */
function isHttp1(at: usize): bool {
  return load<u32>(at) == 0x50545448 && load<u16>(at, 4) == 0x312f && load<u8>(at, 6) == 0x2e;
}
