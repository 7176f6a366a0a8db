// The packages of --update, as the head-end gets them: whole files of the right kind.  Who signed what is the devices' business.

import { InputError } from "../files/input_error.ts";
import { octetsRead, type Unread } from "../files/input_file.ts";
import { ImageError } from "../image/image_error.ts";
import { IMAGE_TYPES, publicFromPem } from "../image/keys.ts";
import { versionText } from "../image/manifest.ts";
import { type OtaHeader, otaRead } from "../image/ota_file.ts";
import { programVersion } from "./machine.ts";
import { DEFAULT_PLAN, DEVICE_ROLES, type DeviceId, KINDS, type Plan, planIds } from "./plan.ts";
import type { UpdateOption } from "./run_options.ts";

/** No package comes near this. */
const FILE_SIZE_MAX = 16 * 1024 * 1024;
const WASM = Buffer.from("\0asm", "latin1");

export interface UpdateFile {
  device: DeviceId;
  path: string;
  file: Buffer;
  header: OtaHeader;
}

export function updatesRead(
  updates: readonly UpdateOption[],
  plan: Plan = DEFAULT_PLAN,
  /** What the devices run; 0 for the factory's module. */
  running = programVersion(),
): UpdateFile[] {
  return updates.map(({ device, path }) => {
    const row = plan.rows.find(({ id }) => id === device);
    if (!row) throw new InputError(`--update ${device}=${path}: the plan has no ${device}; it has ${planIds(plan).join(", ")}.`);
    const { role } = row;
    const file = octetsOf(path);
    if (file.subarray(0, WASM.length).equals(WASM))
      throw new InputError(
        `${path} is a module, not a package; make one of it with: npx kilowasm image build ${path} --role ${role} --version 0.2.0 --out ${device}.ota.`,
      );
    const header = headerOf(path, file);
    const type = IMAGE_TYPES[KINDS[role].image];
    if (header.imageType !== type) {
      const other = DEVICE_ROLES.find((each) => IMAGE_TYPES[KINDS[each].image] === header.imageType);
      const kind = `image type 0x${header.imageType.toString(16).padStart(4, "0")}`;
      throw new InputError(
        `${path} is for ${other ? `the ${other}` : "another device"} (${kind}), not for the ${device}; give it to the device it was built for.`,
      );
    }
    if (header.fileVersion <= running)
      throw new InputError(
        `${path} holds version ${versionText(header.fileVersion)}, and the ${device} runs ${versionText(running)} already; build it with a higher --version.`,
      );
    return { device, path, file, header };
  });
}

function octetsOf(path: string, what = "no package"): Buffer {
  try {
    return octetsRead(path, FILE_SIZE_MAX);
  } catch (error) {
    const { message, large } = error as Unread;
    if (large) throw new InputError(`${path} is larger than ${FILE_SIZE_MAX >> 20} MiB; that is ${what}.`);
    throw new InputError(`${path} cannot be read: ${message}.`);
  }
}

function headerOf(path: string, file: Buffer): OtaHeader {
  try {
    return otaRead(file).header;
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new InputError(`${path} is no package, ${error.message}; look at it with: npx kilowasm image inspect ${path}.`);
  }
}

/** The maker's root key: a public key in PEM, or the public half of a private one. */
export function rootRead(path: string): Buffer {
  const pem = octetsOf(path, "no key");
  try {
    return publicFromPem(pem);
  } catch (error) {
    throw new InputError(`${path} is no P-256 key: ${(error as Error).message}.`);
  }
}
