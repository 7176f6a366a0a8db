// What meter and display of phase 2 cost on the emulated board: as figures.ts, over a home of phase 2.
import { readFileSync } from "node:fs";
import { SEP2_ARENA_SIZES } from "../board/build.ts";
import { type Call, type ReplayResult, replayOnBoard } from "../board/replay.ts";
import { sep2Firmware } from "../home/firmware.ts";
import { builtPath } from "../modules.ts";
import { readTrace } from "../trace.ts";
import { type CommonFigures, commonFigures, fullFrameCalls } from "./figures.ts";
import { recordHomeSep2, type Sep2Life, type Sep2Role } from "./record_sep2.ts";

/** Simulated time of the join, of a first question, and of another with all code translated. */
const HOME_MS = 100_000;
/** Octets in which nothing is translated twice. */
const WIDE_ARENA = 304 << 10;
/** A handshake's own time before its secret is made. */
const HANDSHAKE_MS = 2_000n;
/** Before an answer on an open connection nothing else happens for so long. */
const QUESTION_MS = 1_000n;
/** A poll with a point of a curve in it takes more. */
const CURVE_MIN = 4_000_000;

export interface Sep2Figures extends CommonFigures {
  /** From the start to being in: scan, EAP-TLS, key, MLE, address. */
  joinInstructions: number;
  /** As the client of the first question: with its frames up to its own Finished, and what of its code is translated. */
  handshakeInstructions: number;
  /** Of a question on a connection that is open: the request and the answer. */
  getInstructions: number;
  /** A secured frame of full size, code translated: the median; most are fragments of a packet, some end one. */
  frameInstructions: number;
  /** The dearest of them: it ends an answer over TLS, whose document is read. */
  documentFrameInstructions: number;
}

/** By the names in tests/budgets.json. */
export const MEASURED_SEP2: Readonly<Record<string, Sep2Role>> = { meter_sep2: "meter", ihd_sep2: "ihd" };

export async function measureSep2(names: readonly string[], say: (line: string) => void): Promise<Map<string, Sep2Figures>> {
  const figures = new Map<string, Sep2Figures>();
  const lives = recordHomeSep2(HOME_MS);
  for (const name of names) {
    const role = MEASURED_SEP2[name];
    const life = role && lives.get(role);
    if (!life) throw new Error(`nothing was recorded of ${name}`);
    const wasm = readFileSync(builtPath(name));
    const arena = SEP2_ARENA_SIZES[role];
    say(`replaying ${name} on the emulated board`);
    const { recording } = life;
    const own = await replayOnBoard({ wasm, recording, arenaSize: arena, say });
    const wide = await replayOnBoard({ wasm, recording, arenaSize: WIDE_ARENA, say });
    figures.set(name, {
      ...(await commonFigures(wasm, await sep2Firmware(role, say), arena, [own])),
      joinInstructions: sum(own.calls, 0, life.joined),
      ...questionCost(life, wide),
      ...frameCost(life, wide),
    });
  }
  return figures;
}

/** Of calls from the first to the last. */
function sum(calls: readonly Call[], first: number, last: number): number {
  return calls.slice(first, last + 1).reduce((total, { instructions }) => total + instructions, 0);
}

/** The handshake before the first answer, which ends with the last point of a curve; the last question, on the connection that is there. */
function questionCost(life: Sep2Life, { calls }: ReplayResult): Pick<Sep2Figures, "handshakeInstructions" | "getInstructions"> {
  const first = life.answers[0];
  const secret = life.secrets.filter((call) => call < first).at(-1) as number;
  const since = (call: number, ms: bigint): number => calls.findIndex(({ now }) => now >= calls[call].now - ms);
  const curves = calls.flatMap(({ instructions }, call) => (call < first && instructions >= CURVE_MIN ? [call] : []));
  const answered = life.answers.at(-1) as number;
  if (answered === first) throw new Error("the recorded home has one answer; two are needed");
  return {
    handshakeInstructions: sum(calls, since(secret, HANDSHAKE_MS), Math.max(secret, ...curves)),
    getInstructions: sum(calls, since(answered, QUESTION_MS), answered),
  };
}

/** After the first answer; what ends a handshake's flight is no matter of frames. */
function frameCost(life: Sep2Life, wide: ReplayResult): Pick<Sep2Figures, "frameInstructions" | "documentFrameInstructions"> {
  const settled = fullFrameCalls(readTrace(life.recording)).filter((call) => call > life.answers[0]);
  const costs = settled.map((call) => wide.calls[call].instructions).filter((cost) => cost < CURVE_MIN);
  if (costs.length < 4) throw new Error(`the recorded home has ${costs.length} full-size frames after its first answer; four are needed`);
  costs.sort((one, other) => one - other);
  return { frameInstructions: costs[costs.length >> 1], documentFrameInstructions: costs[costs.length - 1] };
}
