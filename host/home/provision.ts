// What a factory writes into each device before it is sold: address, install code, identities.  A function of the run's seed.
import { createHash } from "node:crypto";
import { Record } from "../abi.ts";
import { issue, makeCa } from "../crypto/ca.ts";
import { DEFAULT_PLAN, type DeviceId, type PlanRow } from "./plan.ts";

/** Locally administered (the second bit of the first octet), so no maker's block is borrowed. */
const ADDRESS_BLOCK = 0x026b77n;
const INSTALL_CODE_OCTETS = 16;

export interface Factory {
  extended: bigint;
  /** Install code with its CRC, as printed on the box; empty in phase 2. */
  installCode: Buffer;
  /** 32 octets for the device's random number generator. */
  seed: Buffer;
  /** The store's records before the first start. */
  records: Map<number, Uint8Array>;
}

/** 32 octets that follow from the seed and a name. */
export function derive(seed: number, name: string): Buffer {
  return createHash("sha256").update(`kilowasm ${seed} ${name}`).digest();
}

/** An IEEE address. */
export function addressFor(seed: number, id: DeviceId): bigint {
  return (ADDRESS_BLOCK << 40n) | BigInt(`0x${derive(seed, `${id} address`).toString("hex", 0, 5)}`);
}

/** A device is made the same whichever others are in the plan. */
export function provision(
  seed: number,
  suite: 1 | 2 | null,
  rows: readonly Pick<PlanRow, "id" | "role">[] = DEFAULT_PLAN.rows,
): Map<DeviceId, Factory> {
  const ca = makeCa(derive(seed, "certificate authority"));
  const factory = ({ id, role }: Pick<PlanRow, "id" | "role">): Factory => {
    const extended = addressFor(seed, id);
    const installCode = withCrc(derive(seed, `${id} install code`).subarray(0, INSTALL_CODE_OCTETS));
    const records = new Map<number, Uint8Array>([[Record.Address, addressOctets(extended)]]);
    // A hub is the trust centre: it knows the others' codes and has none of its own.
    if (role !== "hub") records.set(Record.InstallCode, installCode);
    for (const number of [1, 2] as const) {
      if (suite !== null && suite !== number) continue;
      const { certificate, privateKey, caPublicKey } = issue(ca, number, extended);
      records.set(number === 1 ? Record.IdentitySuite1 : Record.IdentitySuite2, Buffer.concat([certificate, privateKey, caPublicKey]));
    }
    return { extended, installCode, seed: derive(seed, `${id} entropy`), records };
  };
  return new Map(rows.map((row) => [row.id, factory(row)]));
}

/** As on the air: the least significant octet first. */
export function addressOctets(extended: bigint): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64LE(extended);
  return octets;
}

/** CRC-16 of X.25 behind the code, the low octet first (07-5356, 5.4.8.1.1). */
export function withCrc(code: Uint8Array): Buffer {
  let crc = 0xffff;
  for (const octet of code) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x8408 : crc >>> 1;
  }
  crc ^= 0xffff;
  return Buffer.from([...code, crc & 0xff, crc >>> 8]);
}
