// The words of HTTP that mean something to us.
import { constant, constantString, constantText } from "../../core/constants";
import { constantRead } from "../../core/host";

/** In the order of the table. */
export enum Word {
  None = 0,
  Get, Head, Post, Put, Delete,
  Host, Accept, Expect, Connection, ContentLength, ContentType, TransferEncoding, Location,
  Close, Chunked,
  Anything, AnyApplication, SepXml, SepExi,
}

const GET = constantText("GET");
const HEAD = constantText("HEAD");
const POST = constantText("POST");
const PUT = constantText("PUT");
const DELETE = constantText("DELETE");
const HOST = constantText("host");
const ACCEPT = constantText("accept");
const EXPECT = constantText("expect");
const CONNECTION = constantText("connection");
const CONTENT_LENGTH = constantText("content-length");
const CONTENT_TYPE = constantText("content-type");
const TRANSFER_ENCODING = constantText("transfer-encoding");
const LOCATION = constantText("location");
const CLOSE = constantText("close");
const CHUNKED = constantText("chunked");
const ANYTHING = constantText("*/*");
const ANY_APPLICATION = constantText("application/*");
const SEP_XML = constantText("application/sep+xml");
const SEP_EXI = constantText("application/sep-exi");

const COUNT: u32 = 19;
/** Letters in lower case are found in any case, those in upper case as they are. */
const WORDS = constant<u16>([
  GET, HEAD, POST, PUT, DELETE, HOST, ACCEPT, EXPECT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING, LOCATION,
  CLOSE, CHUNKED, ANYTHING, ANY_APPLICATION, SEP_XML, SEP_EXI,
]);
const WORD_MAX: u32 = 20;

const table = memory.data(2 * COUNT, 2);
const scratch = memory.data(WORD_MAX);

/** Which word stands there, if the whole of it is one. */
export function wordOf(at: usize, size: u32): u32 {
  constantRead(WORDS, table, 2 * COUNT);
  for (let index: u32 = 0; index < COUNT; index++) {
    let word: u32 = load<u16>(table + 2 * index);
    constantRead(word, scratch, 1);
    if (load<u8>(scratch) != size) continue;
    constantString(word, scratch, WORD_MAX);
    if (isSame(at, size)) return index + 1;
  }
  return Word.None;
}

/** The text of a word. */
export function wordText(word: u32): u32 {
  constantRead(WORDS + 2 * (word - 1), table, 2);
  return load<u16>(table);
}

/** No control character is among what is compared, so that one bit makes no other sign out of a letter. */
function isSame(at: usize, size: u32): bool {
  for (let index: u32 = 0; index < size; index++) {
    let octet: u32 = load<u8>(at + index);
    let letter: u32 = load<u8>(scratch + 1 + index);
    if (octet != letter && (octet | 0x20) != letter) return false;
  }
  return true;
}

if (<u32>Word.SepExi != COUNT) ERROR("each word has its place in the table");
