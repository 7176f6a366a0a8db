// `npm run upgrades`: changes to phase 2 under faults, 1,000 or as many as the first word says from the seed of the second.
import { program } from "../../tools/words/program.ts";
import { faults } from "./upgrade_faults.ts";
import { UpgradeHome } from "./upgrade_home.ts";

await program(
  import.meta.url,
  (words) => {
    const [count = 1000, first = 1] = words.map(Number);
    const failed: number[] = [];
    const began = performance.now();
    for (let index = 0; index < count; index++) {
      const home = new UpgradeHome(first + index);
      try {
        faults(home);
      } catch (error) {
        failed.push(first + index);
        process.stderr.write(`${(error as Error).message}\n`);
      }
      home.close();
      if ((index + 1) % 10 === 0) {
        const left = ((performance.now() - began) / (index + 1)) * (count - index - 1);
        process.stderr.write(`${index + 1} of ${count} homes, ${failed.length} not changed, ${(left / 1000).toFixed(0)} s to go\n`);
      }
    }
    process.stdout.write(`${count - failed.length} of ${count} homes are on phase 2 after the calm\n`);
    if (failed.length > 0) process.stdout.write(`not changed: seeds ${failed.join(", ")}\n`);
    process.exitCode = failed.length > 0 ? 1 : 0;
  },
  { unread: true },
);
