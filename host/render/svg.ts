// A picture of the live view: its lines as text in an SVG, with the colours of a dark terminal.
import { SGR } from "./text.ts";

const CELL = 9;
const LINE = 19;
const MARGIN = 16;
const GROUND = "#1c1f26";
const INK = "#d8dee9";
/** SGR numbers as `colourful` writes them. */
const INKS: Record<string, string> = { "1": "#ffffff", "2": "#7b8495", "32": "#a3be8c", "33": "#ebcb8b", "36": "#88c0d0", "31": "#e07a84" };

export function svg(lines: readonly string[], columns: number): string {
  const [width, height] = [columns * CELL + 2 * MARGIN, lines.length * LINE + 2 * MARGIN];
  const body = lines.map((line, row) => `<text xml:space="preserve" y="${MARGIN + row * LINE + 14}">${spans(line)}</text>`).join("\n");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="100%" height="100%" rx="8" fill="${GROUND}"/>`,
    `<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="15" fill="${INK}">`,
    body,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** Each run of one ink starts at its own column, so that a font's width does not matter. */
function spans(line: string): string {
  let ink = INK;
  let column = 0;
  let out = "";
  for (const part of line.split(SGR)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
    const code = /^\x1b\[([0-9]*)m$/.exec(part);
    if (code) {
      ink = INKS[code[1]] ?? INK;
      continue;
    }
    const letters = [...part];
    if (part.trim())
      out += `<tspan x="${MARGIN + column * CELL}" textLength="${letters.length * CELL}" fill="${ink}">${escaped(part)}</tspan>`;
    column += letters.length;
  }
  return out;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
