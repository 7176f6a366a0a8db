// `npm run foreign -- 24 141`: so many simulated hours of our meter and our display behind zigbee-on-host, and the seed.
import { foreignDay } from "./foreign/day.ts";
import { missing } from "./foreign/outside.ts";

const [hours = 24, seed = 141] = process.argv.slice(2).map(Number);
if (missing) {
  console.error(missing);
  process.exit(1);
}
const { cpuMs, ...day } = await foreignDay("foreign-day", { seed }, hours);
console.log(
  Object.entries(day)
    .map(([name, value]) => `${name} ${value}`)
    .join(", "),
);
console.log(`${(cpuMs / 1000).toFixed(1)} s of this processor, besides zigbee-on-host's own`);
process.exit(0);
