// Requests that two readers could understand in two ways, or that are too much: RFC 9112.  Each row is refused with its status and the
// connection is closed; what is in order next to it is answered.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Net, Peer } from "./tcp_peer.ts";
import { Wire } from "./wire.ts";

const HTTP = 80;
const SECOND = 1000;
const LINE_MAX = 128;
const PATH_MAX = 64;
const HEAD_MAX = 2048;

let host = 0x100;

/** What is heard in answer to some octets, in the pieces in which they are said; and whether the connection lives. */
function asked(on: Net, ...pieces: (string | Uint8Array)[]): { statuses: number[]; text: string; isOpen: boolean } {
  const peer = new Peer(on, host++, 4000, HTTP);
  for (const piece of pieces) {
    peer.say(Buffer.from(piece as string, "latin1"));
    on.run(200);
  }
  on.run(SECOND);
  const text = peer.heard.toString("latin1");
  const isOpen = peer.state === "open";
  if (isOpen) peer.close();
  on.run(200);
  return { statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)), text, isOpen };
}

const net = (): Net => new Net(new Wire(1, undefined, true));
const get = (fields: string, target = "/dcap"): string => `GET ${target} HTTP/1.1\r\n${fields}\r\n`;
const HOST = "Host: [fd4b:574d::2]\r\n";

/** A request whose body comes in chunks. */
const chunked = (body: string): string => `POST /dcap HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${body}`;

const REFUSED: [string, number, string][] = [
  ["two lengths", 400, get(`${HOST}Content-Length: 1\r\nContent-Length: 1\r\n`)],
  ["two lengths in one field", 400, get(`${HOST}Content-Length: 1, 1\r\n`)],
  ["a length with a sign", 400, get(`${HOST}Content-Length: +1\r\n`)],
  ["a length below nothing", 400, get(`${HOST}Content-Length: -1\r\n`)],
  ["a length in hexadecimal", 400, get(`${HOST}Content-Length: 0x1\r\n`)],
  ["a length that is empty", 400, get(`${HOST}Content-Length:\r\n`)],
  ["a length beyond all bounds", 413, get(`${HOST}Content-Length: 4294967297\r\n`)],
  ["a length above the most", 413, get(`${HOST}Content-Length: 65536\r\n`)],
  ["chunks and a length", 400, get(`${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n`)],
  ["a length and chunks", 400, get(`${HOST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n`)],
  ["chunks twice", 400, get(`${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n`)],
  ["chunks in chunks", 501, get(`${HOST}Transfer-Encoding: chunked, chunked\r\n`)],
  ["a chunk without a size", 400, chunked("\r\n")],
  ["a chunk's size with a sign", 400, chunked("+1\r\na\r\n0\r\n\r\n")],
  ["a chunk's size with 0x", 400, chunked("0x1\r\na\r\n0\r\n\r\n")],
  ["a chunk's size beyond hexadecimal", 400, chunked("g\r\na\r\n0\r\n\r\n")],
  ["a chunk's size and a space", 400, chunked("1 \r\na\r\n0\r\n\r\n")],
  ["a chunk above the most", 413, chunked("10000\r\n")],
  ["a chunk's size that wraps", 413, chunked("100000001\r\n")],
  ["a chunk that is longer than it says", 400, chunked("1\r\nab\r\n0\r\n\r\n")],
  ["a chunk that ends by a line feed", 400, chunked("1\r\na\n0\r\n\r\n")],
  ["a chunk's size that ends by a line feed", 400, chunked("1\na\r\n0\r\n\r\n")],
  ["an extension without end", 400, chunked(`1;${"x".repeat(LINE_MAX)}\r\na\r\n0\r\n\r\n`)],
  ["fields behind the chunks, without end", 431, chunked(`0\r\n${`X: ${"y".repeat(100)}\r\n`.repeat(HEAD_MAX / 100)}`)],
  ["another coding of the transfer", 501, get(`${HOST}transfer-encoding: xchunked\r\n`)],
  ["a space before the colon of a coding", 400, get(`${HOST}Transfer-Encoding : chunked\r\n`)],
  ["a bare line feed after the request line", 400, "GET /dcap HTTP/1.1\nHost: h\r\n\r\n"],
  ["a bare line feed after a field", 400, "GET /dcap HTTP/1.1\r\nHost: h\n\r\n"],
  ["a bare line feed at the end", 400, "GET /dcap HTTP/1.1\r\nHost: h\r\n\n"],
  ["a bare carriage return", 400, "GET /dcap HTTP/1.1\r\nHost: h\rX: y\r\n\r\n"],
  ["two carriage returns", 400, "GET /dcap HTTP/1.1\r\r\nHost: h\r\n\r\n"],
  ["a folded field", 400, get(`${HOST}X: a\r\n b\r\n`)],
  ["a folded field by a tabulator", 400, get(`${HOST}X: a\r\n\tb\r\n`)],
  ["white space before the first field", 400, get(` ${HOST}`)],
  ["a field without a colon", 400, get(`${HOST}nonsense\r\n`)],
  ["a field without a name", 400, get(`${HOST}: a\r\n`)],
  ["a name that is no token", 400, get(`${HOST}a(b): c\r\n`)],
  ["a name beyond ASCII", 400, get(`${HOST}\xe9: c\r\n`)],
  ["NUL in a field", 400, get(`${HOST}X: a\0b\r\n`)],
  ["NUL in the target", 400, get(HOST, "/dcap\0")],
  ["a control character in the target", 400, get(HOST, "/dc\x07ap")],
  ["DEL in a field", 400, get(`${HOST}X: \x7f\r\n`)],
  ["no Host", 400, get("X: y\r\n")],
  ["two Hosts", 400, get(`${HOST}${HOST}`)],
  ["an absolute target of another", 400, get(HOST, "http://[fd4b:574d::3]/dcap")],
  ["an absolute target without a path", 400, get(HOST, "http://[fd4b:574d::2]")],
  ["an absolute target of nobody", 400, get("Host:\r\n", "http:///dcap")],
  ["an absolute target of another scheme", 400, get(HOST, "ftps://[fd4b:574d::2]/dcap")],
  ["a target without slashes", 400, get(HOST, "http:dcap/dcap")],
  ["an asterisk", 400, "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"],
  ["an authority", 400, "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"],
  ["no target", 400, "GET  HTTP/1.1\r\nHost: h\r\n\r\n"],
  ["two spaces", 400, "GET  /dcap HTTP/1.1\r\nHost: h\r\n\r\n"],
  ["a space behind the version", 400, "GET /dcap HTTP/1.1 \r\nHost: h\r\n\r\n"],
  ["a tabulator for a space", 400, "GET\t/dcap\tHTTP/1.1\r\nHost: h\r\n\r\n"],
  ["a space in the target", 400, get(HOST, "/dc ap")],
  ["HTTP/0.9", 400, "GET /dcap\r\n\r\n"],
  ["HTTP/1.0", 505, "GET /dcap HTTP/1.0\r\nHost: h\r\n\r\n"],
  ["HTTP/1.2", 400, "GET /dcap HTTP/1.2\r\nHost: h\r\n\r\n"],
  ["HTTP/2.0", 400, "GET /dcap HTTP/2.0\r\nHost: h\r\n\r\n"],
  ["http in small letters", 400, "GET /dcap http/1.1\r\nHost: h\r\n\r\n"],
  ["HTTP/2's preface", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a ClientHello", 400, "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"],
  ["two empty lines before", 400, `\r\n\r\n${get(HOST)}`],
  ["a target too long", 414, get(HOST, `/${"a".repeat(PATH_MAX)}`)],
  ["a request line too long", 414, get(HOST, `/${"a".repeat(LINE_MAX)}`)],
  ["a length in a line too long", 431, get(`${HOST}Content-Length: ${"0".repeat(LINE_MAX)}1\r\n`)],
  ["a head too long", 431, get(HOST + `X: ${"y".repeat(100)}\r\n`.repeat(HEAD_MAX / 100))],
  ["a line without end", 431, `GET /dcap HTTP/1.1\r\nX: ${"y".repeat(HEAD_MAX)}`],
  ["Expect", 417, get(`${HOST}Expect: 100-continue\r\n`)],
];

test("each is refused once, and the connection closed", () => {
  const on = net();
  for (const [what, status, octets] of REFUSED) {
    const { statuses, text, isOpen } = asked(on, octets + get(HOST));
    assert.deepEqual(statuses, [status], what);
    assert.match(text, /\r\nConnection: close\r\n/, what);
    assert.equal(isOpen, false, `${what}: the connection lives`);
  }
  assert.deepEqual(asked(on, get(HOST)).statuses, [200]);
});

const ANSWERED: [string, number, string][] = [
  ["as it should be", 200, get(HOST)],
  ["a query on what is no list", 200, get(HOST, "/dcap?s=0&l=1")],
  ["an empty line before", 200, `\r\n${get(HOST)}`],
  ["names in any case", 200, get("hOST: h\r\nACCEPT: */*\r\n")],
  ["no white space behind a colon", 200, get("Host:h\r\n")],
  ["tabulators around a value", 200, get("Host:\th\t\r\n")],
  ["a long field that nobody looks at", 200, get(`${HOST}Cookie: ${"x".repeat(LINE_MAX)}\r\n`)],
  ["a body of no octets", 200, get(`${HOST}Content-Length: 0\r\n`)],
  ["an absolute target", 200, get(HOST, "http://[fd4b:574d::2]/dcap")],
  ["an absolute target over TLS, in any case", 200, get("Host: h\r\n", "HTTPS://h/dcap")],
  ["close among what it is not", 200, get(`${HOST}Connection: closed, x-close\r\n`)],
  ["a body in chunks, passed over", 405, chunked("A\r\n0123456789\r\n1;x=y\r\na\r\n0\r\nX: y\r\n\r\n")],
  ["a body of no chunks", 405, chunked("000\r\n\r\n")],
  ["a request in a chunk", 405, chunked(`${(get(HOST).length).toString(16)}\r\n${get(HOST)}\r\n0\r\n\r\n`)],
  ["a body, passed over", 200, `${get(`${HOST}Content-Length: 14\r\n`)}GET /tm HTTP/1`],
  ["the longest target", 404, get(HOST, `/${"a".repeat(PATH_MAX - 1)}`)],
  ["a target in percents is another", 404, get(HOST, "/%64cap")],
  ["a NUL in percents", 404, get(HOST, "/dcap%00")],
  ["a way up", 404, get(HOST, "/a/../dcap")],
  ["two slashes", 404, get(HOST, "//dcap")],
  ["what is only for those whom TLS showed", 403, get(HOST, "/tm")],
  ["a method that no resource has", 405, `POST /dcap HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc`],
  ["a method that nobody knows", 405, `BREW /dcap HTTP/1.1\r\n${HOST}\r\n`],
  ["a method in small letters", 405, `get /dcap HTTP/1.1\r\n${HOST}\r\n`],
  ["a type that we do not have", 406, get(`${HOST}Accept: text/html\r\n`)],
];

test("what is in order next to it is answered, and the connection goes on", () => {
  const on = net();
  for (const [what, status, octets] of ANSWERED) {
    const { statuses, isOpen } = asked(on, octets, get(HOST));
    assert.deepEqual(statuses, [status, 200], what);
    assert.equal(isOpen, true, what);
  }
});

test("requests one behind the other are answered in their order; HEAD has no body; what says so is closed", () => {
  const on = net();
  const { statuses, text } = asked(on, get(HOST) + get(HOST, "/none") + get(HOST, "/tm") + get(HOST));
  assert.deepEqual(statuses, [200, 404, 403, 200]);
  assert.equal(text.match(/<DeviceCapability/g)?.length, 2);
  const head = asked(on, `HEAD /dcap HTTP/1.1\r\n${HOST}\r\n`);
  assert.match(head.text, /Content-Length: [1-9]\d*\r\n\r\n$/);
  assert.equal(head.isOpen, true);
  const closed = asked(on, get(`${HOST}Connection: close\r\n`) + get(HOST));
  assert.deepEqual(closed.statuses, [200], "what comes behind is not read");
  assert.equal(closed.isOpen, false);
  assert.equal(asked(on, get(`${HOST}Connection: x , Close\r\n`) + get(HOST)).isOpen, false);
  const allow = asked(on, `DELETE /dcap HTTP/1.1\r\n${HOST}\r\n`);
  assert.match(allow.text, /^HTTP\/1\.1 405 Method Not Allowed\r\nContent-Length: 0\r\nAllow: GET, HEAD\r\n\r\n$/);
});

test("a request is the same in whatever pieces it comes", () => {
  const on = net();
  const octets = `${get(`${HOST}Accept: application/sep+xml\r\nContent-Length: 2\r\n`)}ab`;
  for (let cut = 1; cut < octets.length; cut += 7)
    assert.deepEqual(asked(on, octets.slice(0, cut), octets.slice(cut)).statuses, [200], `cut behind ${cut}`);
});
