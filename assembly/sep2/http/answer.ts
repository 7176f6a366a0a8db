// Answers of HTTP/1.1: RFC 9112 section 4.  Content-Length is always sent, as clients of IEEE 2030.5 want it.
import { constant, constantText } from "../../core/constants";
import { constantRead } from "../../core/host";
import { write, writeNumber, writeOctets, writerAt, writerBegin } from "../writer";
import { Word, wordText } from "./words";

/** Octets of a head at most. */
export const ANSWER_HEAD_MAX: u32 = 192;

const VERSION = constantText("HTTP/1.1 ");
const LENGTH = constantText("\r\nContent-Length: ");
const TYPE = constantText("\r\nContent-Type: ");
const LEVEL = constantText(";level=-S1");
const LOCATION = constantText("\r\nLocation: ");
const RETRY = constantText("\r\nRetry-After: 1");
const ALLOW = constantText("\r\nAllow: ");
const CLOSE = constantText("\r\nConnection: close");
const END = constantText("\r\n\r\n");
const COMMA = constantText(", ");

const OK = constantText("200 OK");
const CREATED = constantText("201 Created");
const NO_CONTENT = constantText("204 No Content");
const BAD_REQUEST = constantText("400 Bad Request");
const FORBIDDEN = constantText("403 Forbidden");
const NOT_FOUND = constantText("404 Not Found");
const NOT_ALLOWED = constantText("405 Method Not Allowed");
const NOT_ACCEPTABLE = constantText("406 Not Acceptable");
const TOO_LARGE = constantText("413 Content Too Large");
const TARGET_TOO_LONG = constantText("414 URI Too Long");
const MEDIA = constantText("415 Unsupported Media Type");
const EXPECTATION = constantText("417 Expectation Failed");
const HEAD_TOO_LARGE = constantText("431 Request Header Fields Too Large");
const INTERNAL = constantText("500 Internal Server Error");
const NOT_IMPLEMENTED = constantText("501 Not Implemented");
const UNAVAILABLE = constantText("503 Service Unavailable");
const VERSION_UNKNOWN = constantText("505 HTTP Version Not Supported");

const PHRASES: u32 = 17;
const STATUSES = constant<u16>([
  200, OK, 201, CREATED, 204, NO_CONTENT, 400, BAD_REQUEST, 403, FORBIDDEN, 404, NOT_FOUND, 405, NOT_ALLOWED, 406, NOT_ACCEPTABLE,
  413, TOO_LARGE, 414, TARGET_TOO_LONG, 415, MEDIA, 417, EXPECTATION, 431, HEAD_TOO_LARGE, 501, NOT_IMPLEMENTED, 503, UNAVAILABLE,
  505, VERSION_UNKNOWN, 500, INTERNAL,
]);
const row = memory.data(4, 2);

/**
 * Writes a head in front of a document of `size` octets or, with 201 and 204, with the path that these are; `allow` has a bit for each
 * `Method`, for 405.  Answers its size.
 */
export function answerHead(at: usize, status: u32, body: usize, size: u32, allow: u32, isExi: bool, close: bool): u32 {
  writerBegin(at, ANSWER_HEAD_MAX);
  write(VERSION);
  write(phrase(status));
  if (status != 200 && size > 0) {
    write(LOCATION);
    writeOctets(body, size);
    size = 0;
  }
  if (size > 0) {
    write(TYPE);
    write(wordText(isExi ? Word.SepExi : Word.SepXml));
    write(LEVEL);
  }
  write(LENGTH);
  writeNumber(size);
  if (status == 405) { write(ALLOW); methods(allow); }
  if (status == 503) write(RETRY);
  if (close) write(CLOSE);
  write(END);
  return <u32>(writerAt() - at);
}

function methods(allow: u32): void {
  let isFirst = true;
  for (let method: u32 = Word.Get; method <= <u32>Word.Delete; method++) {
    if (!(allow & (1 << method))) continue;
    if (!isFirst) write(COMMA);
    isFirst = false;
    write(wordText(method));
  }
}

/** The phrase of a status that there is. */
function phrase(status: u32): u32 {
  for (let index: u32 = 0; index < PHRASES; index++) {
    constantRead(STATUSES + 4 * index, row, 4);
    if (load<u16>(row) == status) break;
  }
  return load<u16>(row, 2);
}
