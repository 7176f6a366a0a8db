// What a boot costs on the emulated board: from the reset to a module of a slot that is verified and loaded.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Record as StoreRecord } from "../abi.ts";
import { Board } from "../board/board.ts";
import { install } from "../board/install.ts";
import { firstPackage } from "../home/machine.ts";
import { type DeviceRole, KINDS } from "../home/plan.ts";
import { addressOctets } from "../home/provision.ts";
import { developmentIdentity } from "../image/keys.ts";
import { builtPath } from "../modules.ts";

const VERSION = 0x0100_0000;
const ADDRESS = addressOctets(0x026b_7700_0000_0001n);
const BOOT_TIMEOUT_MS = 120_000;
/** More octets than a boot takes. */
const NOISE_SIZE = 16 << 10;

/** The noise of every measured boot: what tests it takes a few instructions more or fewer for each octet. */
function noise(): Buffer {
  const blocks = Array.from({ length: NOISE_SIZE / 32 }, (_, index) => createHash("sha256").update(String(index)).digest());
  return Buffer.concat(blocks);
}

/** Instructions of the second boot of a device as it is sold: nothing is written to its flash any more. */
export async function bootCost(role: DeviceRole, firmware: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "kw-boot-"));
  const source = join(folder, "noise");
  writeFileSync(source, noise());
  const board = new Board({ firmware, folder, countInstructions: true, settings: { noise: source } });
  try {
    const file = firstPackage(role, readFileSync(builtPath(KINDS[role].module)), VERSION);
    install(board, { identity: developmentIdentity(KINDS[role].image), address: ADDRESS, file });
    board.power();
    await board.provision(new Map([[StoreRecord.Address, ADDRESS]]));
    await board.expect("end of the boot", (line) => line.kind === "say" && line.text === "running", BOOT_TIMEOUT_MS);
    board.cut();
    await board.gone();
    const from = board.seen;
    board.power();
    let cost = Number.NaN;
    await board.expect(
      "cost of the boot",
      (line) => {
        const match = line.kind === "say" ? /^boot_instructions=(\d+)$/.exec(line.text) : null;
        if (match) cost = Number(match[1]);
        return match !== null;
      },
      BOOT_TIMEOUT_MS,
      from,
    );
    return cost;
  } finally {
    await board.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
