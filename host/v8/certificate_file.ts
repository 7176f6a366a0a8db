// The board's own certificate on its way under V8, image 5 of docs/abi.md: the twin of boards/common/identity_file.c.
import {
  FileStatus,
  IMAGE_CAPACITY,
  IMAGE_MANUFACTURER,
  IMAGE_OFFSET,
  IMAGE_SIZE,
  IMAGE_STATE,
  IMAGE_STATUS,
  IMAGE_TYPE,
  IMAGE_VERSION,
} from "../abi.ts";
import { Err } from "../err.ts";
import { CERTIFICATE_FILE_MAX, CERTIFICATE_TYPE, readCertificateFile } from "../image/certificate_file.ts";
import type { PackageKey } from "../image/stream.ts";
import type { BoardIdentity } from "./identity.ts";

const EPOCH_S = 946_684_800;

export class CertificateFile {
  private key: PackageKey | undefined;
  private octets = Buffer.alloc(0);

  constructor(
    private readonly identity: BoardIdentity,
    /** A session of TLS is open. */
    private readonly busy: () => boolean,
  ) {}

  begin(octets: Uint8Array): number {
    if (!this.identity.may) return Err.NotFound;
    this.forget();
    const at = Buffer.from(octets);
    const key = { manufacturer: at.readUInt16LE(0), type: at.readUInt16LE(2), version: at.readUInt32LE(4), size: at.readUInt32LE(8) };
    if (key.size === 0) return Err.Ok;
    if (key.type !== CERTIFICATE_TYPE) return Err.Refused;
    if (key.size > CERTIFICATE_FILE_MAX) return Err.NoBuffer;
    this.key = key;
    return 0;
  }

  write(offset: number, octets: Uint8Array): number {
    if (!this.key) return Err.NotFound;
    if (offset !== this.octets.length) return this.octets.length;
    if (octets.length > this.key.size - this.octets.length) {
      this.forget();
      return Err.Refused;
    }
    this.octets = Buffer.concat([this.octets, octets]);
    return this.octets.length;
  }

  finish(): number {
    const { key, octets, identity } = this;
    if (!key) return Err.NotFound;
    if (this.busy()) return Err.Busy;
    this.forget();
    const chain = identity.address && octets.length === key.size ? readCertificateFile(octets, key, identity.address) : undefined;
    return chain ? identity.install(chain, (key.version + EPOCH_S) * 1000) : Err.Refused;
  }

  state(to: Uint8Array): number {
    const { key, octets, identity } = this;
    if (!identity.may) return Err.NotFound;
    if (to.length < IMAGE_STATE) return Err.NoBuffer;
    const at = Buffer.alloc(IMAGE_STATE);
    at[IMAGE_STATUS] = identity.current ? FileStatus.Activated : FileStatus.None;
    at.writeUInt32LE(CERTIFICATE_FILE_MAX, IMAGE_CAPACITY);
    if (key) {
      at[IMAGE_STATUS] = octets.length === key.size ? FileStatus.Verifying : FileStatus.Loading;
      at.writeUInt16LE(key.manufacturer, IMAGE_MANUFACTURER);
      at.writeUInt16LE(key.type, IMAGE_TYPE);
      at.writeUInt32LE(key.version, IMAGE_VERSION);
      at.writeUInt32LE(key.size, IMAGE_SIZE);
      at.writeUInt32LE(octets.length, IMAGE_OFFSET);
    }
    to.set(at);
    return IMAGE_STATE;
  }

  private forget(): void {
    this.key = undefined;
    this.octets = Buffer.alloc(0);
  }
}
