// What a factory writes into each device of phase 2: address, key, certificates, the root that it believes.  A function of the run's seed.
import { Record } from "../abi.ts";
import { identityOf } from "../tls/board_records.ts";
import { lfdiOf } from "../tls/x509.ts";
import type { DeviceId, DeviceRole, PlanRow } from "./plan.ts";
import { addressFor, addressOctets, derive, type Factory, provision } from "./provision.ts";
import { SupplierAuthority } from "./supplier_authority.ts";

/** What both phases need: a device of phase 1 that can go on in phase 2; one without a certificate when it has got that. */
export function provisionBoth(
  seed: number,
  suite: 1 | 2 | null,
  rows: readonly Pick<PlanRow, "id" | "role">[],
  certified?: (role: DeviceRole) => boolean,
): Map<DeviceId, Factory> {
  const factories = provision(seed, suite, rows);
  for (const [id, { records }] of provision2(seed, rows, certified)) {
    const factory = factories.get(id) as Factory;
    factories.set(id, { ...factory, records: new Map([...factory.records, ...records]) });
  }
  return factories;
}

/** The LFDI of the certificate that a device was sold with; undefined without one. */
export function lfdiOfFactory({ records }: Factory): Buffer | undefined {
  const [leaf] = identityOf(records).current?.chain ?? [];
  return leaf && lfdiOf(leaf);
}

/** A device is made the same whichever others are in the plan; its serial number is its address. */
export function provision2(
  seed: number,
  rows: readonly Pick<PlanRow, "id" | "role">[],
  certified: (role: DeviceRole) => boolean = () => true,
): Map<DeviceId, Factory> {
  const authority = new SupplierAuthority(seed);
  const factory = ({ id, role }: Pick<PlanRow, "id" | "role">): Factory => {
    const extended = addressFor(seed, id);
    const records = authority.records(extended, certified(role)).set(Record.Address, addressOctets(extended));
    return { extended, installCode: Buffer.alloc(0), seed: derive(seed, `${id} entropy`), records };
  };
  return new Map(rows.map((row) => [row.id, factory(row)]));
}
