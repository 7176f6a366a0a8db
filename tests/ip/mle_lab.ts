// Nodes of the lab `ip/mle` around a table: the test may lose, keep or add what they say.
import { lab, labModule } from "../../host/build/labs.ts";
import { SecurityBoard } from "./security_board.ts";

export const Heard = { None: 0, Linked: 1, Lost: 2, Failed: 3 } as const;
export const Command = { request: 0, accept: 1, acceptAndRequest: 2, reject: 3, advertisement: 4 } as const;
export const [ROUTER, HOST, SLEEPY] = [0x0a, 0x08, 0x00];
export const NO_SHORT = 0xffff;
const CONTROL = 6;
const HOPS = 255;
const LQI = 200;
const [IPV6, UDP] = [40, 8];
const CURRENT = 2;

type Value = number | bigint;

/** An IPv6 packet with a message of MLE. */
export interface Said {
  by: bigint;
  /** Source and target. */
  addresses: Buffer;
  hops: number;
  message: Buffer;
}

export class MleNode {
  readonly board: SecurityBoard;
  readonly sent: Said[] = [];
  readonly heard: { what: number; who: bigint }[] = [];
  readonly exports: Record<string, (...values: Value[]) => Value>;
  private readonly at: number;

  constructor(
    readonly extended: bigint,
    readonly mode: number,
    short = NO_SHORT - 1,
    key = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex"),
    timeout = 0,
  ) {
    this.board = new SecurityBoard(`mle ${extended}`, lab("ip/mle"), () => undefined);
    const sent = (at: number, size: number, secured: number): void => {
      if (secured) throw new Error("the MAC does not secure MLE");
      const packet = Buffer.from(this.board.octets(at, size));
      this.sent.push({ by: extended, addresses: packet.subarray(8, IPV6), hops: packet[7], message: packet.subarray(IPV6 + UDP) });
    };
    const { exports } = new WebAssembly.Instance(labModule("ip/mle"), { han: this.board.imports() as never, lab: { sent } });
    this.board.attach(exports.memory as WebAssembly.Memory);
    this.exports = exports as typeof this.exports;
    this.at = this.call("labAt");
    this.call("start", extended, short, mode, timeout);
    this.install(1, key);
  }

  call(name: string, ...values: Value[]): number {
    return Number(this.exports[name](...values));
  }

  install(index: number, key: Buffer, rank = CURRENT): void {
    this.call("take", index, this.put(key), rank);
  }

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

  note(what: number): void {
    if (what !== Heard.None) this.heard.push({ what, who: BigInt.asUintN(64, this.exports.heardExtended() as bigint) });
  }

  take({ message, addresses, hops }: Said, now: number, lqi = LQI): number {
    const [at, from] = [this.put(message), this.put(addresses, 1024)];
    const what = this.call("input", at, message.length, from, hops, lqi, BigInt(now));
    this.note(what);
    return what;
  }

  deadline(): number {
    return Number(this.exports.deadline());
  }

  link(extended: bigint): { state: number; mode: number; flags: number; idrOut: number } | undefined {
    const value = this.call("link", extended) >>> 0;
    if (value === 0) return undefined;
    return { state: value & 255, mode: (value >>> 8) & 255, flags: (value >>> 16) & 255, idrOut: value >>> 24 };
  }

  dropped(reason: number): number {
    return this.read(this.call("drops", CONTROL) + 4 * reason, 4).readUInt32LE();
  }

  /** What a message says, opened by another node with the same keys. */
  open(said: Said): Buffer {
    const at = this.put(said.message);
    const size = this.call("open", at, said.message.length, this.put(said.addresses, 1024));
    if (size < 0) throw new Error(`does not open: ${size}`);
    return this.read(at + 7, size);
  }
}

export class Table {
  now = 0;
  readonly nodes = new Map<bigint, MleNode>();
  readonly said: Said[] = [];
  medium: (said: Said, to: MleNode) => boolean = () => true;

  add(node: MleNode): MleNode {
    this.nodes.set(node.extended, node);
    return node;
  }

  private reaches(said: Said, node: MleNode): boolean {
    const target = said.addresses.subarray(16);
    if (node.extended === said.by) return false;
    if (target[0] === 0xff) return (node.mode & 2) !== 0;
    const identifier = target.readBigUInt64BE(8);
    return identifier === (node.extended ^ 0x0200_0000_0000_0000n) || identifier === (0xff_fe00_0000n | (node.extended & 0xffffn));
  }

  settle(): void {
    for (let busy = true; busy; ) {
      busy = false;
      for (const node of this.nodes.values()) {
        for (const said of node.sent.splice(0)) {
          busy = true;
          this.said.push(said);
          if (this.said.length > 20_000) throw new Error("the table talks without an end");
          for (const other of this.nodes.values()) if (this.reaches(said, other) && this.medium(said, other)) other.take(said, this.now);
        }
      }
    }
  }

  run(until: number): void {
    this.settle();
    for (let turn = 0; ; turn++) {
      if (turn > 20_000) throw new Error("somebody wants to run again and again");
      const next = Math.min(...[...this.nodes.values()].map((node) => node.deadline()));
      if (next > until) break;
      this.now = Math.max(this.now, next);
      for (const node of this.nodes.values()) if (node.deadline() <= this.now) node.note(node.call("tick", BigInt(this.now)));
      this.settle();
    }
    this.now = until;
  }

  ask(node: MleNode, extended: bigint, short = NO_SHORT): void {
    node.call("ask", extended, short, BigInt(this.now));
  }
}

export const hopsOf = (said: Said): boolean => said.hops === HOPS;
