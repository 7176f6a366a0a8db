// Key establishment of suite 1 as a responder, by other code than the stack's: SE 1.4a annex C.3.
import { type Ca, type Identity, issue } from "../../../host/crypto/ca.ts";
import { agree, confirmation, ephemeralPublic, keysOf, subjectOf } from "../../support/mqv.ts";
import { u16, u64 } from "../stranger.ts";

const SUITE = 1;
const INITIATE = 0;
const EPHEMERAL = 1;
const CONFIRM = 2;
const TERMINATE = 3;
const BAD_CONFIRM = 2;
const UNSUPPORTED = 5;
const WAIT_S = 10;
/** What we say that our own steps take. */
const GENERATE_S = 5;

interface Exchange {
  certificate: Buffer;
  ephemeral: Buffer;
  theirs: Buffer;
  mac: Buffer;
  link: Buffer;
}

export interface Turn {
  answers: { id: number; octets: Buffer }[];
  /** Both ends have it. */
  link?: Buffer;
}

export class Responder {
  /** Suites that were asked for and refused. */
  readonly refused: number[] = [];
  private readonly identity: Identity;
  private readonly exchanges = new Map<bigint, Exchange>();

  constructor(
    ca: Ca,
    private readonly extended: bigint,
    private readonly random: (octets: Uint8Array) => void,
  ) {
    this.identity = issue(ca, SUITE, extended);
  }

  take(partner: bigint, command: number, payload: Buffer): Turn {
    const exchange = this.exchanges.get(partner);
    if (command === INITIATE) return this.initiate(partner, payload);
    if (!exchange) return { answers: [] };
    const own = ephemeralPublic(SUITE, exchange.ephemeral);
    if (command === EPHEMERAL) {
      const { certificate, ephemeral } = exchange;
      const share = { own: this.identity, ephemeral, partnerCertificate: certificate, partnerEphemeral: payload };
      Object.assign(exchange, keysOf(agree(SUITE, share)), { theirs: Buffer.from(payload) });
      return { answers: [{ id: EPHEMERAL, octets: own }] };
    }
    if (command !== CONFIRM) return { answers: [] };
    this.exchanges.delete(partner);
    const { mac, theirs, link, certificate } = exchange;
    const [first, second] = [subjectOf(SUITE, certificate), octetsOf(this.extended)];
    const right = confirmation(mac, 2, first, second, theirs, own).equals(payload) && first.equals(octetsOf(partner));
    if (!right) return { answers: [{ id: TERMINATE, octets: Buffer.concat([Buffer.of(BAD_CONFIRM, WAIT_S), u16(SUITE)]) }] };
    return { answers: [{ id: CONFIRM, octets: confirmation(mac, 3, second, first, own, theirs) }], link };
  }

  private initiate(partner: bigint, payload: Buffer): Turn {
    const suites = payload.readUInt16LE(0);
    if (suites !== SUITE) {
      this.refused.push(suites);
      return { answers: [{ id: TERMINATE, octets: Buffer.concat([Buffer.of(UNSUPPORTED, WAIT_S), u16(SUITE)]) }] };
    }
    const nothing = Buffer.alloc(0);
    const fresh = {
      certificate: Buffer.from(payload.subarray(4)),
      ephemeral: this.scalar(),
      theirs: nothing,
      mac: nothing,
      link: nothing,
    };
    this.exchanges.set(partner, fresh);
    const octets = Buffer.concat([u16(SUITE), Buffer.of(GENERATE_S, GENERATE_S), this.identity.certificate]);
    return { answers: [{ id: INITIATE, octets }] };
  }

  /** Below 2^160, so below the order. */
  private scalar(): Buffer {
    const octets = Buffer.alloc(21);
    this.random(octets);
    octets[0] = 0;
    octets[1] |= 1;
    return octets;
  }
}

/** As certificates have an address. */
function octetsOf(extended: bigint): Buffer {
  return Buffer.from(u64(extended)).reverse();
}
