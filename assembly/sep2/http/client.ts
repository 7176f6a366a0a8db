// A client of HTTP/1.1 that asks for one resource at a time over TLS, or tells one: RFC 9112.
//
//   Idle --httpAsk--> Connecting --> Sending --> Head --> Body --> Idle: Got or Failed
//
// The connection stays for the next request until the server closes it or a request fails.
import { constantText } from "../../core/constants";
import { Err } from "../../core/err";
import { NEVER } from "../../core/timers";
import { ADDRESS_SIZE, addressCopy, addressEqual } from "../../ip/address";
import {
  STREAM_ENDED, STREAM_OPEN, STREAM_READ, STREAM_WRITE, streamAbort, streamCan, streamClose, streamConnect, streamRead, streamWrite,
} from "../../ip/tcp/stream";
import { BODY_MAX, PATH_MAX } from "../limits";
import { write, writeNumber, writeOctets, writerAt, writerBegin } from "../writer";
import { Method } from "./request";
import { Word, wordOf, wordText } from "./words";

export enum ClientHeard {
  None = 0,
  Got,
  Failed,
  /** The connection that was kept had been closed before the request came: RFC 9112 section 9.3.1.  To be asked again, on a new one. */
  Stale,
}

enum Step { Idle = 0, Connecting, Sending, Head, Body }

@unmanaged @final
export class Reply {
  status: u32;
  /** The body: `size` octets at `body`. */
  body: usize;
  size: u32;
  /** It is EXI, and not XML. */
  isExi: bool;
  /** Of 201 and 204: the path of what was made or changed. */
  locationSize: u32;
  /** Why it failed: an `Err`. */
  error: i32;
}
export const reply = changetype<Reply>(memory.data(offsetof<Reply>(), 4));

/** A handshake and an answer over five hops. */
const WHOLE_MS: i64 = 40_000;
const SECURE_PORT: u32 = 443;
const HEAD_MAX: u32 = 512;
const REQUEST_MAX: u32 = 192;
/** A name, and an address with a path. */
const LINE_MAX: u32 = 32 + 40 + PATH_MAX;
const COLON: u32 = 0x3a;
const SLASH: u32 = 0x2f;
const SEMICOLON: u32 = 0x3b;
const SPACE: u32 = 0x20;

const SPACE_TEXT = constantText(" ");
const VERSION = constantText(" HTTP/1.1\r\nHost: [::]\r\nAccept: ");
const TYPE = constantText("\r\nContent-Type: ");
const LENGTH = constantText("\r\nContent-Length: ");
const END = constantText("\r\n\r\n");

@unmanaged @final
class Client {
  until: i64;
  step: i32;
  stream: i32;
  sent: u32;
  /** Of the head that we send, and of the document behind it. */
  requestSize: u32;
  bodySize: u32;
  headSize: u32;
  lineSize: u32;
  left: u32;
  closes: u32;
  /** The request went over a connection that was kept. */
  isKept: u32;
}
const client = changetype<Client>(memory.data(offsetof<Client>(), 8));
const server = memory.data(ADDRESS_SIZE, 8);
const request = memory.data(REQUEST_MAX);
const line = memory.data(LINE_MAX);
/** The document that we send, then the one that comes. */
const body = memory.data(BODY_MAX);
const location = memory.data(PATH_MAX);
const piece = memory.data(64);

export function httpClientReset(): void {
  memory.fill(changetype<usize>(client), 0, offsetof<Client>());
  client.stream = -1;
  client.until = NEVER;
}

export function httpClientStream(): i32 { return client.stream; }
export function httpClientDeadline(): i64 { return client.until; }
export function httpClientIdle(): bool { return client.step == Step.Idle; }

/** Where a document is put that is to be sent, `BODY_MAX` octets; only while nothing is asked. */
export function httpClientBody(): usize { return body; }

/** Where an answer said that a resource is. */
export function httpClientLocation(): usize { return location; }

/**
 * Asks the server at an address for a path, or tells it the `bodySize` octets of `httpClientBody`.  `utc` judges its certificate.  A
 * device speaks EXI where the other side does: `isExi`.
 */
export function httpAsk(address: usize, method: u32, path: usize, pathSize: u32, bodySize: u32, isExi: bool, utc: i64, now: i64): i32 {
  if (client.step != Step.Idle) return Err.Busy;
  let isOpen = client.stream >= 0 && addressEqual(server, address) && !(streamCan(client.stream) & STREAM_ENDED);
  if (!isOpen) {
    drop(now);
    addressCopy(server, address);
    client.stream = streamConnect(address, SECURE_PORT, true, utc, now);
    if (client.stream < 0) return client.stream;
  }
  head(method, path, pathSize, bodySize, wordText(isExi ? Word.SepExi : Word.SepXml));
  client.bodySize = bodySize;
  client.sent = client.headSize = client.lineSize = client.left = client.closes = 0;
  reply.status = reply.size = reply.locationSize = 0;
  reply.body = body;
  reply.isExi = false;
  client.isKept = u32(isOpen);
  client.step = isOpen ? Step.Sending : Step.Connecting;
  client.until = now + WHOLE_MS;
  if (isOpen) send(now); // nothing else happens on a connection that was kept
  return Err.Ok;
}

function head(method: u32, path: usize, pathSize: u32, bodySize: u32, type: u32): void {
  writerBegin(request, REQUEST_MAX);
  write(wordText(method));
  write(SPACE_TEXT);
  writeOctets(path, pathSize);
  write(VERSION);
  write(type);
  if (bodySize > 0) {
    write(TYPE);
    write(type);
  }
  if (method != Method.Get) {
    write(LENGTH);
    writeNumber(bodySize);
  }
  write(END);
  client.requestSize = <u32>(writerAt() - request);
}

function send(now: i64): void {
  let whole = client.requestSize + client.bodySize;
  while (client.sent < whole && streamCan(client.stream) & STREAM_WRITE) {
    let isHead = client.sent < client.requestSize;
    let from = isHead ? request + client.sent : body + client.sent - client.requestSize;
    let size = streamWrite(client.stream, from, (isHead ? client.requestSize : whole) - client.sent, now);
    if (size == 0) break;
    client.sent += size;
  }
  if (client.sent == whole) client.step = Step.Head;
}

/** Our stream has something for us. */
export function httpClientInput(now: i64): i32 {
  let can = streamCan(client.stream);
  if (client.step == Step.Connecting && can & STREAM_OPEN) client.step = Step.Sending;
  if (client.step == Step.Sending) send(now);
  while (client.step >= Step.Head && streamCan(client.stream) & STREAM_READ) {
    let size = streamRead(client.stream, piece, client.step == Step.Body ? min<u32>(64, client.left) : 1, now);
    if (size == 0) break;
    if (!take(size)) return failed(Err.Reserved, now);
    if (client.step == Step.Body && client.left == 0) return got(now);
  }
  if (!(streamCan(client.stream) & STREAM_ENDED)) return ClientHeard.None;
  if (client.step == Step.Idle) { drop(now); return ClientHeard.None; }
  failed(Err.NoAck, now);
  return client.isKept && client.headSize == 0 ? ClientHeard.Stale : ClientHeard.Failed;
}

export function httpClientTick(now: i64): i32 {
  return client.until <= now ? failed(Err.Timeout, now) : <i32>ClientHeard.None;
}

/** The answer's octets: its head one by one, its body in pieces; false when it is no answer that we take. */
function take(size: u32): bool {
  if (client.step == Step.Body) {
    memory.copy(body + reply.size, piece, size);
    reply.size += size;
    client.left -= size;
    return true;
  }
  if (++client.headSize > HEAD_MAX) return false;
  let octet: u32 = load<u8>(piece);
  if (octet != 0x0a) {
    if (client.lineSize < LINE_MAX) store<u8>(line + client.lineSize, octet);
    client.lineSize++;
    return true;
  }
  if (client.lineSize == 0 || (client.lineSize <= LINE_MAX && load<u8>(line + client.lineSize - 1) != 0x0d)) return false;
  let isEnd = client.lineSize == 1;
  let size16 = min<u32>(client.lineSize, LINE_MAX) - 1;
  client.lineSize = 0;
  if (reply.status == 0) return status(size16);
  if (!isEnd) return field(size16);
  client.step = Step.Body;
  return true;
}

/** HTTP/1.1 and three digits. */
function status(size: u32): bool {
  if (size < 12 || load<u64>(line) != 0x312e_312f_5054_5448 || load<u8>(line, 8) != 0x20) return false;
  reply.status = digits(line + 9, 3);
  return reply.status >= 100 && reply.status < 600;
}

/** Of interest are the length, the type, where something is, and whether the server closes. */
function field(size: u32): bool {
  let name: u32 = 0;
  while (name < size && load<u8>(line + name) != COLON) name++;
  let at = name + 1;
  while (at < size && load<u8>(line + at) == SPACE) at++;
  let end = at;
  while (end < size && load<u8>(line + end) != SEMICOLON) end++;
  switch (wordOf(line, name)) {
    case Word.ContentLength: {
      client.left = digits(line + at, size - at);
      return client.left <= BODY_MAX;
    }
    case Word.TransferEncoding: return false;
    case Word.ContentType: {
      reply.isExi = wordOf(line + at, end - at) == Word.SepExi;
      return true;
    }
    case Word.Location: {
      locate(at, size);
      return true;
    }
    case Word.Connection: client.closes = u32(wordOf(line + at, size - at) == Word.Close);
  }
  return true;
}

/** A path, or an address with one; one that is too long is none. */
function locate(at: u32, size: u32): void {
  if (load<u8>(line + at) != SLASH) {
    for (let slashes: u32 = 0; at < size; at++) if (load<u8>(line + at) == SLASH && ++slashes == 3) break;
  }
  if (at >= size || size - at > PATH_MAX || size >= LINE_MAX - 1) return;
  reply.locationSize = size - at;
  memory.copy(location, line + at, size - at);
}

/** A number of that many digits; too large where it is none. */
function digits(at: usize, count: u32): u32 {
  let value: u32 = 0;
  if (count == 0 || count > 6) return 0xffff_ffff;
  for (let index: u32 = 0; index < count; index++) {
    let digit = <u32>load<u8>(at + index) - 0x30;
    if (digit > 9) return 0xffff_ffff;
    value = value * 10 + digit;
  }
  return value;
}

function got(now: i64): i32 {
  client.step = Step.Idle;
  client.until = NEVER;
  if (client.closes) drop(now);
  return ClientHeard.Got;
}

function failed(error: i32, now: i64): i32 {
  reply.error = error;
  client.step = Step.Idle;
  client.until = NEVER;
  if (client.stream >= 0) streamAbort(client.stream, now);
  client.stream = -1;
  return ClientHeard.Failed;
}

function drop(now: i64): void {
  if (client.stream >= 0) streamClose(client.stream, now);
  client.stream = -1;
}
