import { compile } from "/work/main/tools/build.ts";
import { writeFileSync } from "node:fs";
process.chdir("/tmp/as");
for (const n of ["hub_sep1","meter_sep1","ihd_sep1"]) { const r = await compile(`assembly/devices/${n}.ts`, n); writeFileSync(`/tmp/as/${n}.wasm`, r.wasm); console.log(n, r.wasm.length, r.memory); }
