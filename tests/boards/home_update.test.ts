// A display on an emulated board is updated over the air by the hub, which runs in this process, while metering goes on.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, test } from "node:test";
import { ensureBuilt } from "../../host/build/built.ts";
import { BoardDevice } from "../../host/home/board_device.ts";
import { type Builder, deviceBuilder } from "../../host/home/devices.ts";
import type { EventLine } from "../../host/home/events.ts";
import { deviceFirmware } from "../../host/home/firmware.ts";
import { Home, type HomeOptions } from "../../host/home/home.ts";
import { Keyring } from "../../host/home/keyring.ts";
import { Pacer } from "../../host/home/pacer.ts";
import { DEFAULT_PLAN, onBoards } from "../../host/home/plan.ts";
import { updatesRead } from "../../host/home/update_file.ts";
import { Encoding } from "../../host/image/manifest.ts";
import { loadRead } from "../../host/load/file.ts";
import { DEFAULT_HOUSEHOLD } from "../../host/load/household.ts";
import { optionsParse } from "../../tools/home/options.ts";
import { FOLDER, packageOf, saved } from "../home/update_kit.ts";

/**
 * Far more than it takes where the emulator has a core: a busy machine is slow, not wrong.  In the simulation's time, which falls behind the
 * wall's when the machine cannot keep up.
 */
const DURATION_S = 900;
const CUTS = 3;

type Said = EventLine & Record<string, unknown>;

before(() => ensureBuilt(() => {}));
after(() => rmSync(FOLDER, { recursive: true, force: true }));

/** Runs a home in real time until its display has confirmed 0.2.0; answers what the display said. */
async function updateDisplay(
  file: string,
  more: string[],
  build: (builder: Builder) => Promise<HomeOptions["build"]>,
  heard: (said: Said, display: BoardDevice, enter: HomeOptions["enter"]) => void = () => {},
): Promise<Said[]> {
  const words = ["--boards", "--json", "--duration", `${DURATION_S}s`, "--update", `ihd=${file}`, ...more];
  const options = optionsParse(words, { folder: process.cwd(), terminal: false, write: () => {} });
  const plan = onBoards(DEFAULT_PLAN);
  const builder = await deviceBuilder(options, plan, () => {});
  const make = await build(builder);
  const own: Said[] = [];
  let display: BoardDevice | undefined;
  let pacer: Pacer | undefined;
  const enter = (action: () => void): void => (pacer ? pacer.enter(action) : action());
  const home = new Home({
    plan,
    seed: 1,
    suite: 2,
    load: loadRead(DEFAULT_HOUSEHOLD),
    enter,
    keyring: new Keyring(),
    tell: (event) => {
      if (event.device !== "ihd") return;
      own.push(event as Said);
      if (display) heard(event as Said, display, enter);
    },
    updates: updatesRead(options.updates),
    updateAtMs: options.updateAtMs,
    build: (...parts) => {
      const device = make(...parts);
      if (device instanceof BoardDevice && device.id === "ihd") display = device;
      return device;
    },
  });
  pacer = new Pacer(home, 1, DURATION_S * 1_000_000);
  const done = (): boolean => own.some(({ event, status, running }) => event === "update" && status === "activated" && running === "0.2.0");
  try {
    home.start();
    await pacer.run(done, async () => {});
  } finally {
    home.close();
    await builder.close();
  }
  assert.ok(done(), `not updated within ${DURATION_S} s: ${JSON.stringify(own.slice(-8))}`);
  return own;
}

const boots = (own: Said[]): unknown[][] => own.filter(({ event }) => event === "boot").map(({ version, trial }) => [version, trial]);
const confirmations = (own: Said[]): number => own.filter(({ event, step }) => event === "health" && step === "confirmed").length;

test("a display's update over the air survives power cuts in the download and on trial", async () => {
  let cuts = 0;
  const replug = async (board: BoardDevice, enter: HomeOptions["enter"]): Promise<void> => {
    cuts++;
    board.close();
    await board.board.gone();
    enter(() => board.powerOn());
  };
  const own = await updateDisplay(
    saved("ihd.ota", packageOf("ihd")),
    [],
    async (builder) => builder.build,
    ({ event, status, offset, size, trial }, display, enter) => {
      const loaded = event === "update" && status === "loading" ? (offset as number) / (size as number) : 0;
      const now = [loaded > 0.2, loaded > 0.6, event === "boot" && trial === true][cuts];
      if (now) void replug(display, enter);
    },
  );
  const last = JSON.stringify(own.slice(-8));
  assert.equal(cuts, CUTS, last);
  const [old, trial] = [
    ["0.1.0", false],
    ["0.2.0", true],
  ];
  assert.deepEqual(boots(own), [old, old, old, trial, trial], last);
  assert.equal(confirmations(own), 1, last);
  // Its keys are those of before: the link key was made once.
  assert.equal(own.filter(({ event, suite }) => event === "key" && suite !== 0).length, 1, last);
  assert.ok(own.filter(({ event }) => event === "reading").length >= 3, "metering went on");
});

test("a display that has lost both slots joins with its factory module and gets a whole one over the air", async () => {
  const boards: BoardDevice[] = [];
  const file = saved("ihd-compressed.ota", packageOf("ihd", { encoding: Encoding.Compressed }));
  // It shows no reading, so the home is told when to begin.
  const own = await updateDisplay(file, ["--update-at", "15s"], async (builder) => {
    const firmware = await deviceFirmware("ihd", () => {});
    return (row, factory, edge, site) => {
      if (row.id !== "ihd") return builder.build(row, factory, edge, site);
      const board = new BoardDevice({ row, firmware, factory, medium: site.medium, edge, enter: site.enter });
      boards.push(board);
      return board;
    };
  });
  await Promise.all(boards.map((board) => board.remove()));
  const last = JSON.stringify(own.slice(-8));
  assert.deepEqual(
    boots(own),
    [
      ["factory", false],
      ["0.2.0", true],
    ],
    last,
  );
  assert.equal(confirmations(own), 1, last);
});
