// One node of the lab `ip/pana`: a client, a relay or an agent, with a board beneath and a medium around that are the test's.
import { lab, labModule } from "../../host/build/labs.ts";
import { type OpenHandshake, SecurityBoard } from "./security_board.ts";

export const PANA_PORT = 716;
/** docs/abi.md, `Layer` and `Drop`. */
const CONTROL = 6;
const REASONS = 16;
/** From assembly/ip/pana: `ClientHeard`, `AgentHeard`, `ClientAsk`. */
export const ClientHeard = { None: 0, Joined: 1, Key: 2, Answered: 3, Refused: 4, Lost: 5, Ended: 6 } as const;
export const AgentHeard = { None: 0, Asks: 1, Joined: 2, Left: 3 } as const;
export const ClientAsk = { Key: 1, OtherKey: 2 } as const;

export interface Message {
  to: Buffer;
  port: number;
  octets: Buffer;
}

type Value = number | bigint;
const AREA = 2048;
const ADDRESS = 16;

/** fe80::/64 and the interface identifier. */
export function linkLocal(extended: bigint): Buffer {
  const address = Buffer.from("fe800000000000000000000000000000", "hex");
  address.writeBigUInt64BE(extended ^ 0x0200_0000_0000_0000n, 8);
  return address;
}

export function global(extended: bigint): Buffer {
  const address = linkLocal(extended);
  Buffer.from("fd000db800000001", "hex").copy(address);
  return address;
}

export class PanaNode {
  readonly board: SecurityBoard;
  readonly sent: Message[] = [];
  private readonly exports: Record<string, (...values: Value[]) => Value>;
  private readonly at: number;

  constructor(name: string, open: OpenHandshake) {
    this.board = new SecurityBoard(name, lab("ip/pana"), open);
    const sent = (to: number, port: number, at: number, size: number): void => {
      this.sent.push({ to: Buffer.from(this.board.octets(to, ADDRESS)), port, octets: Buffer.from(this.board.octets(at, size)) });
    };
    const { exports } = new WebAssembly.Instance(labModule("ip/pana"), { han: this.board.imports() as never, lab: { sent } });
    this.board.attach(exports.memory as WebAssembly.Memory);
    this.exports = exports as typeof this.exports;
    this.at = this.call("labAt");
    this.call("resetKeys");
    this.call("clientReset");
  }

  call(name: string, ...values: Value[]): number {
    return Number(this.exports[name](...values));
  }

  extendedHeard(): bigint {
    return BigInt.asUintN(64, this.exports.heardExtended() as bigint);
  }

  /** The device in a row of the agent's sessions, 0 for none. */
  sessionExtended(row: number): bigint {
    return BigInt.asUintN(64, this.exports.sessionExtended(row) as bigint);
  }

  deadline(of: "client" | "agent"): bigint {
    return this.exports[`${of}Deadline`]() as bigint;
  }

  /** Puts octets where a call finds them; what lies behind is not to be looked at. */
  put(octets: Uint8Array, offset = 0): number {
    this.board
      .octets(this.at + offset, octets.length + 16)
      .fill(0xa5)
      .set(octets);
    return this.at + offset;
  }

  read(at: number, size: number): Buffer {
    return Buffer.from(this.board.octets(at, size));
  }

  /** The octets of an area of the lab. */
  area(offset: number, size: number): Buffer {
    return this.read(this.at + offset, size);
  }

  /** A message, and the steps that the engine takes of it: each has a poll of its own. */
  clientInput(octets: Uint8Array, from: Uint8Array, now: number): number {
    return this.clientTake(octets, from, now) || this.clientSteps(now);
  }

  clientTake(octets: Uint8Array, from: Uint8Array, now: number): number {
    return this.call("clientInput", this.put(octets), octets.length, this.put(from, AREA - 64), BigInt(now));
  }

  /** Whether the engine goes on with a message that came at `now`. */
  clientWorks(now: number): boolean {
    return this.deadline("client") === BigInt(now + 1);
  }

  clientSteps(now: number): number {
    for (let at = now; this.clientWorks(at); at++) {
      const heard = this.call("clientTick", BigInt(at + 1));
      if (heard) return heard;
    }
    return 0;
  }

  agentInput(octets: Uint8Array, from: Uint8Array, secured: boolean, now: number, port = PANA_PORT): number {
    return this.call("agentInput", this.put(octets), octets.length, this.put(from, AREA - 64), port, secured ? 1 : 0, BigInt(now));
  }

  relayUp(octets: Uint8Array, from: Uint8Array, agent: Uint8Array, now: number, port = PANA_PORT): number {
    const [at, source, to] = [this.put(octets), this.put(from, AREA - 64), this.put(agent, AREA - 32)];
    return this.call("relayUp", at, octets.length, source, port, to, BigInt(now));
  }

  relayDown(octets: Uint8Array, from: Uint8Array, agent: Uint8Array, now: number): number {
    return this.call("relayDown", this.put(octets), octets.length, this.put(from, AREA - 64), this.put(agent, AREA - 32), BigInt(now));
  }

  /** How often the control layer dropped for a reason of `Drop`. */
  dropped(reason: number): number {
    return this.read(this.call("drops", CONTROL) + 4 * reason, 4).readUInt32LE();
  }

  droppedAll(): number {
    return Array.from({ length: REASONS }, (_, reason) => this.dropped(reason)).reduce((sum, count) => sum + count, 0);
  }

  /** The one message that was sent since the last look. */
  one(): Message {
    if (this.sent.length !== 1) throw new Error(`${this.sent.length} messages were sent`);
    return this.sent.pop() as Message;
  }
}
