import { constant, constantString, constantText } from "../../assembly/core/constants";
import { constantRead } from "../../assembly/core/host";

const NUMBERS = constant<u32>([7, 0x1234_5678]);
const WORDS = constantText("in flash");
const room = memory.data(32);

describe("a constant table", () => {
  it("is read in pieces", () => {
    expect(constantRead(NUMBERS + 4, room, 4)).toBe(4);
    expect(load<u32>(room)).toBe(0x1234_5678);
  });
  it("gives a counted string with its size", () => {
    expect(constantString(WORDS, room, 9)).toBe(9);
    expect(String.UTF8.decodeUnsafe(room + 1, load<u8>(room))).toBe("in flash");
  });
  it("does not go beyond the room for a string", () => {
    expect(() => { constantString(WORDS, room, 8); }).toThrow("the string is larger");
  });
});
