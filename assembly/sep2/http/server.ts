// A server of HTTP/1.1 over the streams of this device: requests one after another on each, answers from resources.ts.
//
//   Idle --octets--> reading --whole--> Answering --sent--> Idle | closed
//
// One answer is composed at a time, in one buffer, when its peer has all of the one before: then the connection has room for the whole, and
// nobody waits for a peer that does not read.
import { NEVER } from "../../core/timers";
import {
  STREAM_DEAD, STREAM_ENDED, STREAM_KEEP_MS, STREAM_OPEN, STREAM_READ, STREAM_WRITE, streamAbort, streamCan, streamClose, streamDrained,
  streamKeep, streamProven, streamRead, streamSecure, streamWrite,
} from "../../ip/tcp/stream";
import { TCP_SEND_SIZE } from "../../ip/limits";
import { BODY_MAX, REQUESTS_MAX } from "../limits";
import { resourceAnswer, resourceBody } from "../resources";
import { ANSWER_HEAD_MAX, answerHead } from "./answer";
import { Method, Progress, REQUEST_SIZE, Request, requestBegin, requestPath, requestTake } from "./request";

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

@unmanaged @final
class Answer {
  owner: u32;
  size: u32;
  sent: u32;
}
const answer = changetype<Answer>(memory.data(offsetof<Answer>(), 4));
const buffer = memory.data(ANSWER_HEAD_MAX + BODY_MAX);

export function httpReset(): void {
  memory.fill(connections, 0, REQUESTS_MAX * ROW);
  answer.owner = NOBODY;
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

/** Ends what takes too long, and goes on with what waited for the buffer. */
export function httpTick(now: i64): void {
  for (let number: u32 = 0; number < REQUESTS_MAX; number++) {
    let connection = at(number);
    if (!connection.isOpen) continue;
    if (connection.until <= now) {
      streamAbort(number, now);
      release(number, connection);
    } else if (connection.answers && (answer.owner == NOBODY || answer.owner == number)) serve(number, connection, now);
  }
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
  if (connection.answers) send(number, connection, request, now);
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
  let taken = requestTake(request, octets + connection.from, connection.size);
  connection.from += <u8>taken;
  connection.size -= <u8>taken;
  if (request.progress >= Progress.Done) connection.answers = 1;
  return !connection.answers;
}

/** From the first octet of a request on its time runs. */
function begun(number: u32, connection: Connection, now: i64): void {
  connection.until = now + REQUEST_MS;
  streamProven(number, false);
  streamKeep(number, STREAM_KEEP_MS, now);
}

function send(number: u32, connection: Connection, request: Request, now: i64): void {
  if (answer.owner != number) {
    if (answer.owner != NOBODY || !streamDrained(number)) return;
    compose(number, request, now);
    connection.until = now + REQUEST_MS;
  }
  while (answer.sent < answer.size && streamCan(number) & STREAM_WRITE) {
    let size = streamWrite(number, buffer + answer.sent, answer.size - answer.sent, now);
    if (size == 0) break;
    answer.sent += size;
  }
  if (answer.sent < answer.size) return;
  answer.owner = NOBODY;
  connection.answers = 0;
  if (request.close) { close(number, connection, now); return; }
  requestBegin(request);
  connection.until = now + IDLE_MS;
  streamKeep(number, IDLE_KEEP_MS, now);
}

/** The answer to a whole request, in the buffer. */
function compose(number: u32, request: Request, now: i64): void {
  let status: u32 = request.status;
  if (request.progress == Progress.Done) {
    status = resourceAnswer(request.method, requestPath(request), request.pathSize, request.accepts, streamSecure(number));
    streamProven(number, true);
  }
  let body = buffer + ANSWER_HEAD_MAX;
  let size = status == 200 ? resourceBody(body, BODY_MAX, now) : 0;
  if (size < 0) { status = 500; size = 0; }
  let head = answerHead(buffer, status, size, (1 << Method.Get) | (1 << Method.Head), request.close != 0);
  if (request.method == Method.Head) size = 0;
  memory.copy(buffer + head, body, size);
  answer.owner = number;
  answer.size = head + <u32>size;
  answer.sent = 0;
}

function close(number: u32, connection: Connection, now: i64): void {
  streamClose(number, now);
  release(number, connection);
}

function release(number: u32, connection: Connection): void {
  connection.isOpen = 0;
  if (answer.owner == number) answer.owner = NOBODY;
}

function at(number: u32): Connection { return changetype<Connection>(connections + number * ROW); }

function requestOf(connection: Connection): Request {
  return changetype<Request>(changetype<usize>(connection) + offsetof<Connection>() + PIECE);
}

if (ANSWER_HEAD_MAX + BODY_MAX + RECORDS > TCP_SEND_SIZE) ERROR("an answer would wait for its peer, and others for the buffer");
if (PIECE > 255) ERROR("a size is an octet");
if (offsetof<Connection>() % 4 != 0) ERROR("a request is aligned");
