// `npm run foreign -- 24 141`: so many simulated hours of our meter and our display behind zigbee-on-host, and the seed.
import { program } from "../../tools/words/program.ts";
import { foreignDay } from "./foreign/day.ts";
import { missing } from "./foreign/outside.ts";

await program(
  import.meta.url,
  async (words) => {
    const [hours = 24, seed = 141] = words.map(Number);
    if (missing) throw new Error(missing);
    const { cpuMs, ...day } = await foreignDay("foreign-day", { seed }, hours);
    const figures = Object.entries(day).map(([name, value]) => `${name} ${value}`);
    console.log(figures.join(", "));
    console.log(`${(cpuMs / 1000).toFixed(1)} s of this processor, besides zigbee-on-host's own`);
    process.exit(0);
  },
  { unread: true },
);
