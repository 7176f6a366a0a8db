// OTA files: what is written, what is read, and every rule by which one is refused, with its offset.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ImageReason } from "../../host/abi.ts";
import { ImageError } from "../../host/image/image_error.ts";
import { type OtaHeader, OtaTag, otaExamine, otaRead, otaWrite } from "../../host/image/ota_file.ts";
import { changed, element, freshSeed, hexOctets, mutated, numbers, sample } from "./ota_samples.ts";

const IMAGE = element(0x0000, Buffer.alloc(100, 0xa5));
const CODE = element(0x0003, Buffer.alloc(16, 0xa5));
const CERTIFICATE = element(0x0002, Buffer.alloc(48, 0xa5));
const SIGNATURE = element(0x0001, Buffer.alloc(50, 0xa5));
const CERTIFICATE_2 = element(0x0006, Buffer.alloc(74, 0xa5));
const SIGNATURE_2 = element(0x0005, Buffer.alloc(80, 0xa5));
const GOOD = sample([IMAGE]);
const OWN = sample([element(0xf001, Buffer.alloc(7, 1)), element(0xf000, Buffer.alloc(9, 2)), IMAGE, CODE, CERTIFICATE, SIGNATURE]);

function refusal(file: Buffer): ImageError {
  try {
    otaRead(file);
  } catch (error) {
    assert.ok(error instanceof ImageError, String(error));
    return error;
  }
  return assert.fail("the file is read");
}

function refuses(file: Buffer, offset: number, reason: keyof typeof ImageReason, words?: RegExp): void {
  const error = refusal(file);
  assert.deepEqual([error.offset, error.reasonName], [offset, reason], error.message);
  assert.equal(error.reason, ImageReason[reason]);
  assert.match(error.message, new RegExp(`^at octet ${offset}: .*\\S$`));
  if (words) assert.match(error.message, words);
}

describe("a file is written", () => {
  const header: OtaHeader = { manufacturer: 0x1234, imageType: 0x5678, fileVersion: 0x01020304, stackVersion: 2, headerString: "sample" };
  const data = Buffer.from("abc");

  test("octet by octet as the specification has it, with every option", () => {
    assert.equal(otaWrite(header, [{ tag: 0, data }]).toString("hex"), sample([element(0, data)]).toString("hex"));
    const all = { ...header, credentialVersion: 0xfe, destination: 0x0102030405060708n, hardware: { minimum: 1, maximum: 0x0203 } };
    const options = hexOctets("fe 0807060504030201 0100 0302");
    assert.equal(otaWrite(all, [{ tag: 0, data }]).toString("hex"), sample([element(0, data)], { control: 7, options }).toString("hex"));
    assert.deepEqual(otaRead(otaWrite(all, [{ tag: 0, data }])), {
      header: all,
      headerSize: 69,
      totalSize: 78,
      elements: [{ tag: 0, data, offset: 69 }],
    });
  });

  test("and read back for every choice of options", () => {
    for (let choice = 0; choice < 8; choice++) {
      const some: OtaHeader = { ...header };
      if (choice & 1) some.credentialVersion = 0;
      if (choice & 2) some.destination = 0xffff_ffff_ffff_ffffn;
      if (choice & 4) some.hardware = { minimum: 0xffff, maximum: 0xffff };
      assert.deepEqual(otaRead(otaWrite(some, [{ tag: 0, data }])).header, some);
    }
  });

  test("but not with what it cannot hold", () => {
    const cases: [Partial<OtaHeader>, number][] = [
      [{ manufacturer: 0x10000 }, 10],
      [{ imageType: -1 }, 12],
      [{ fileVersion: 2 ** 32 }, 14],
      [{ fileVersion: 1.5 }, 14],
      [{ stackVersion: Number.NaN }, 18],
      [{ headerString: "x".repeat(33) }, 20],
      [{ headerString: "ä".repeat(17) }, 20],
      [{ credentialVersion: 256 }, 56],
      [{ destination: 1n << 64n }, 56],
      [{ hardware: { minimum: 2, maximum: 1 } }, 56],
      [{ hardware: { minimum: 0, maximum: 0x10000 } }, 58],
    ];
    for (const [fields, offset] of cases) {
      assert.throws(
        () => otaWrite({ ...header, ...fields }, []),
        (error) => error instanceof ImageError && error.offset === offset,
      );
    }
    assert.throws(() => otaWrite(header, [{ tag: 0x10000, data }]), RangeError);
    assert.equal(
      otaWrite({ ...header, headerString: "x".repeat(32) }, [])
        .subarray(20, 52)
        .toString(),
      "x".repeat(32),
    );
  });

  test("with the string as it was, terminated, UTF-8 or neither", () => {
    const strings: [string, string][] = [
      ["c3a4".padEnd(64, "0"), "ä"],
      ["41".repeat(32), "A".repeat(32)],
      ["e4".padEnd(64, "0"), "ä"],
      [`4100${"ff".repeat(30)}`, "A"],
      ["00".repeat(32), ""],
      ["ff".repeat(32), "ÿ".repeat(32)],
    ];
    for (const [octets, text] of strings) {
      const file = changed(GOOD, 20, octets);
      const read = otaRead(file);
      assert.equal(read.header.headerString, text);
      assert.deepEqual(otaWrite(read.header, read.elements), file);
    }
  });
});

describe("a header is refused", () => {
  test("at every place where it ends too early", () => {
    refuses(Buffer.alloc(0), 0, "Truncated", /empty/);
    for (let size = 1; size < 56; size++) refuses(GOOD.subarray(0, size), size, "Truncated");
    const long = sample([], { control: 7, options: Buffer.alloc(13) });
    for (let size = 56; size < long.length; size++) refuses(long.subarray(0, size), size, "Truncated");
  });

  test("for each field that is not as it must be", () => {
    for (let octet = 0; octet < 4; octet++) refuses(changed(GOOD, octet, "00"), 0, "Identifier");
    refuses(changed(GOOD, 0, "0beef11e"), 0, "Identifier", /0b ee f1 1e/);
    for (const version of ["0101", "0000", "0002", "ffff"]) refuses(changed(GOOD, 4, version), 4, "HeaderVersion");
    for (const length of ["0000", "3700", "3900", "3c00", "ffff"]) refuses(changed(GOOD, 6, length), 6, "HeaderLength");
    for (const control of ["0100", "0200", "0400", "0700"]) refuses(changed(GOOD, 8, control), 6, "HeaderLength");
    for (const control of ["0800", "0001", "0080", "ffff"]) refuses(changed(GOOD, 8, control), 8, "HeaderLength", /reserved/);
    for (const total of [0, 1, 55]) refuses(sample([IMAGE], { total }), 52, "TotalSize");
    refuses(sample([IMAGE], { control: 4, options: Buffer.alloc(4), total: 59 }), 52, "TotalSize");
  });

  test("for a total size that is not the file's", () => {
    refuses(sample([IMAGE], { total: GOOD.length + 1 }), GOOD.length, "Truncated");
    refuses(sample([IMAGE], { total: 0xffff_ffff }), GOOD.length, "Truncated");
    refuses(sample([IMAGE], { total: GOOD.length - 1 }), GOOD.length - 1, "TotalSize");
    refuses(Buffer.concat([GOOD, Buffer.of(0)]), GOOD.length, "TotalSize");
  });
});

describe("elements are refused", () => {
  test("where none is there, none is the image, or the image is there twice", () => {
    refuses(sample([]), 56, "ElementMissing", /no element/);
    refuses(sample([CODE]), 56, "ElementMissing", /no image.*0x0003/);
    refuses(sample([element(0xf000, Buffer.alloc(3))]), 56, "ElementMissing", /0xf000/);
    refuses(sample([IMAGE, IMAGE]), 162, "ElementTwice");
    refuses(sample([IMAGE, CODE, CODE]), 184, "ElementTwice");
    refuses(sample([IMAGE, CERTIFICATE, CERTIFICATE, SIGNATURE]), 216, "Signatures");
    refuses(sample([IMAGE, CERTIFICATE, SIGNATURE, SIGNATURE]), 272, "Signatures");
  });

  test("where a length leaves the file, at once and by one octet", () => {
    for (const length of [101, 0x7fff_ffff, 0x8000_0000, 0xffff_fffa, 0xffff_ffff]) {
      refuses(sample([element(0, Buffer.alloc(100), length)]), 58, "ElementLength", new RegExp(`claims ${length} octets, and 100`));
      refuses(sample([IMAGE, element(0xf000, Buffer.alloc(100), length)]), 164, "ElementLength");
    }
    for (let rest = 1; rest < 6; rest++) refuses(sample([IMAGE, Buffer.alloc(rest)]), 162, "ElementLength", /behind the last element/);
  });

  test("where one of the profile has another size than the profile gives it", () => {
    for (const [tag, size] of [
      [1, 50],
      [2, 48],
      [3, 16],
      [5, 80],
      [6, 74],
    ]) {
      for (const other of [0, size - 1, size + 1]) refuses(sample([IMAGE, element(tag, Buffer.alloc(other))]), 164, "ElementLength");
    }
  });

  test("where signatures break the profile's order", () => {
    for (const file of [OWN, sample([IMAGE, CODE, CERTIFICATE_2, SIGNATURE_2])]) assert.equal(otaRead(file).totalSize, file.length);
    refuses(sample([IMAGE, SIGNATURE, CERTIFICATE]), 162, "Signatures", /last/);
    refuses(sample([IMAGE, CERTIFICATE, SIGNATURE, CODE]), 216, "Signatures", /last/);
    refuses(sample([IMAGE, CERTIFICATE]), 162, "Signatures", /without a signature/);
    refuses(sample([IMAGE, SIGNATURE]), 162, "Signatures", /without its signer/);
    refuses(sample([CERTIFICATE, IMAGE, SIGNATURE]), 56, "Signatures", /behind the image/);
    refuses(sample([IMAGE, CERTIFICATE_2, SIGNATURE]), 162, "Signatures", /both/);
    refuses(sample([IMAGE, CERTIFICATE, SIGNATURE, CERTIFICATE_2, SIGNATURE_2]), 272, "Signatures", /both/);
    const swapped = [element(1, Buffer.alloc(48)), element(2, Buffer.alloc(50))];
    refuses(sample([IMAGE, ...swapped]), 164, "Signatures", /swapped/);
    refuses(sample([IMAGE, ...swapped.toReversed()]), 164, "Signatures", /swapped/);
  });
});

test("what the profile leaves open is read: unknown tags, empty data, the manufacturer's own twice", () => {
  const own = element(0xf123, Buffer.alloc(3));
  const read = otaRead(sample([own, IMAGE, element(0x0007, Buffer.alloc(0)), own, element(0x0004, Buffer.alloc(5))]));
  assert.deepEqual(
    read.elements.map(({ tag, offset, data }) => [tag, offset, data.length]),
    [
      [0xf123, 56, 3],
      [OtaTag.Image, 65, 100],
      [7, 171, 0],
      [0xf123, 177, 3],
      [4, 186, 5],
    ],
  );
});

test("a file cut at any octet is refused, also where the header's total size is made to agree", () => {
  const boundaries = new Set(otaRead(OWN).elements.map(({ offset }) => offset));
  let whole = 0;
  for (let size = 0; size < OWN.length; size++) {
    refuses(OWN.subarray(0, size), size, "Truncated");
    if (size < 56) continue;
    const agreed = Buffer.from(OWN.subarray(0, size));
    agreed.writeUInt32LE(size, 52);
    try {
      otaRead(agreed);
      whole++;
      assert.ok(boundaries.has(size), `cut at ${size}`);
    } catch (error) {
      assert.ok(error instanceof ImageError);
    }
  }
  assert.equal(whole, 2); // before and behind the integrity code it is a whole, unsigned file
});

test("a refused file is named for what it is", () => {
  const wide = Buffer.concat([element(0xf000, Buffer.alloc(0), 30), Buffer.alloc(2), Buffer.alloc(30, 0xa5)]);
  const cases: [Buffer, string, RegExp?][] = [
    [Buffer.alloc(0), "empty"],
    [GOOD.subarray(0, 30), "truncated"],
    [GOOD.subarray(0, 100), "truncated", /within the element 0x0000 at octet 56: 38 of 100/],
    [GOOD.subarray(0, 59), "truncated", /element header at octet 56/],
    [Buffer.concat([GOOD, Buffer.alloc(9, 0xff)]), "trailing octets", /all of them are 0xff/],
    [Buffer.concat([GOOD, GOOD]), "trailing octets", /another header/],
    [Buffer.concat([GOOD, Buffer.from("tail")]), "trailing octets", /begin with 7461696c/],
    [sample([IMAGE], { total: 106 }), "wrong total size"],
    [sample([IMAGE], { total: 1000 }), "wrong total size"],
    [Buffer.concat([Buffer.from("NGIS\x01"), GOOD]), "wrapped", /wrapper of 5 octets.*file of 162 octets; 0 octets/],
    [Buffer.concat([Buffer.alloc(70, 0xa5), GOOD.subarray(0, 160)]), "wrapped", /2 of its octets are missing/],
    [sample([wide]), "8-octet element header", /0xf000/],
    [sample([]), "no elements"],
    [sample([Buffer.alloc(40, 0x2a)]), "no elements", /is no element: 40 octets; all of them are 0x2a/],
    [sample([hexOctets("eb17a603"), Buffer.alloc(60, 0x2a)]), "no elements", /begins like a GBL file/],
    [sample([Buffer.alloc(4, 0x2a)]), "no elements"],
    [sample([element(0, Buffer.alloc(100), 106)]), "bad element length", /count the element's tag and length/],
    [sample([element(0, Buffer.alloc(100), 162)]), "bad element length", /count all that stands before/],
    [sample([CODE]), "no image element"],
    [sample([IMAGE, IMAGE]), "two image elements"],
    [sample([IMAGE, CODE, CODE]), "an element twice"],
    [sample([IMAGE, Buffer.alloc(3)]), "data behind the last element", /3 octets from octet 162/],
    [sample([IMAGE, Buffer.alloc(30)]), "data behind the last element", /all of them are 0x00/],
    [sample([IMAGE, Buffer.alloc(30, 0xff)]), "data behind the last element", /all of them are 0xff/],
    [sample([IMAGE, Buffer.alloc(30, 0x5a)]), "data behind the last element"],
    [sample([element(0, Buffer.alloc(100), 0xffff_ffff)]), "bad element length"],
    [sample([IMAGE, element(3, Buffer.alloc(9), 0xffff_ffff)]), "bad element length"],
    [sample([IMAGE, SIGNATURE]), "bad signature elements"],
    [changed(GOOD, 6, "3900"), "bad header"],
    [hexOctets("0beef11e").subarray(0, 4), "not an OTA file", /other octet order/],
    [Buffer.from("<!DOCTYPE html>"), "not an OTA file", /page of the web/],
    [Buffer.from("version https://git-lfs.github.com/spec/v1"), "not an OTA file", /git-lfs/],
    [Buffer.alloc(64, 0xa5), "not an OTA file"],
  ];
  for (const [file, kind, remark] of cases) {
    const examined = otaExamine(file);
    assert.equal(examined.kind, kind, examined.error?.message);
    assert.equal(examined.file, undefined);
    assert.ok(examined.error instanceof ImageError);
    if (remark) assert.match(examined.remarks.join("; "), remark);
  }
  assert.deepEqual([otaExamine(GOOD).kind, otaExamine(GOOD).remarks, otaExamine(GOOD).error], ["whole", [], undefined]);
});

test("what is odd about a whole file is remarked", () => {
  const remarks = (file: Buffer): string => otaExamine(file).remarks.join("; ");
  assert.match(remarks(changed(GOOD, 20, "e4")), /not UTF-8/);
  assert.match(remarks(changed(GOOD, 18, "0900")), /stack version 0x0009/);
  assert.match(remarks(sample([IMAGE], { control: 4, options: hexOctets("02000100") })), /hardware range is empty/);
  assert.match(remarks(sample([IMAGE, element(7, Buffer.alloc(1))])), /0x0007 at octet 162 is reserved/);
  assert.match(remarks(sample([element(0, Buffer.alloc(0))])), /image is empty/);
});

test("octets are looked at where they are: no length is trusted for memory", () => {
  for (const { data } of otaRead(OWN).elements) assert.equal(data.buffer, OWN.buffer);
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 200; count++) otaExamine(sample([element(0, Buffer.alloc(100), 0xffff_fff0)], { total: 0xffff_ffff }));
  assert.ok(process.memoryUsage().arrayBuffers - before < 4 << 20);
  const many = sample([IMAGE, Buffer.concat(Array.from({ length: 100_000 }, () => element(0xf000, Buffer.alloc(0))))]);
  assert.match(refusal(many).message, /more than 4096 elements/);
});

test("no change of a file makes the reader fail, or read what it would not write", () => {
  const seed = freshSeed();
  const draw = numbers(seed);
  const files = [OWN, GOOD, sample([IMAGE, CODE, CERTIFICATE_2, SIGNATURE_2], { control: 7, options: Buffer.alloc(13, 1) })];
  let whole = 0;
  const before = process.memoryUsage().arrayBuffers;
  for (let run = 0; run < 30_000; run++) {
    const file = mutated(files[run % files.length], draw);
    const { file: read, error, kind } = otaExamine(file);
    assert.ok(kind.length > 0);
    if (read) {
      whole++;
      if (!read.header.hardware || read.header.hardware.minimum <= read.header.hardware.maximum) {
        assert.deepEqual(otaWrite(read.header, read.elements), file, `seed ${seed}, run ${run}`);
      }
    } else {
      assert.ok(error instanceof ImageError, `seed ${seed}, run ${run}`);
      assert.ok(error.offset >= 0 && error.offset <= file.length, `seed ${seed}, run ${run}: offset ${error.offset} of ${file.length}`);
    }
  }
  assert.ok(whole > 100, `${whole} of the changed files are whole`);
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 << 20);
});
