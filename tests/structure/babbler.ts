// A program for programs.test.ts: says more than a pipe holds, and ends as its words want.
import { setTimeout } from "node:timers/promises";
import { InputError } from "../../host/files/input_error.ts";
import { program } from "../../tools/words/program.ts";

const LINES = 2000;

await program(
  import.meta.url,
  async ([what, code]) => {
    if (what === "fail") throw new Error("the disk of all disks");
    if (what === "usage") throw new InputError("there is no such word");
    if (what === "fault") throw new TypeError("not what it should be");
    for (let line = 0; line < LINES; line++) console.log("word ".repeat(20));
    await setTimeout(20); // what is lost is told later
    return Number(code);
  },
  { unread: process.argv[2] === "judge" },
);
