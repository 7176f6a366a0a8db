// The words of --admit: as they stand on labels, in QR codes, and as they are mistyped.
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../host/files/input_error.ts";
import { withCrc } from "../../host/home/provision.ts";
import { admitted } from "../../tools/image/install_code.ts";

const ADDRESS = "026B7700000000FF";
const BARE = Buffer.from("83fed3407a939723a5c639b26916d505", "hex");
const CODE = withCrc(BARE).toString("hex").toUpperCase();
const GROUPED = (CODE.match(/.{4}/g) as string[]).join("-");

test("an address and a code, with its CRC or without, in the forms of labels and QR codes", () => {
  assert.equal(CODE, "83FED3407A939723A5C639B26916D505C3B5");
  for (const word of [
    `${ADDRESS}=${CODE}`,
    `02:6b:77:00:00:00:00:ff=${BARE.toString("hex")}`,
    `02-6B-77-00-00-00-00-FF=${GROUPED}`,
    `${ADDRESS} = ${GROUPED.replaceAll("-", " ")}`,
    `Z:${ADDRESS}$I:${CODE}`,
    `z:${ADDRESS}$i:${CODE}%G$M:1234$S:5`,
    `G$M:69775$S:680S00003915$D:0000000017B2335C%Z$A:${ADDRESS}$I:${CODE}`,
    `HUE:Z:${CODE} M:${ADDRESS} D:L3B A:1184`,
    `${ADDRESS}|${CODE}`,
  ]) {
    const { extended, installCode } = admitted(word);
    assert.deepEqual([extended, installCode.toString("hex").toUpperCase()], [0x026b7700000000ffn, CODE], word);
  }
});

test("every size is taken; one of six octets with a wrong CRC is no code of eight", () => {
  for (const size of [6, 8, 12, 16]) {
    const whole = withCrc(Buffer.alloc(size, 0x5a));
    assert.deepEqual(admitted(`${ADDRESS}=${whole.toString("hex")}`).installCode, whole);
    whole[size] ^= 1;
    assert.throws(() => admitted(`${ADDRESS}=${whole.toString("hex")}`), /the CRC of the install code .* is wrong/, String(size));
  }
  assert.throws(() => admitted(`${ADDRESS}=${"5a".repeat(8)}`), /a code of 8 octets is given with its CRC/);
});

test("what is no address or no code is refused in a sentence", () => {
  for (const word of [
    ADDRESS,
    `${ADDRESS}=${CODE}=x`,
    `${ADDRESS}=xyz`,
    `${ADDRESS}=`,
    `${ADDRESS}=00`,
    `02=${CODE}`,
    `Z:${ADDRESS}`,
    `Z:${ADDRESS}$I:`,
  ])
    assert.throws(
      () => admitted(word),
      (error: Error) => error instanceof InputError && /^--admit[^\n]+\.$/.test(error.message),
      word,
    );
});
