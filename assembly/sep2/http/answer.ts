// Answers of HTTP/1.1: RFC 9112 section 4.  Content-Length is always sent, as clients of IEEE 2030.5 want it.
import { constantText } from "../../core/constants";
import { write, writeNumber, writerAt, writerBegin } from "../writer";
import { Method } from "./request";

/** Octets of a head at most. */
export const ANSWER_HEAD_MAX: u32 = 192;

const VERSION = constantText("HTTP/1.1 ");
const LENGTH = constantText("\r\nContent-Length: ");
const TYPE_XML = constantText("\r\nContent-Type: application/sep+xml;level=-S1");
const ALLOW = constantText("\r\nAllow: ");
const CLOSE = constantText("\r\nConnection: close");
const END = constantText("\r\n\r\n");
const COMMA = constantText(", ");

const OK = constantText("200 OK");
const BAD_REQUEST = constantText("400 Bad Request");
const FORBIDDEN = constantText("403 Forbidden");
const NOT_FOUND = constantText("404 Not Found");
const NOT_ALLOWED = constantText("405 Method Not Allowed");
const NOT_ACCEPTABLE = constantText("406 Not Acceptable");
const TOO_LARGE = constantText("413 Content Too Large");
const TARGET_TOO_LONG = constantText("414 URI Too Long");
const EXPECTATION = constantText("417 Expectation Failed");
const HEAD_TOO_LARGE = constantText("431 Request Header Fields Too Large");
const INTERNAL = constantText("500 Internal Server Error");
const NOT_IMPLEMENTED = constantText("501 Not Implemented");
const UNAVAILABLE = constantText("503 Service Unavailable");
const VERSION_UNKNOWN = constantText("505 HTTP Version Not Supported");

const GET = constantText("GET");
const HEAD = constantText("HEAD");
const PUT = constantText("PUT");
const POST = constantText("POST");
const DELETE = constantText("DELETE");

/** Writes a head in front of a body of `bodySize` octets of XML; `allow` has a bit for each `Method`, for 405.  Answers its size. */
export function answerHead(at: usize, status: u32, bodySize: u32, allow: u32, close: bool): u32 {
  writerBegin(at, ANSWER_HEAD_MAX);
  write(VERSION);
  write(phrase(status));
  if (bodySize > 0) write(TYPE_XML);
  write(LENGTH);
  writeNumber(bodySize);
  if (status == 405) { write(ALLOW); methods(allow); }
  if (close) write(CLOSE);
  write(END);
  return <u32>(writerAt() - at);
}

function methods(allow: u32): void {
  let isFirst = true;
  for (let method: u32 = Method.Get; method <= <u32>Method.Delete; method++) {
    if (!(allow & (1 << method))) continue;
    if (!isFirst) write(COMMA);
    isFirst = false;
    write(methodName(method));
  }
}

function methodName(method: u32): u32 {
  switch (method) {
    case Method.Get: return GET;
    case Method.Head: return HEAD;
    case Method.Post: return POST;
    case Method.Put: return PUT;
    default: return DELETE;
  }
}

function phrase(status: u32): u32 {
  switch (status) {
    case 200: return OK;
    case 400: return BAD_REQUEST;
    case 403: return FORBIDDEN;
    case 404: return NOT_FOUND;
    case 405: return NOT_ALLOWED;
    case 406: return NOT_ACCEPTABLE;
    case 413: return TOO_LARGE;
    case 414: return TARGET_TOO_LONG;
    case 417: return EXPECTATION;
    case 431: return HEAD_TOO_LARGE;
    case 501: return NOT_IMPLEMENTED;
    case 503: return UNAVAILABLE;
    case 505: return VERSION_UNKNOWN;
    default: return INTERNAL;
  }
}
