// What a factory writes into each device of phase 2: address, key, certificates, the root that it believes.  A function of the run's seed.
import { Record } from "../abi.ts";
import { HARDWARE_TYPE, makeAuthority, makeDevice } from "../tls/authority.ts";
import { identityRecords } from "../tls/board_records.ts";
import type { DeviceId, PlanRow } from "./plan.ts";
import { addressFor, addressOctets, derive, type Factory } from "./provision.ts";

/** A device is made the same whichever others are in the plan; its serial number is its address. */
export function provision2(seed: number, rows: readonly Pick<PlanRow, "id">[]): Map<DeviceId, Factory> {
  const authority = makeAuthority(derive(seed, "authority of phase 2"));
  const factory = (id: DeviceId): Factory => {
    const extended = addressFor(seed, id);
    const serial = Buffer.from(addressOctets(extended)).reverse();
    const current = makeDevice(authority, { serial });
    const identity = { roots: [authority.root.certificate], hardwareType: HARDWARE_TYPE, serial, current };
    const records = identityRecords(identity).set(Record.Address, addressOctets(extended));
    return { extended, installCode: Buffer.alloc(0), seed: derive(seed, `${id} entropy`), records };
  };
  return new Map(rows.map(({ id }) => [id, factory(id)]));
}
