// How devices that were sold without a certificate get one: their requests come in pieces through the hub, the authority signs, and a file
// for the device alone goes to the hub's library.  docs/identity.md.
import { Err } from "../err.ts";
import { certificateFile } from "../image/certificate_file.ts";
import { packChain } from "../tls/board_records.ts";
import { lfdiOf } from "../tls/x509.ts";
import { seconds } from "./head_end.ts";
import type { DeviceId } from "./plan.ts";
import { nameOf } from "./update_words.ts";
import type { RequestRecord } from "./uplink.ts";
import { upParse } from "./uplink_parse.ts";

const REQUEST_MAX = 512;

export type EnrolmentStep = "asked" | "given" | "denied";

export interface EnrolmentOptions {
  /** The device of the plan that has this address. */
  device(extended: bigint): DeviceId | undefined;
  /** The chain for a request; throws where there is none for it. */
  certify(extended: bigint, request: Uint8Array): Uint8Array[];
  manufacturer: number;
  /** Milliseconds since 1970. */
  utcMs(): number;
  /** A file for one device, for as long as it is not over. */
  offer(id: DeviceId, file: Buffer): void;
  over(id: DeviceId): void;
  tell(id: DeviceId, step: EnrolmentStep, reason: string | null): void;
}

export class Enrolment {
  private readonly pieces = new Map<bigint, Buffer>();
  /** What was answered last, and with which file. */
  private readonly answered = new Map<bigint, { request: Buffer; file: Buffer }>();
  /** Of who was given a certificate: its LFDI, and whether he has said that he has it. */
  private readonly given = new Map<DeviceId, { lfdi: Buffer; has: boolean }>();

  constructor(private readonly options: EnrolmentOptions) {}

  /** A record from the hub; false when it is none of a certificate. */
  take(octets: Uint8Array): boolean {
    const record = upParse(octets);
    if (record?.kind !== "request") return false;
    const id = this.options.device(record.extended);
    if (id === undefined) return true; // nobody of ours
    if (record.size === 0) this.ended(id, record);
    else this.gather(id, record);
    return true;
  }

  /** The LFDI of the certificate that a device was given; undefined before. */
  lfdiOf(id: DeviceId): Buffer | undefined {
    return this.given.get(id)?.lfdi;
  }

  /** Whether a device has said that its board has installed what it was given. */
  has(id: DeviceId): boolean {
    return this.given.get(id)?.has ?? false;
  }

  private ended(id: DeviceId, { extended, offset }: RequestRecord): void {
    this.options.over(id);
    this.answered.delete(extended);
    const given = this.given.get(id);
    if (given) given.has = offset === 0;
    if (offset !== 0) this.options.tell(id, "denied", `the device refused it: ${nameOf(Err, -offset)}`);
  }

  private gather(id: DeviceId, { extended, offset, size, octets }: RequestRecord): void {
    const before = offset === 0 ? Buffer.alloc(0) : this.pieces.get(extended);
    // A piece was lost: the device begins anew, later.
    if (!before || before.length !== offset || size > REQUEST_MAX || offset + octets.length > size) return;
    const request = Buffer.concat([before, octets]);
    this.pieces.set(extended, request);
    if (request.length < size) return;
    this.pieces.delete(extended);
    this.answer(id, extended, request);
  }

  private answer(id: DeviceId, extended: bigint, request: Buffer): void {
    const { certify, manufacturer, utcMs, offer, tell } = this.options;
    tell(id, "asked", null);
    const before = this.answered.get(extended);
    // The same again: the answer is still on its way.
    if (before?.request.equals(request)) {
      offer(id, before.file);
      return;
    }
    try {
      const certificates = certify(extended, request);
      const chain = packChain(certificates);
      this.given.set(id, { lfdi: lfdiOf(certificates[0]), has: false });
      const file = certificateFile({ manufacturer, destination: extended, issued: seconds(utcMs()), chain });
      this.answered.set(extended, { request, file });
      offer(id, file);
      tell(id, "given", null);
    } catch (error) {
      tell(id, "denied", (error as Error).message);
    }
  }
}
