// The board's font: pictures in boards/mps2-an386/font.txt, columns for the display controller.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BOARD } from "./paths.ts";

const ROWS = 8;
const COLUMNS = 5;
/** What stands for a character that the font lacks: a box. */
export const MISSING: readonly number[] = [0x7f, 0x41, 0x41, 0x41, 0x7f];

/** By ISO 8859-1 code: five columns from the left, bit 0 on top. */
export type Font = Map<number, number[]>;

/** A band is a line of codes and eight lines of pictures, all glyphs side by side. */
export function parseFont(text: string): Font {
  const font: Font = new Map();
  const lines = text.trimEnd().split("\n");
  for (let at = 0; at < lines.length; at += ROWS + 1) {
    const codes = lines[at].trim().split(/\s+/);
    const pictures = lines.slice(at + 1, at + 1 + ROWS).map((line) => line.split(" "));
    codes.forEach((code, index) => {
      const columns = Array.from({ length: COLUMNS }, (_, x) =>
        pictures.reduce((bits, row, y) => bits | (row[index][x] === "#" ? 1 << y : 0), 0),
      );
      font.set(Number.parseInt(code, 16), columns);
    });
  }
  return font;
}

export function readFont(): Font {
  return parseFont(readFileSync(join(BOARD, "font.txt"), "latin1"));
}

/** The font as a C header, codes in rising order. */
export function fontHeader(font: Font): string {
  const codes = [...font.keys()].sort((a, b) => a - b);
  const glyph = (columns: readonly number[]): string =>
    `{ ${columns.map((bits) => `0x${bits.toString(16).padStart(2, "0")}`).join(", ")} }`;
  return [
    "// Written by host/board/font.ts from font.txt.",
    "#include <stdint.h>",
    `#define FONT_COUNT ${codes.length}u`,
    `static const uint8_t font_codes[FONT_COUNT] = { ${codes.join(", ")} };`,
    `static const uint8_t font_columns[FONT_COUNT][${COLUMNS}] = {`,
    ...codes.map((code) => `    ${glyph(font.get(code) ?? MISSING)},`),
    "};",
    `static const uint8_t font_missing[${COLUMNS}] = ${glyph(MISSING)};`,
    "",
  ].join("\n");
}
