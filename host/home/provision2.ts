// What a factory writes into each device of phase 2: address, key, certificates, the root that it believes.  A function of the run's seed.
import { Record } from "../abi.ts";
import { HARDWARE_TYPE, makeAuthority, makeDevice } from "../tls/authority.ts";
import { identityRecords } from "../tls/board_records.ts";
import type { DeviceId, PlanRow } from "./plan.ts";
import { addressFor, addressOctets, derive, type Factory, provision } from "./provision.ts";

/** What both phases need: a device of phase 1 that can go on in phase 2. */
export function provisionBoth(seed: number, suite: 1 | 2 | null, rows: readonly Pick<PlanRow, "id" | "role">[]): Map<DeviceId, Factory> {
  const factories = provision(seed, suite, rows);
  for (const [id, { records }] of provision2(seed, rows)) {
    const factory = factories.get(id) as Factory;
    factories.set(id, { ...factory, records: new Map([...factory.records, ...records]) });
  }
  return factories;
}

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
