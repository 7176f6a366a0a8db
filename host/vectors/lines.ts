// Vectors of one JSON object a line; lines that begin with # are comments.

import { BadVectors, isVector, type Vector } from "./report.ts";

/** What `take` makes of each line, given its number; `what` they are called where there are none. */
export function linesOf<T>(text: string, what: string, take: (vector: Vector, number: number) => T): T[] {
  const taken: T[] = [];
  text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .forEach((line, index) => {
      if (line.trim() === "" || line.startsWith("#")) return;
      taken.push(take(parseLine(line, index + 1), index + 1));
    });
  if (taken.length === 0) throw new BadVectors(`it has no ${what}`);
  return taken;
}

function parseLine(line: string, number: number): Vector {
  let content: unknown;
  try {
    content = JSON.parse(line);
  } catch (error) {
    throw new BadVectors(`line ${number} is not JSON: ${(error as Error).message}`);
  }
  if (!isVector(content)) throw new BadVectors(`line ${number} is JSON, but not an object`);
  return content;
}
