// The authority behind the supplier: it certifies devices at the factory, and later those that were sold without.  A function of the run's
// seed, so that a run repeats to the bit.
import { type Authority, certifyDevice, chainOf, HARDWARE_TYPE, makeAuthority, makeDevice } from "../tls/authority.ts";
import { identityRecords } from "../tls/board_records.ts";
import { readRequest } from "../tls/request.ts";
import { addressOctets, derive } from "./provision.ts";

/** A device's serial number is its address, the most significant octet first. */
function serialOf(extended: bigint): Buffer {
  return addressOctets(extended).reverse();
}

export class SupplierAuthority {
  private readonly authority: Authority;

  constructor(seed: number) {
    this.authority = makeAuthority(derive(seed, "authority of phase 2"));
  }

  /** What a factory writes: hardware name and root, and with `certified` a key and its certificate. */
  records(extended: bigint, certified: boolean): Map<number, Uint8Array> {
    const { authority } = this;
    const serial = serialOf(extended);
    const current = certified ? makeDevice(authority, { serial }) : undefined;
    return identityRecords({ roots: [authority.root.certificate], hardwareType: HARDWARE_TYPE, serial, current });
  }

  /** The chain for a device's own key; throws where the request is none, or not that device's. */
  certify(extended: bigint, request: Uint8Array): Buffer[] {
    const { point, hardwareType, serial } = readRequest(request);
    if (hardwareType !== HARDWARE_TYPE || !serialOf(extended).equals(serial))
      throw new Error("the request names another device's hardware");
    return chainOf(this.authority, certifyDevice(this.authority, point, { serial }));
  }
}
