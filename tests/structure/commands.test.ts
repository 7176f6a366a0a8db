// What all commands have in common, on a list of all of them that nobody keeps: help, versions, guesses, required options, words for defaults.
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { ROOT } from "../../host/modules.ts";
import { programs } from "../../tools/kilowasm.ts";
import { at, commands, folder, here } from "../home/commands_kit.ts";

after(() => rmSync(folder, { recursive: true }));
const VERSION = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }).version;
const all = await commands();

test("there are all commands", () => {
  assert.ok(all.size >= 24, `${all.size}`);
  for (const known of ["home", "image serve", "image keygen certify", "trace diff", "vectors ota", "ca issue", "bench"])
    assert.ok(all.has(known), known);
});

test("-h and --help show the help of every command, with what is required and no default that is the program's own", async () => {
  for (const [name, command] of all) {
    for (const word of ["-h", "--help"]) {
      const { code, out, errors } = await here([...name.split(" "), word]);
      assert.deepEqual([code, errors], [0, ""], name);
      const text = out.replaceAll(/\s+/g, " ");
      assert.match(text, /Usage: /, name);
      for (const { long, mandatory, flags, description } of command.options) {
        const from = text.indexOf(flags);
        assert.ok(from >= 0, `${name} ${long}`);
        assert.ok(description.length > 0, `${name} ${long}`);
        const shown = text
          .slice(from)
          .replace(flags, "")
          .split(/ -\w, --| --[a-z-]+ (?=[<[])/)[0];
        if (mandatory) assert.match(shown, /\(required\)/, `${name} ${long}: ${shown}`);
      }
      assert.doesNotMatch(text, /\(default: (\[|\{|65536|512\b|true|false|"")/, name);
    }
  }
});

test("-v and --version show the version, of every group of commands", async () => {
  for (const words of [[], ...[...(await programs()).keys()].map((name) => [name])])
    for (const word of ["-v", "--version"]) {
      const { code, out, errors } = await here([...words, word]);
      assert.deepEqual([code, out, errors], [0, `${VERSION}\n`, ""], words.join(" "));
    }
});

test("a command or an option that is nearly right is guessed, and the exit code is that of wrong usage", async () => {
  const guessed = async (words: string[], guess: string): Promise<void> => {
    const { code, out, errors } = await here(words);
    assert.deepEqual([code, out], [2, ""], words.join(" "));
    assert.match(errors, /^kilowasm: [^\n]*; see --help\.\n$/, words.join(" "));
    assert.ok(errors.includes(`Did you mean ${guess}?`) || errors.includes(`Did you mean one of `), `${words.join(" ")}: ${errors}`);
  };
  const shorter = (word: string): string => word.slice(0, -1);
  for (const [name, command] of all) {
    const words = name.split(" ");
    const last = words.pop() as string;
    if (last.length > 3) await guessed([...words, shorter(last)], last);
    for (const { long } of command.options) {
      const known = command.options.map((option) => option.long);
      if (long && long.length > 6 && !known.includes(shorter(long))) await guessed([...name.split(" "), shorter(long)], long);
    }
  }
});

test("what is no command and no argument of one is told of", async () => {
  for (const name of all.keys()) {
    const { code, out, errors } = await here([...name.split(" "), ...Array.from({ length: 9 }, () => at("text"))]);
    if (name === "image serve") continue; // takes files, and is told what they are
    assert.deepEqual([code, out], [2, ""], name);
    assert.match(errors, /^kilowasm: [^\n]+\.\n$/, name);
  }
});

test("a group without a command shows its help, and a required option that is missing is named", async () => {
  for (const [name, command] of await programs()) {
    if (command.commands.length === 0) continue;
    const { code, out, errors } = await here([name]);
    assert.equal(code, 2, name);
    assert.match(out + errors, /Commands:/, name);
  }
  for (const [name, command] of all) {
    if (!command.options.some(({ mandatory }) => mandatory)) continue;
    const { code, errors } = await here([...name.split(" "), ...command.registeredArguments.map(() => at("text"))]);
    assert.equal(code, 2, name);
    assert.match(errors, /^kilowasm: required option '[^']+' not specified; see --help\.\n$/, name);
  }
});

test("a day that there is not is no time, in every option that takes one", async () => {
  const dates = [...all].flatMap(([name, { options }]) =>
    options.filter(({ flags }) => /<time>/.test(flags)).map(({ long }) => `${name} ${long}`),
  );
  for (const place of dates) {
    const [name, option] = [place.slice(0, place.lastIndexOf(" ")), place.slice(place.lastIndexOf(" ") + 1)];
    for (const word of [
      "2026-02-30",
      "2026-02-29",
      "2026-13-01",
      "2026-04-31T10:00:00Z",
      "2026-01-01T24:00:00Z",
      "0s",
      "-1s",
      "never",
      "",
    ]) {
      const { code, out, errors } = await here([...name.split(" "), option, word]);
      assert.deepEqual([code, out], [2, ""], `${place} ${word}`);
      assert.match(errors, /^kilowasm: [^\n]* takes a time [^\n]*\.\n$/, `${place} ${word}`);
    }
  }
  assert.ok(dates.length >= 4);
});
