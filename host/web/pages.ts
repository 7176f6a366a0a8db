// The page: files of build/web, which the package's preparation makes (tools/page.ts).  Read once, when the server is made.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { ROOT } from "../modules.ts";

export const PAGES = join(ROOT, "build/web");
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

export interface PageFile {
  type: string;
  octets: Buffer;
}

export class Pages {
  private readonly files = new Map<string, PageFile>();

  constructor() {
    for (const name of existsSync(PAGES) ? readdirSync(PAGES) : []) {
      const type = TYPES[extname(name)];
      if (type) this.files.set(`/${name}`, { type, octets: readFileSync(join(PAGES, name)) });
    }
    const first = this.files.get("/index.html");
    if (first) this.files.set("/", first);
  }

  get(path: string): PageFile | undefined {
    return this.files.get(path);
  }
}
