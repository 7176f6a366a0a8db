// Text with ink: SGR sequences that take no column.

export type Ink = "bold" | "dim" | "green" | "yellow" | "cyan" | "red";
export type Painter = (ink: Ink, text: string) => string;

const CODES: Record<Ink, string> = { bold: "1", dim: "2", green: "32", yellow: "33", cyan: "36", red: "31" };
const ESCAPE = "\x1b[";
/** Matches one SGR sequence, which takes no column. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
export const SGR = /(\x1b\[[0-9;]*m)/;

export const colourful: Painter = (ink, text) => (text ? `${ESCAPE}${CODES[ink]}m${text}${ESCAPE}0m` : text);
export const plain: Painter = (_, text) => text;

/** Cuts to `columns` visible characters.  Every character that the view draws takes one column. */
export function fit(text: string, columns: number): string {
  let visible = 0;
  let out = "";
  for (const piece of text.split(SGR)) {
    if (piece.startsWith(ESCAPE)) {
      out += piece;
      continue;
    }
    const letters = [...piece];
    out += letters.slice(0, Math.max(0, columns - visible)).join("");
    visible += letters.length;
  }
  return out;
}
