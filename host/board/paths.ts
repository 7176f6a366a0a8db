// Where the emulated board's sources and products are.
import { join } from "node:path";
import { ROOT } from "../modules.ts";

export const COMMON = join(ROOT, "boards/common");
export const BOARD = join(ROOT, "boards/mps2-an386");
export const PRODUCTS = join(ROOT, "build/boards/mps2-an386");
