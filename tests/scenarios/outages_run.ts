// `npm run outages`: the table of docs/outages.md, a row as soon as it is known.  Words of outages or spans pick some of them.

import { program } from "../../tools/words/program.ts";
import { OUTAGES, type Outage, outage, SPANS } from "./outages.ts";

await program(
  import.meta.url,
  (words) => {
    const picked = <Name extends string>(names: Name[]): Name[] => {
      const some = names.filter((name) => words.includes(name));
      return some.length > 0 ? some : names;
    };
    const spans = picked(Object.keys(SPANS) as (keyof typeof SPANS)[]);

    function cell(kind: Outage, span: keyof typeof SPANS): string {
      try {
        const seconds = Math.round(outage(kind, SPANS[span]) / 1000);
        return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
      } catch (error) {
        process.stderr.write(`${(error as Error).message}\n`);
        process.exitCode = 1;
        return "not healed";
      }
    }

    process.stdout.write(`| outage | ${spans.join(" | ")} |\n|---|${spans.map(() => "---").join("|")}|\n`);
    for (const kind of picked(Object.keys(OUTAGES) as Outage[])) {
      process.stdout.write(`| ${kind} |`);
      for (const span of spans) process.stdout.write(` ${cell(kind, span)} |`);
      process.stdout.write("\n");
    }
  },
  { unread: true },
);
