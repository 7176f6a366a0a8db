import { LINE_SIZE, textBegin, textColumn, textDecimal, textDecimalSize, textFitted, textPut, textRoom } from "../../assembly/application/ihd/text";

function written(value: i64, scale: u32, decimals: u32, whole: u32): string {
  let line = textBegin();
  textDecimal(value, scale, decimals, whole);
  return String.UTF8.decodeUnsafe(line, LINE_SIZE).trimEnd();
}

function fitted(value: i64, scale: u32, decimals: u32, whole: u32, room: i32): string {
  let line = textBegin();
  let size = textRoom(value, scale, decimals, whole, room);
  if (size == 0) return "none";
  textFitted(value, scale);
  let text = String.UTF8.decodeUnsafe(line, LINE_SIZE).trimEnd();
  return text.length == size ? text : "not of the size that was told";
}

describe("a number as text", () => {
  it("has its decimals cut off, not rounded", () => {
    expect(written(12345678, 3, 3, 1)).toBe("12345.678");
    expect(written(12345678, 3, 1, 1)).toBe("12345.6");
    expect(written(12345999, 3, 0, 1)).toBe("12345");
  });
  it("has a digit before the point", () => {
    expect(written(5, 3, 3, 1)).toBe("0.005");
    expect(written(0, 4, 4, 1)).toBe("0.0000");
    expect(written(0, 0, 0, 1)).toBe("0");
  });
  it("has as many digits before the point as are asked for", () => {
    expect(written(5, 3, 3, 4)).toBe("0000.005");
    expect(written(7, 0, 0, 2)).toBe("07");
  });
  it("has its sign first", () => {
    expect(written(-1500, 3, 3, 1)).toBe("-1.500");
    expect(written(i64.MIN_VALUE, 3, 0, 1)).toBe("-9223372036854775".substring(0, 16));
  });
  it("shows no more decimals than there are", () => {
    expect(written(25, 1, 3, 1)).toBe("2.5");
  });
  it("has no sign when it shows as zero", () => {
    expect(written(-4, 3, 2, 1)).toBe("0.00");
    expect(written(-4, 3, 3, 1)).toBe("-0.004");
    expect(written(-999, 3, 0, 1)).toBe("0");
  });
  it("gives up leading zeros, then decimals, for the room there is", () => {
    expect(fitted(3932, 3, 3, 9, 12)).toBe("00000003.932");
    expect(fitted(3932, 3, 3, 9, 5)).toBe("3.932");
    expect(fitted(3932, 3, 3, 9, 4)).toBe("3.93");
    expect(fitted(3932, 3, 3, 9, 1)).toBe("3");
    expect(fitted(13932, 3, 3, 1, 1)).toBe("none");
    expect(fitted(-1, 3, 3, 1, 5)).toBe("0.00");
    expect(fitted(1, 0, 0, 1, -3)).toBe("none");
  });
  it("takes the columns that were foretold", () => {
    for (let value: i64 = -100000; value < 100000; value += 4567) {
      for (let decimals: u32 = 0; decimals <= 3; decimals++) {
        expect(textDecimalSize(value, 3, decimals, 2)).toBe(written(value, 3, decimals, 2).length);
      }
    }
  });
  it("never leaves the line", () => {
    let line = textBegin();
    store<u8>(line + LINE_SIZE, 0x7e);
    textColumn(14);
    for (let letter: u32 = 0x41; letter < 0x61; letter++) textPut(letter);
    expect(load<u8>(line + LINE_SIZE)).toBe(0x7e);
    expect(String.UTF8.decodeUnsafe(line, LINE_SIZE)).toBe("              AB");
    line = textBegin();
    textColumn(14);
    textDecimal(123456, 3, 3, 1);
    expect(String.UTF8.decodeUnsafe(line, LINE_SIZE)).toBe("              12");
  });
});
