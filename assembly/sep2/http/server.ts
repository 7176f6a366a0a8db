// A server of HTTP/1.1 over the streams of this device: requests one after another on each.
//
//   Idle --octets--> reading --whole--> httpNext: `exchange` --> httpAnswer --sent--> Idle | closed
//
// One answer is composed at a time, in one buffer, when its peer has all of the one before: then the connection has room for the whole, and
// nobody waits for a peer that does not read.
import { NEVER } from "../../core/timers";
import {
  STREAM_DEAD, STREAM_ENDED, STREAM_KEEP_MS, STREAM_OPEN, STREAM_READ, STREAM_WRITE, streamAbort, streamCan, streamClose, streamDrained,
  streamKeep, streamPeer, streamProven, streamRead, streamSecure, streamWrite,
} from "../../ip/tcp/stream";
import { TCP_SEND_SIZE } from "../../ip/limits";
import { BODY_MAX, INPUT_MAX, REQUESTS_MAX } from "../limits";
import { ANSWER_HEAD_MAX, answerHead } from "./answer";
import { Method, Progress, REQUEST_SIZE, Request, requestBegin, requestFail, requestRoom, requestTake, requestWantsRoom } from "./request";

/** A request must be whole so long after its first octet, the first one after the connection, and an answer taken. */
const REQUEST_MS: i64 = 10_000;
/** A connection without a request is closed, and makes room for another after a moment; devices ask once a minute. */
const IDLE_MS: i64 = 90_000;
const IDLE_KEEP_MS: i64 = 1_000;
/** What TLS adds to an answer: a record is 29 octets longer than its text, and holds 256 of it at least. */
const RECORDS: u32 = 29 * ((ANSWER_HEAD_MAX + BODY_MAX) / 256 + 2);
const PIECE: u32 = 128;
const NOBODY: u32 = 0xff;

@unmanaged @final
class Connection {
  until: i64;
  isOpen: u8;
  /** A request is whole, and its answer is due or under way. */
  answers: u8;
  /** Octets that were read and not yet taken. */
  from: u8;
  size: u8;
}
const ROW: u32 = (offsetof<Connection>() + PIECE + REQUEST_SIZE + 7) & ~7;
const connections = memory.data(REQUESTS_MAX * ROW, 8);

/** A request that is whole, and its answer. */
@unmanaged @final
export class Exchange {
  request: Request;
  /** Who asks, an LFDI; 0 in the clear. */
  peer: usize;
  /** What came with the request: `request.bodySize` octets. */
  input: usize;
  /** `size` octets: a document, or with 201 and 204 the path of what was made or changed. */
  body: usize;
  size: u32;
  /** The document is EXI. */
  isExi: bool;
  /** For 405, a bit for each `Method`. */
  allow: u32;
}
export const exchange = changetype<Exchange>(memory.data(offsetof<Exchange>(), 4));

@unmanaged @final
class Turn {
  /** Whose request is answered, and whose body comes; `NOBODY`'s. */
  owner: u32;
  taker: u32;
  size: u32;
  sent: u32;
}
const turn = changetype<Turn>(memory.data(offsetof<Turn>(), 4));
const buffer = memory.data(ANSWER_HEAD_MAX + BODY_MAX);
const input = memory.data(INPUT_MAX + 1);

export function httpReset(): void {
  memory.fill(connections, 0, REQUESTS_MAX * ROW);
  turn.owner = turn.taker = NOBODY;
}

/** Looks at a stream of ours on which something happened. */
export function httpInput(number: u32, now: i64): void {
  let connection = at(number);
  if (!connection.isOpen) {
    if (!(streamCan(number) & (STREAM_OPEN | STREAM_ENDED))) return; // a handshake has its own time
    connection.isOpen = 1;
    connection.answers = 0;
    connection.from = connection.size = 0;
    connection.until = now + REQUEST_MS;
    requestBegin(requestOf(connection));
  }
  serve(number, connection, now);
}

/** Ends what takes too long and sends what is to be sent; true when `exchange` waits for `httpAnswer`. */
export function httpNext(now: i64): bool {
  for (let number: u32 = 0; number < REQUESTS_MAX; number++) {
    let connection = at(number);
    if (!connection.isOpen) continue;
    if (connection.until <= now) {
      streamAbort(number, now);
      release(number, connection);
    } else {
      if (turn.owner == number) send(number, connection, now);
      if (connection.isOpen && connection.answers && turn.owner == NOBODY && streamDrained(number) && asks(number, now)) return true;
    }
  }
  return false;
}

export function httpDeadline(): i64 {
  let deadline = NEVER;
  for (let number: u32 = 0; number < REQUESTS_MAX; number++) {
    if (at(number).isOpen) deadline = min(deadline, at(number).until);
  }
  return deadline;
}

function serve(number: u32, connection: Connection, now: i64): void {
  let request = requestOf(connection);
  let can = streamCan(number);
  while (!connection.answers && read(number, connection, request, now));
  if (connection.isOpen && (can & STREAM_DEAD || !connection.answers && can & STREAM_ENDED)) close(number, connection, now);
}

/** Takes octets up to the end of a request; false when there are no more, or the request is whole. */
function read(number: u32, connection: Connection, request: Request, now: i64): bool {
  let octets = changetype<usize>(connection) + offsetof<Connection>();
  if (connection.size == 0) {
    if (!(streamCan(number) & STREAM_READ)) return false;
    connection.from = 0;
    connection.size = <u8>streamRead(number, octets, PIECE, now);
    if (connection.size == 0) return false;
  }
  if (request.headSize == 0) begun(number, connection, now);
  if (requestWantsRoom(request)) room(number, request);
  let taken = requestTake(request, octets + connection.from, connection.size, input, turn.taker == number ? INPUT_MAX : 0);
  connection.from += <u8>taken;
  connection.size -= <u8>taken;
  if (request.progress >= Progress.Done) connection.answers = 1;
  return !connection.answers;
}

/** Where a body goes: of who may be heard, and one at a time; others are passed over. */
function room(number: u32, request: Request): void {
  requestRoom(request);
  if (INPUT_MAX == 0 || !streamSecure(number) || (request.method != Method.Post && request.method != Method.Put)) return;
  if (request.left > INPUT_MAX) requestFail(request, 413);
  else if (turn.taker != NOBODY) request.status = 503;
  else turn.taker = number;
}

/** From the first octet of a request on its time runs. */
function begun(number: u32, connection: Connection, now: i64): void {
  connection.until = now + REQUEST_MS;
  streamProven(number, false);
  streamKeep(number, STREAM_KEEP_MS, now);
}

/** The request of a connection is to be answered: at once where it is in no order, else by who hears of it. */
function asks(number: u32, now: i64): bool {
  let request = requestOf(at(number));
  turn.owner = number;
  at(number).until = now + REQUEST_MS;
  exchange.request = request;
  exchange.input = input;
  exchange.body = buffer + ANSWER_HEAD_MAX;
  exchange.size = exchange.allow = 0;
  exchange.peer = streamPeer(number);
  if (request.status != 0) httpAnswer(request.status, now);
  else streamProven(number, true);
  return request.status == 0;
}

/** Answers what `exchange` asks. */
export function httpAnswer(status: u32, now: i64): void {
  let request = exchange.request;
  let size = exchange.size;
  let head = answerHead(buffer, status, exchange.body, size, exchange.allow, exchange.isExi, request.close != 0);
  if (request.method == Method.Head || status != 200) size = 0;
  memory.copy(buffer + head, exchange.body, size);
  turn.size = head + size;
  turn.sent = 0;
  if (turn.taker == turn.owner) turn.taker = NOBODY;
  send(turn.owner, at(turn.owner), now);
}

function send(number: u32, connection: Connection, now: i64): void {
  while (turn.sent < turn.size && streamCan(number) & STREAM_WRITE) {
    let size = streamWrite(number, buffer + turn.sent, turn.size - turn.sent, now);
    if (size == 0) break;
    turn.sent += size;
  }
  if (turn.sent < turn.size) return;
  let request = requestOf(connection);
  turn.owner = NOBODY;
  connection.answers = 0;
  if (request.close) { close(number, connection, now); return; }
  requestBegin(request);
  connection.until = now + IDLE_MS;
  streamKeep(number, IDLE_KEEP_MS, now);
  serve(number, connection, now); // what came behind it
}

function close(number: u32, connection: Connection, now: i64): void {
  streamClose(number, now);
  release(number, connection);
}

function release(number: u32, connection: Connection): void {
  connection.isOpen = 0;
  if (turn.owner == number) turn.owner = NOBODY;
  if (turn.taker == number) turn.taker = NOBODY;
}

function at(number: u32): Connection { return changetype<Connection>(connections + number * ROW); }

function requestOf(connection: Connection): Request {
  return changetype<Request>(changetype<usize>(connection) + offsetof<Connection>() + PIECE);
}

if (ANSWER_HEAD_MAX + BODY_MAX + RECORDS > TCP_SEND_SIZE) ERROR("an answer would wait for its peer, and others for the buffer");
if (PIECE > 255) ERROR("a size is an octet");
if (offsetof<Connection>() % 4 != 0) ERROR("a request is aligned");
