// Tables of docs/abi.md.

export const SOURCE = "docs/abi.md";

/** The rows of the first table after `heading`, cells trimmed, without its header. */
export function table(text: string, heading: string): string[][] {
  const from = text.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`${SOURCE}: there is no heading "${heading}"; put it back`);
  const lines = text.slice(from + heading.length + 2).split("\n");
  const first = lines.findIndex((line) => line.startsWith("|"));
  const rows: string[][] = [];
  for (const line of lines.slice(first + 2)) {
    if (!line.startsWith("|")) break;
    rows.push(
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
  }
  return rows;
}
