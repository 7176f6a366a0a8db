// `npm run layers`: the layers of the stack, which the imports are held to (tests/structure/imports.test.ts), drawn into docs/layers.svg.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../host/modules.ts";
import { program } from "./words/program.ts";

/** A folder imports only from earlier rows.  Siblings share a row and do not know each other. */
export const LAYERS = [
  ["core"],
  ["crypto", "model"],
  ["mac"],
  ["zigbee", "ip"],
  ["sep1", "sep2"],
  ["upgrade"],
  ["application"],
  ["bridge"],
  ["devices"],
] as const satisfies readonly (readonly string[])[];
export type Layer = (typeof LAYERS)[number][number];

/** What a layer may know is less than what lies to its left: an update knows no protocol, its device tells it where it stands. */
export const ONLY: Record<string, string[]> = { upgrade: ["core", "model"] };

export const LAYERS_PICTURE = "docs/layers.svg";

const WORDS: Record<Layer, string> = {
  core: "imports of the board, errors, logs",
  crypto: "curves, certificates, agreement",
  model: "registers, prices, time, updates",
  mac: "IEEE 802.15.4 frames, scan, join",
  zigbee: "NWK, APS, ZDO, ZCL, trust centre",
  ip: "ZigBee IP",
  sep1: "Smart Energy 1.x: clusters, faces",
  sep2: "Smart Energy 2.0",
  upgrade: "trial, health, activation",
  application: "what hub, meter and display do",
  bridge: "one protocol to the other",
  devices: "one entry file a module",
};

const [CELL, ROW, GAP, MARGIN, INK_LINE] = [300, 46, 10, 20, 18];
const ARROW = 60;

/** One layer's box, dashed where the folder is planned and not yet there. */
function box(name: Layer, x: number, y: number, width: number, present: boolean): string {
  const middle = x + width / 2;
  const only = ONLY[name] ? ` (imports ${ONLY[name].join(", ")} only)` : "";
  return [
    `<rect class="${present ? "box" : "box planned"}" x="${x}" y="${y}" width="${width}" height="${ROW}" rx="6"/>`,
    `<text class="name" x="${middle}" y="${y + INK_LINE + 1}">${name}</text>`,
    `<text class="words" x="${middle}" y="${y + 2 * INK_LINE}">${WORDS[name]}${only}${present ? "" : ", planned"}</text>`,
  ].join("\n");
}

/** Devices are at the top, so that calls go down. */
export function layersPicture(isPresent: (name: Layer) => boolean): string {
  const inner = 2 * CELL + GAP;
  const width = inner + 2 * MARGIN + ARROW;
  const height = LAYERS.length * (ROW + GAP) - GAP + 2 * MARGIN;
  const rows = [...LAYERS].reverse().flatMap((names, row) => {
    const one = (inner - (names.length - 1) * GAP) / names.length;
    return names.map((name, index) => box(name, MARGIN + index * (one + GAP), MARGIN + row * (ROW + GAP), one, isPresent(name)));
  });
  const [x, end] = [width - MARGIN - ARROW / 3, height - MARGIN];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>The layers of the stack: a folder imports from those below it</title>
<style>
.ground { fill: #ffffff } .box { fill: #e8eef6; stroke: #5a7394 } .planned { fill: none; stroke-dasharray: 5 4 }
.name { fill: #16202c; font-size: 16px; font-weight: bold } .words { fill: #46566b; font-size: 13px }
.way { fill: none; stroke: #5a7394; stroke-width: 2 }
text { font-family: Helvetica, Arial, sans-serif; text-anchor: middle }
@media (prefers-color-scheme: dark) {
.ground { fill: #1c1f26 } .box { fill: #2b3442; stroke: #88a4c8 } .planned { fill: none }
.name { fill: #f0f4fa } .words { fill: #b4c0d0 } .way { stroke: #88a4c8 }
}
</style>
<rect class="ground" width="100%" height="100%" rx="8"/>
${rows.join("\n")}
<path class="way" d="M${x} ${MARGIN} V${end} m-7 -12 l7 12 l7 -12"/>
<text class="words" transform="translate(${x - 10} ${height / 2}) rotate(-90)">calls and imports go down</text>
</svg>
`;
}

export const layerPresent = (name: string): boolean => existsSync(join(ROOT, "assembly", name));

await program(import.meta.url, () => writeFileSync(join(ROOT, LAYERS_PICTURE), layersPicture(layerPresent)));
