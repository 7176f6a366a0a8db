// The command that makes a run again: what was typed, with the seed where it was left out, and without who else looks on: a broker's address
// has a password in it.

const OUTSIDE = /^--(web|mqtt|mqtt-ca)$/;

export function commandLine(words: readonly string[], seed: number): string {
  const isOutside = (word: string): boolean => word === "--no-web" || OUTSIDE.test(word.split("=")[0]);
  const own = words.filter((word, index) => !isOutside(word) && !OUTSIDE.test(words[index - 1] ?? ""));
  const all = own.some((word) => /^--seed(=|$)/.test(word)) ? own : [...own, "--seed", String(seed)];
  return ["npm start --", ...all.map(quoted)].join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
