// The page of web/, as a browser takes it: build/web/index.html, main.js, main.css.  Made when the package is prepared; Node alone serves it.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { MISSING, readFont } from "../board/font.ts";
import { ROOT } from "../modules.ts";

const WEB = join(ROOT, "web");
export const PAGE = join(ROOT, "build/web");

/** A moment's work: it is always made anew. */
export async function ensurePage(): Promise<void> {
  const font = { 0: MISSING, ...Object.fromEntries(readFont()) };
  mkdirSync(PAGE, { recursive: true });
  await build({
    entryPoints: [join(WEB, "main.tsx")],
    outdir: PAGE,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome111", "firefox113", "safari16.4"],
    jsx: "automatic",
    jsxImportSource: "preact",
    define: { FONT: JSON.stringify(font) },
    legalComments: "eof",
    logLevel: "silent",
  });
  copyFileSync(join(WEB, "index.html"), join(PAGE, "index.html"));
}
