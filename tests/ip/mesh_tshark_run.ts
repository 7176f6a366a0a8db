// `npx tsx tests/ip/mesh_tshark_run.ts [count] [seed]`: as many messages of ND, RPL and MPL, 10,000 of them, read by tshark and by us.

import { program } from "../../tools/words/program.ts";
import { Parsers } from "./mesh_lab.ts";
import { compare, Messages } from "./mesh_oracle.ts";

/** So that tshark's text fits in memory. */
const AT_A_TIME = 1000;

await program(import.meta.url, (words) => {
  const [count, seed] = [Number(words[0] ?? 10_000), words[1] ?? "1"];
  const parsers = new Parsers();
  const messages = new Messages(seed);
  let equal = 0;
  for (let left = count; left > 0; left -= AT_A_TIME)
    equal += compare(
      parsers,
      Array.from({ length: Math.min(left, AT_A_TIME) }, () => messages.next()),
    );
  process.stdout.write(`${count} messages, ${equal} fields, all read alike\n`);
});
