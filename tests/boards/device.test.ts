// A module on the emulated board: what it can do, and what the board does when it does what it must not.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  EVENT_HANDLE,
  EVENT_HEAD,
  EVENT_KIND,
  EVENT_SIZE,
  EVENT_STATUS,
  EventKind,
  Log,
  RadioParameter,
  Record,
  ResetReason,
} from "../../host/abi.ts";
import { Medium } from "../../host/air/medium.ts";
import { Radio } from "../../host/air/radio.ts";
import { Board } from "../../host/board/board.ts";
import { buildFirmware } from "../../host/board/build.ts";
import type { ConsoleLine } from "../../host/board/console.ts";
import { compile } from "../../host/build/built.ts";
import { moduleHash } from "../../host/function_names.ts";
import { ROOT } from "../../host/modules.ts";
import { serveCoprocessor } from "../../host/spinel/coprocessor.ts";
import { hdlcEncode } from "../../host/spinel/hdlc.ts";
import { probeModule } from "./probe_module.ts";

const Command = { Count: 1, Show: 2, Send: 3, Sense: 4, Loop: 5, Trap: 6, Halt: 7, Recurse: 8, Outside: 9, Random: 10, Echo: 0x7f };
const HEARD = 100;
const SENT = 101;
const MEASURED = 102;
const ADDRESS = Buffer.from("0807060504030201", "hex");

let firmware: string;
let folders: string[] = [];

before(async () => {
  firmware = await buildFirmware({ name: "probe", wasm: await probeModule() });
});
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders = [];
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "kw-device-"));
  folders.push(path);
  return path;
}

function event(kind: number, payload: Uint8Array | number[]): Buffer {
  const head = Buffer.alloc(EVENT_HEAD);
  head[EVENT_KIND] = kind;
  head.writeUInt16LE(payload.length, EVENT_SIZE);
  return Buffer.concat([head, Buffer.from(payload)]);
}

const uplink = (...octets: number[]): Buffer => event(EventKind.Uplink, octets);
const isSay =
  (text: string) =>
  (line: ConsoleLine): boolean =>
    line.kind === "say" && line.text.startsWith(text);
const isLog =
  (code: number) =>
  (line: ConsoleLine): boolean =>
    line.kind === "log" && line.code === code;

/** A board with an address whose module has started, for as long as `use` runs. */
async function withBoard(
  use: (board: Board) => Promise<void>,
  options: Partial<ConstructorParameters<typeof Board>[0]> = {},
): Promise<void> {
  const board = new Board({ firmware, folder: folder(), ...options });
  try {
    board.power();
    await board.provision(new Map([[Record.Address, ADDRESS]]));
    await started(board, ResetReason.PowerOn);
    await use(board);
  } finally {
    await board.close();
  }
}

async function started(board: Board, reason: number, from = 0): Promise<void> {
  const line = await board.expect("start", isLog(Log.Started), 20_000, from);
  assert.equal(line.kind === "log" && line.octets.readUInt32LE(), reason);
}

/** The uplink line that follows a command. */
async function answerTo(board: Board, ...octets: number[]): Promise<Buffer> {
  const from = board.seen;
  assert.equal(await board.push(uplink(...octets)), 0);
  const line = await board.expect("uplink", (each) => each.kind === "uplink", 5_000, from);
  return line.kind === "uplink" ? line.octets : Buffer.alloc(0);
}

test("a module starts, takes events and answers", async () => {
  await withBoard(async (board) => {
    assert.deepEqual(await answerTo(board, Command.Echo, 1, 2, 3), Buffer.from([Command.Echo, 1, 2, 3]));
    const first = await answerTo(board, Command.Random);
    const second = await answerTo(board, Command.Random);
    assert.equal(first.length, 32);
    assert.notDeepEqual(first, second);
    assert.equal(await board.push(uplink(Command.Sense)), 0);
    await board.expect("wish for measurements", (line) => line.kind === "sense" && line.quantity === 1 && line.periodMs === 1000);
    assert.equal(await board.push(event(EventKind.Measured, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])), 0);
    const from = board.seen;
    assert.equal(await board.command("M"), 0);
    await board.expect("what it dropped", isSay("drops"), 5_000, from);
    const measured = await board.expect("measurement", isLog(MEASURED));
    assert.deepEqual(measured.kind === "log" && [...measured.octets], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  });
});

test("the console cannot play the radio, nor push what is no event, nor rewrite the factory's records", async () => {
  await withBoard(async (board) => {
    assert.equal(await board.push(event(EventKind.RadioReceived, [1, 2, 3])), -4);
    assert.equal(await board.push(event(77, [])), -4);
    assert.equal(await board.push(event(EventKind.Uplink, []).subarray(0, 15)), -1);
    assert.equal(await board.push(uplink(...new Array(265).fill(0))), -2);
    assert.equal(await board.command(`W ${Record.Address} 1111111111111111`), -4);
  });
});

test("the display shows a line of ISO 8859-1", async () => {
  await withBoard(async (board) => {
    const before = await board.pixels();
    assert.equal(before.flat().filter(Boolean).length, 0);
    assert.equal(await board.push(uplink(Command.Show, 1, ...Buffer.from("\xa3 0.42", "latin1"))), 0);
    await board.expect("display", (line) => line.kind === "display" && line.line === 1 && line.text.toString("latin1") === "\xa3 0.42");
    const lit = await board.pixels();
    assert.equal(lit.slice(0, 8).flat().filter(Boolean).length, 0);
    assert.ok(lit.slice(8).flat().filter(Boolean).length > 20);
  });
});

test("what was stored survives power cuts, and the address is asked for once", async () => {
  await withBoard(async (board) => {
    assert.deepEqual(await answerTo(board, Command.Count), Buffer.from([1, 0, 0, 0]));
    for (let count = 2; count < 6; count++) {
      board.cut();
      await board.gone();
      const from = board.seen;
      board.power();
      await started(board, ResetReason.PowerOn, from);
      assert.ok(!board.lines.slice(from).some(isSay("no address")));
      assert.deepEqual(await answerTo(board, Command.Count), Buffer.from([count, 0, 0, 0]));
    }
  });
});

test("a write cut at any instant leaves the old count or the new one", async () => {
  await withBoard(async (board) => {
    let count = 0;
    for (let round = 0; round < 6; round++) {
      const from = board.seen;
      for (let write = 0; write < 8; write++) board.push(uplink(Command.Count)).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 1 + round * 3));
      board.cut();
      await board.gone();
      const told = board.lines.slice(from).filter((line) => line.kind === "uplink").length;
      const again = board.seen;
      board.power();
      await started(board, ResetReason.PowerOn, again);
      const now = (await answerTo(board, Command.Count)).readUInt32LE() - 1;
      assert.ok(now >= count + told && now <= count + 8, `${now} after ${count} and ${told} answered writes`);
      count = now + 1;
    }
  });
});

/** The function that a board names when it says that the module stopped, as the compiler called it. */
async function placeOf(line: ConsoleLine): Promise<string | undefined> {
  const { wasm, names } = await compile("tests/labs/boards/probe.ts", undefined);
  const place = / in function (\d+) of module ([0-9a-f]{16})$/.exec(line.kind === "say" ? line.text : "");
  if (!place) return undefined;
  assert.equal(place[2], moduleHash(wasm));
  return names.get(Number(place[1]))?.replace(/.*\//, "");
}

for (const [name, command, reason, word, place] of [
  ["an endless loop is ended by the watchdog", Command.Loop, ResetReason.Watchdog, "kilowasm on mps2-an386, reset by watchdog"],
  ["a trap reboots", Command.Trap, ResetReason.Trap, "the module stopped:", "obey"],
  ["endless recursion traps before it meets the guard", Command.Recurse, ResetReason.Trap, "the module stopped:", "recurse"],
  ["a pointer out of the module's memory traps", Command.Outside, ResetReason.Trap, "the module stopped:", "obey"],
  ["halt reboots", Command.Halt, ResetReason.Halt, "the module halts"],
] as const) {
  test(`${name}, and the next start is told`, async () => {
    await withBoard(async (board) => {
      const from = board.seen;
      assert.equal(await board.push(uplink(command)), 0);
      assert.equal(await placeOf(await board.expect("last word", isSay(word))), place);
      await started(board, reason, from);
      const words = board.lines.slice(from).filter((line) => line.kind === "say");
      // No fault of the processor was involved.
      assert.ok(!words.some((line) => line.kind === "say" && /cfsr (?!00000000)/.test(line.text)), JSON.stringify(words));
      assert.deepEqual(await answerTo(board, Command.Echo), Buffer.from([Command.Echo]));
    });
  });
}

test("the radio sends, is acknowledged, receives, and is set up again after its own reset", async () => {
  const medium = new Medium({ seed: 7 });
  const begin = performance.now();
  const catchUp = (): void => medium.clock.runUntil(Math.floor((performance.now() - begin) * 1000));
  const pace = setInterval(catchUp, 1);
  const heard: Buffer[] = [];
  const partner = new Radio(medium, { id: "partner" });
  partner.onReceived = (psdu) => heard.push(Buffer.from(psdu));
  for (const [parameter, value] of [
    [RadioParameter.Channel, 11n],
    [RadioParameter.PanId, 0x1234n],
    [RadioParameter.ShortAddress, 0x0001n],
    [RadioParameter.Receive, 1n],
  ] as const) {
    partner.set(parameter, value);
  }
  let stream: Socket | undefined;
  let coprocessor: ReturnType<typeof serveCoprocessor> | undefined;
  const onRadio = (socket: Socket): void => {
    stream = socket;
    coprocessor = serveCoprocessor(medium, socket, {
      id: "board",
      enter: (action) => {
        catchUp();
        action();
      },
    });
  };
  // Data, acknowledgement wanted, PAN compressed, short addresses: 0x5678 and 0x0001.
  const frame = (target: number, source: number, sequence: number): number[] => [
    0x61,
    0x88,
    sequence,
    0x34,
    0x12,
    target & 255,
    target >> 8,
    source & 255,
    source >> 8,
    0xaa,
    0x7e,
    0x7d,
    0x11,
  ];
  const status = (line: ConsoleLine): number => (line.kind === "log" ? line.octets.readInt8(EVENT_STATUS) : Number.NaN);
  try {
    await withBoard(
      async (board) => {
        let from = board.seen;
        await board.push(uplink(Command.Send, ...frame(0x0001, 0x5678, 1)));
        const sent = await board.expect("end of sending", isLog(SENT), 5_000, from);
        assert.equal(status(sent), 0);
        assert.equal(sent.kind === "log" && sent.octets[EVENT_HANDLE], 7);
        assert.deepEqual(heard[0], Buffer.from(frame(0x0001, 0x5678, 1)));

        from = board.seen;
        await board.push(uplink(Command.Send, ...frame(0x0002, 0x5678, 2)));
        assert.equal(status(await board.expect("end of sending", isLog(SENT), 5_000, from)), -9);

        const acked = new Promise<number>((resolve) => {
          partner.onSent = (_handle, answer) => resolve(answer);
        });
        catchUp();
        assert.equal(partner.send(Uint8Array.from(frame(0x5678, 0x0001, 3)), 1), 0);
        assert.equal(await acked, 0);
        const received = await board.expect("frame", isLog(HEARD), 5_000);
        assert.deepEqual(received.kind === "log" && received.octets, Buffer.from(frame(0x5678, 0x0001, 3)));

        // A reset from the co-processor's side of the line: HDLC frame with RESET, as if the dongle had been unplugged for a moment.
        coprocessor?.input(hdlcEncode(Uint8Array.of(0x80, 0x01)));
        await new Promise((resolve) => setTimeout(resolve, 200));
        await board.command("M");
        assert.ok(board.lines.some(isSay("radio_resets=3")), "after power-on, the board's own reset and this one");
        from = board.seen;
        await board.push(uplink(Command.Send, ...frame(0x0001, 0x5678, 4)));
        assert.equal(status(await board.expect("end of sending", isLog(SENT), 5_000, from)), 0);

        // Garbage on the line disturbs nothing.
        stream?.write(
          Buffer.concat([Buffer.alloc(700, 0x55), Buffer.from([0x7e, 0x7e, 0x80, 0x7d, 0x7e, 0x80, 0x06, 0x71, 0xff, 0xff, 0x7e])]),
        );
        from = board.seen;
        await board.push(uplink(Command.Send, ...frame(0x0001, 0x5678, 5)));
        assert.equal(status(await board.expect("end of sending", isLog(SENT), 5_000, from)), 0);

        // A co-processor that falls silent: the frame counts as not sent, and the module can go on.
        stream?.pause();
        stream?.removeAllListeners("data");
        from = board.seen;
        await board.push(uplink(Command.Send, ...frame(0x0001, 0x5678, 6)));
        assert.equal(status(await board.expect("end of sending", isLog(SENT), 5_000, from)), -10);
      },
      { onRadio },
    );
  } finally {
    clearInterval(pace);
  }
});

const HOSTILE = join(ROOT, "../shared/vectors/wasm");

test("hostile modules are refused with a line and no fault", { skip: existsSync(HOSTILE) ? false : "../shared is absent" }, async () => {
  const refuse = async (file: string): Promise<void> => {
    const board = new Board({
      firmware: await buildFirmware({ name: `hostile-${file.replace(".wasm", "")}`, wasm: join(HOSTILE, file) }),
      folder: folder(),
    });
    try {
      board.power();
      await board.provision(new Map([[Record.Address, ADDRESS]]));
      await board.expect("refusal", isSay("the module is refused:"), 5_000);
      await board.expect("rest", isSay("nothing to run"), 5_000);
      // Longer than the watchdog's patience: it stays where it is.
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      assert.equal(board.lines.filter(isSay("kilowasm on")).length, 1);
    } finally {
      await board.close();
    }
  };
  await Promise.all(
    readdirSync(HOSTILE)
      .filter((name) => name.endsWith(".wasm"))
      .map(refuse),
  );
});
