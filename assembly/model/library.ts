// The files that a hub holds for its devices, as its board and their own headers describe them.  Number 0 is the hub's own next module.
//
//   header of a file  | ... | field control u16 at 8 | ... | optional from 56 on: credential version | destination 8 | hardware u16, u16 |
import {
  FileStatus, IMAGE_FILES, IMAGE_MANUFACTURER, IMAGE_OFFSET, IMAGE_REASON, IMAGE_SIZE, IMAGE_STATE, IMAGE_STATUS, IMAGE_TYPE, IMAGE_VERSION,
  imageRead, imageState,
} from "../core/host";

/** Files of the library, from 1 on. */
export const LIBRARY_FILES: u32 = 4;
/** What is told of a file before its octets: manufacturer u16, type u16, version u32, size u32. */
export const LIBRARY_KEY: u32 = 12;
export const HARDWARE_ANY: u32 = 0xffff;

/** Types from here on are credentials, configurations and logs. */
const TYPE_NO_MODULE: u32 = 0xffc0;
const FIELD_CONTROL: u32 = 8;
const OPTIONAL: u32 = 56;
const HEADER_MAX: u32 = 69;
const HAS_CREDENTIAL: u32 = 1;
const HAS_DESTINATION: u32 = 2;
const HAS_HARDWARE: u32 = 4;

@unmanaged @final
export class LibraryFile {
  /** The only device that it is for, 0 = every one of its type. */
  destination: u64;
  version: u32;
  size: u32;
  /** The next octet that the board wants. */
  offset: u32;
  manufacturer: u16;
  type: u16;
  hardwareFirst: u16;
  hardwareLast: u16;
  /** `FileStatus`; Waiting: verified, and may be given away. */
  status: u8;
  /** `ImageReason`. */
  reason: u8;
  /** What its rollout has come to: 0 none, 1 goes, 2 stopped by failures. */
  plan: u8;
}
const ROW: u32 = offsetof<LibraryFile>();
const files = memory.data((LIBRARY_FILES + 1) * ROW, 8);
const room = memory.data(72, 8);
if (IMAGE_STATE > 72 || HEADER_MAX > 72) ERROR("neither the state nor a header may be larger than its place");

/** Looks at all files; answers how many the board has besides 0. */
export function libraryReset(): u32 {
  let count: u32 = imageState(0, room, IMAGE_STATE) < 0 ? 0 : min<u32>(load<u8>(room + IMAGE_FILES), LIBRARY_FILES);
  for (let image: u32 = 0; image <= count; image++) libraryLook(image);
  return count;
}

export function libraryFile(image: u32): LibraryFile {
  assert(image <= LIBRARY_FILES);
  return changetype<LibraryFile>(files + image * ROW);
}

/** Whether a file may be given to devices. */
export function libraryReady(image: u32): bool {
  return image != 0 && libraryFile(image).status == FileStatus.Waiting;
}

/** Whether a file is no module and for one device alone: that is its permission, and no plan names it. */
export function libraryIsPersonal(file: LibraryFile): bool {
  return file.destination != 0 && file.type >= TYPE_NO_MODULE;
}

/** Takes over what the board says of a file; its plan is not the board's. */
export function libraryLook(image: u32): void {
  let file = libraryFile(image);
  let plan = file.plan;
  memory.fill(changetype<usize>(file), 0, ROW);
  file.plan = plan;
  file.hardwareLast = <u16>HARDWARE_ANY;
  if (imageState(image, room, IMAGE_STATE) < 0) return;
  file.status = load<u8>(room + IMAGE_STATUS);
  file.reason = load<u8>(room + IMAGE_REASON);
  file.manufacturer = load<u16>(room + IMAGE_MANUFACTURER);
  file.type = load<u16>(room + IMAGE_TYPE);
  file.version = load<u32>(room + IMAGE_VERSION);
  file.size = load<u32>(room + IMAGE_SIZE);
  file.offset = load<u32>(room + IMAGE_OFFSET);
  if (libraryReady(image) && imageRead(image, 0, room, HEADER_MAX) == <i32>HEADER_MAX) header(file);
}

/** Writes what was told of a file before its octets. */
export function libraryKey(file: LibraryFile, at: usize): void {
  store<u16>(at, file.manufacturer);
  store<u16>(at, file.type, 2);
  store<u32>(at, file.version, 4);
  store<u32>(at, file.size, 8);
}

/** Whether `at` tells of the file that is held. */
export function libraryIs(file: LibraryFile, at: usize): bool {
  return file.status != FileStatus.None && file.manufacturer == load<u16>(at) && file.type == load<u16>(at, 2)
    && file.version == load<u32>(at, 4) && file.size == load<u32>(at, 8);
}

/** The verified header in `room`: whom the file is for.  A file of 69 octets or less is no image. */
function header(file: LibraryFile): void {
  let control: u32 = load<u16>(room + FIELD_CONTROL);
  let at = room + OPTIONAL;
  if (control & HAS_CREDENTIAL) at++;
  if (control & HAS_DESTINATION) {
    file.destination = load<u64>(at);
    at += 8;
  }
  if (control & HAS_HARDWARE) {
    file.hardwareFirst = load<u16>(at);
    file.hardwareLast = load<u16>(at, 2);
  }
}
