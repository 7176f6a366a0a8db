// Updates on emulated boards, with the power cut by killing the emulator.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { FileStatus, ImageReason, Role } from "../../host/abi.ts";
import { FLASH_SIZE, IMAGE_SLOT_SECTORS, STORE_SIZE } from "../../host/board/board.ts";
import { boardIdentity, buildFirmware } from "../../host/board/build.ts";
import { Encoding } from "../../host/image/manifest.ts";
import { packageBuild } from "../../host/image/package.ts";
import { updateModule, written } from "./probe_module.ts";
import { Command, type Release, UpdatingBoard } from "./updating.ts";

const KILLS = 50;
const BOARDS = 2;
/** Of a device's module; a plain one is smaller, because the console brings 20 kB a second at best. */
const PADDING = 40 * 1024;
const PLAIN_PADDING = 10 * 1024;
/** The emulator needs so long before the first instruction. */
const CUT_MIN_MS = 80;
const UPDATES_MIN = 5;
const SHORT_PHASES = ["begin", "finish", "activate", "reboot", "confirm"];
const SHORT_MS = 15;
const SECTOR = 4096;
const SLOT_HEAD = 2048;

let firmware: string;
let modules: Awaited<ReturnType<typeof updateModule>>;
const folders: string[] = [];

before(async () => {
  modules = await updateModule();
  const identity = boardIdentity(Role.Ihd);
  firmware = await buildFirmware({ name: "update-probe", wasm: written("update-factory", modules.of(0, 0)), identity });
});
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "kw-update-"));
  folders.push(path);
  return path;
}

const encodingOf = (version: number): number => [Encoding.Compressed, Encoding.Plain, Encoding.Delta][version % 3];
const moduleOf = (version: number): Buffer => modules.of(version, encodingOf(version) === Encoding.Plain ? PLAIN_PADDING : PADDING);

/** Releases of all three encodings, one after the other; a delta is against the release before. */
function release(version: number): Release {
  const encoding = encodingOf(version);
  const base = encoding === Encoding.Delta ? moduleOf(version - 1) : undefined;
  const wasm = moduleOf(version);
  return { version, file: packageBuild({ wasm, role: Role.Ihd, version, counter: version, encoding, base }) };
}

/** xorshift32: the moments of a failure repeat with its seed, as far as two clocks allow. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A sequence of updates with `kills` power cuts in it, and one more update in peace. */
async function torture(seed: number, kills: number): Promise<{ updates: number; where: string[] }> {
  const subject = new UpdatingBoard(firmware, folder());
  const next = random(seed);
  const where: string[] = [];
  let wanted = release(1);
  const go = async (): Promise<void> => {
    await subject.update(wanted);
    wanted = release(wanted.version + 1);
  };
  try {
    // How long a life with one update takes here and now.
    const begin = performance.now();
    await subject.life(null, go);
    const span = performance.now() - begin;
    while (where.length < kills) {
      // Every second one falls where the time is short and the harm could be great.
      const phase = where.length % 2 === 0 ? undefined : SHORT_PHASES[Math.floor(next() * SHORT_PHASES.length)];
      const afterMs = phase ? next() * SHORT_MS : CUT_MIN_MS + next() * span;
      const whole = await subject.life({ phase, afterMs }, async () => {
        for (;;) await go();
      });
      assert.equal(whole, false);
      where.push(subject.phase);
    }
    assert.equal(await subject.life(null, go), true);
    assert.equal(subject.confirmed, wanted.version - 1);
    return { updates: subject.confirmed, where };
  } catch (error) {
    throw new Error(
      `seed ${seed}, after ${where.length} power cuts (${where.join(" ")}), in ${subject.phase}: ${(error as Error).message}`,
    );
  } finally {
    await subject.board.close();
  }
}

test(`${KILLS} power cuts at any moment of a sequence of updates leave the old or the new release, its records and the way to the next`, async (t) => {
  const runs = await Promise.all(Array.from({ length: BOARDS }, (_, board) => torture(0x9e3779b9 + board, KILLS / BOARDS)));
  const places = new Map<string, number>();
  for (const place of runs.flatMap(({ where }) => where)) places.set(place, (places.get(place) ?? 0) + 1);
  t.diagnostic(
    `${runs.map(({ updates }) => updates).join(" and ")} updates; the power failed in ${[...places].map(([place, count]) => `${place} ${count}`).join(", ")}`,
  );
  for (const { updates } of runs) assert.ok(updates >= UPDATES_MIN, `${updates} updates were completed`);
  assert.ok((places.get("write") ?? 0) >= 5, "the power failed in downloads");
});

test("a trap, an endless loop and a power cut on trial are failed tries; after three the old release runs and says why", async () => {
  const subject = new UpdatingBoard(firmware, folder());
  const [old, bad] = [release(1), release(2)];
  try {
    await subject.life(null, async () => {
      await subject.update(old);
      await subject.load(bad);
      await subject.activate(bad);
      assert.deepEqual(await tries(subject), { running: 2, onTrial: true, tries: 2 });
      await subject.reboots(() => subject.tell(Command.Trap));
      assert.deepEqual(await tries(subject), { running: 2, onTrial: true, tries: 1 });
      await subject.reboots(() => subject.tell(Command.Loop));
      assert.deepEqual(await tries(subject), { running: 2, onTrial: true, tries: 0 });
    });
    await subject.life(null, async () => {
      const state = await subject.inspect();
      assert.deepEqual([state.running, state.onTrial], [1, false]);
      assert.deepEqual([state.status, state.reason, state.version], [FileStatus.ActivationFailed, ImageReason.NotConfirmed, 2]);
      // A better one of the same version may still come.
      await subject.update(bad);
    });
    assert.equal(subject.confirmed, 2);
  } finally {
    await subject.board.close();
  }
});

async function tries(subject: UpdatingBoard): Promise<{ running: number; onTrial: boolean; tries: number }> {
  const { running, onTrial, tries } = await subject.inspect();
  return { running, onTrial, tries };
}

test("a release whose flash has lost a bit is not run: the other slot's is, then the factory's, and updates go on from there", async () => {
  const subject = new UpdatingBoard(firmware, folder());
  const flip = (slot: number): void => {
    const flash = readFileSync(subject.board.flashPath);
    assert.equal(flash.length, FLASH_SIZE);
    flash[STORE_SIZE + (2 + slot * IMAGE_SLOT_SECTORS) * SECTOR + SLOT_HEAD + 9_000] ^= 4;
    writeFileSync(subject.board.flashPath, flash);
  };
  const running = async (): Promise<number[]> => {
    let found: number[] = [];
    await subject.life(null, async () => {
      const { running, reason } = await subject.state();
      found = [running, reason];
    });
    return found;
  };
  try {
    await subject.life(null, () => subject.update(release(1)));
    await subject.life(null, () =>
      subject.update({ ...release(2), file: packageBuild({ wasm: moduleOf(2), role: Role.Ihd, version: 2, counter: 1 }) }),
    );
    assert.equal((await running())[0], 2);
    // The first release went to slot A, the second to slot B.
    flip(1);
    assert.deepEqual(await running(), [1, ImageReason.Lost]);
    flip(0);
    assert.deepEqual(await running(), [0, ImageReason.Lost]);
    await subject.life(null, async () => {
      await subject.load(release(3));
      await subject.activate(release(3));
      assert.equal(await subject.ask(Command.Confirm, 1), 0);
    });
    assert.equal((await running())[0], 3);
  } finally {
    await subject.board.close();
  }
});
