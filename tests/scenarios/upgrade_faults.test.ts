// Changes to phase 2 under faults, a seed each; `npm run upgrades 1000` runs more of them.
import { test } from "node:test";
import { faults } from "./upgrade_faults.ts";
import { UpgradeHome } from "./upgrade_home.ts";

const SEEDS = 24;

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`seed ${seed}: after the calm the whole home is on phase 2, and nothing that was measured is lost`, () => {
    const home = new UpgradeHome(seed);
    faults(home);
    home.close();
  });
}
