// Clients, relays and an agent of PANA around one table: the test may lose, keep, change or add what goes over it.
import { TlsProfile } from "../../host/abi.ts";
import { Random } from "../../host/air/random.ts";
import { AgentHeard, ClientHeard, global, linkLocal, type Message, PANA_PORT, PanaNode } from "./pana_lab.ts";
import { Played } from "./played.ts";
import type { Handshake } from "./security_board.ts";

export const AGENT = 0x0200_0000_0000_0001n;
export const RELAY = 0x0200_0000_0000_0002n;
export const CLIENT = 0x0200_0000_0000_0010n;
const MESSAGES_MAX = 2000;
const TURNS_MAX = 10_000;
const PAIRS = 4;

/** What is on its way: from an address, under the network's key or in the clear. */
export interface Flight extends Message {
  from: Buffer;
  source: bigint;
  secured: boolean;
}

/** A handshake of four turns, of so many octets. */
export function turns(sizes: number[] = [45, 350, 300, 60]): Buffer[] {
  const random = new Random("turns", sizes.join());
  return sizes.map((size) => Buffer.from(Array.from({ length: size }, () => random.below(256))));
}

const master = (mark: number): Buffer => Buffer.alloc(64, mark);

interface Seat {
  node: PanaNode;
  kind: "agent" | "relay" | "client";
  heard: number[];
}

/** What a call found; mostly it is nothing. */
function note(seat: Seat, heard: number): void {
  if (heard !== ClientHeard.None) seat.heard.push(heard);
}

export class PanaHouse {
  now = 0;
  readonly seats = new Map<bigint, Seat>();
  readonly sent: Flight[] = [];
  /** What becomes of a message: these, in its place. */
  medium: (flight: Flight) => Flight[] = (flight) => [flight];
  admits: (extended: bigint, lfdi: Buffer) => boolean = () => true;
  /** Whether the agent is told at once who may join. */
  decides = true;
  private readonly queue: Flight[] = [];

  constructor(
    private readonly serverTurns = turns(),
    relays: bigint[] = [RELAY],
    /** The engine of a node, where it is not to be played back. */
    private readonly engine?: (extended: bigint, isClient: boolean) => Handshake,
  ) {
    const agent = this.add(AGENT, "agent");
    if (agent.call("agentReset", 0n) !== 0) throw new Error("the agent does not begin");
    for (const extended of relays) this.add(extended, "relay");
  }

  private add(extended: bigint, kind: Seat["kind"], spoken = this.serverTurns): PanaNode {
    const { engine } = this;
    const open = (profile: number): Handshake =>
      engine ? engine(extended, profile === TlsProfile.EapClient) : new Played(profile === TlsProfile.EapClient, spoken, master(7));
    const node = new PanaNode(`${kind} ${extended}`, open);
    node.board.sessionsMax = kind === "agent" ? PAIRS : 1;
    this.seats.set(extended, { node, kind, heard: [] });
    return node;
  }

  /** A client; one that speaks other turns than the agent expects fails. */
  client(extended = CLIENT, spoken = this.serverTurns): PanaNode {
    return this.add(extended, "client", spoken);
  }

  node(extended: bigint): PanaNode {
    return (this.seats.get(extended) as Seat).node;
  }

  get agent(): PanaNode {
    return this.node(AGENT);
  }

  heard(extended: bigint): number[] {
    return (this.seats.get(extended) as Seat).heard;
  }

  start(extended: bigint, parent: bigint): void {
    const node = this.node(extended);
    node.call("clientStart", node.put(linkLocal(parent)), BigInt(this.now));
    this.collect();
  }

  ask(extended: bigint, what: number, to: Buffer): number {
    const node = this.node(extended);
    const answer = node.call("clientAsk", what, node.put(to), BigInt(this.now));
    this.collect();
    return answer;
  }

  /** Puts on the table what somebody sends who is not one of ours. */
  inject(octets: Buffer, from: Buffer, to: Buffer, secured = false): void {
    this.queue.push({ octets, from, to, port: PANA_PORT, source: 0n, secured });
  }

  private collect(): void {
    for (const [source, { node }] of this.seats) {
      for (const message of node.sent.splice(0)) {
        const isLocal = message.to[0] === 0xfe;
        const flight = { ...message, from: isLocal ? linkLocal(source) : global(source), source, secured: !isLocal };
        this.sent.push(flight);
        this.queue.push(...this.medium(flight));
      }
    }
  }

  /** All that is on its way arrives, and what that leads to. */
  settle(): void {
    this.collect();
    for (let count = 0; this.queue.length > 0; count++) {
      if (count > MESSAGES_MAX) throw new Error("the house talks without an end");
      const flight = this.queue.shift() as Flight;
      for (const [extended, seat] of this.seats)
        if (flight.to.equals(linkLocal(extended)) || flight.to.equals(global(extended))) this.arrive(extended, seat, flight);
      this.collect();
    }
  }

  private arrive(extended: bigint, seat: Seat, { octets, from, port, secured }: Flight): void {
    const { node, kind } = seat;
    if (kind === "client") note(seat, node.clientInput(octets, from, this.now));
    if (kind === "relay" && secured) node.relayDown(octets, from, global(AGENT), this.now);
    if (kind === "relay" && !secured) node.relayUp(octets, from, global(AGENT), this.now);
    if (kind !== "agent") return;
    const heard = node.agentInput(octets, from, secured, this.now, port);
    note(seat, heard);
    if (heard === AgentHeard.Asks && this.decides) {
      const lfdi = node.read(node.call("heardLfdi"), 20);
      node.call("agentAdmit", this.admits(node.extendedHeard(), lfdi) ? 1 : 0, BigInt(this.now));
    }
    if (extended !== AGENT) throw new Error("there is one agent");
  }

  /** Time goes on to `until`; whatever is due happens. */
  run(until: number): void {
    this.settle();
    for (let turn = 0; ; turn++) {
      if (turn > TURNS_MAX) throw new Error("somebody wants to run again and again");
      let next = Number.MAX_SAFE_INTEGER;
      for (const { node, kind } of this.seats.values()) if (kind !== "relay") next = Math.min(next, Number(node.deadline(kind)));
      if (next > until) break;
      this.now = Math.max(this.now, next);
      for (const seat of this.seats.values()) {
        if (seat.kind === "client") note(seat, seat.node.call("clientTick", BigInt(this.now)));
        if (seat.kind === "agent") seat.node.call("agentTick", BigInt(this.now));
      }
      this.collect();
      this.settle();
    }
    this.now = until;
  }

  /** A client joins through a parent; whether it did, and the agent says so too. */
  join(extended: bigint, parent: bigint, within = 120_000): boolean {
    this.heard(extended).length = this.heard(AGENT).length = 0;
    this.start(extended, parent);
    this.run(this.now + within);
    return this.heard(extended).includes(ClientHeard.Joined) && this.heard(AGENT).includes(AgentHeard.Joined);
  }
}
