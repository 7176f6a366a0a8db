// `npx tsx tests/ip/low_tshark_run.ts [count] [seed]`: as many packets, 10,000 of them, compressed and read by tshark and by us.

import { program } from "../../tools/words/program.ts";
import { compareLow, lowNode, Packets } from "./low_oracle.ts";

/** So that tshark's text fits in memory. */
const AT_A_TIME = 1000;

await program(import.meta.url, (words) => {
  const [count, seed] = [Number(words[0] ?? 10_000), words[1] ?? "1"];
  const node = lowNode();
  const packets = new Packets(seed);
  let equal = 0;
  for (let left = count; left > 0; left -= AT_A_TIME)
    equal += compareLow(
      node,
      Array.from({ length: Math.min(left, AT_A_TIME) }, (_, index) => (index % 2 ? packets.theirs() : packets.ours(node))),
    );
  process.stdout.write(`${count} packets, ${equal} fields, all read alike\n`);
});
