// OTA Upgrade: 095264 section 6, 075123 chapter 11.  Written by tools/clusters.ts from clusters/; change those files instead.
import { zclStringSize } from "../../zigbee/zcl/walk";

export const OTA_UPGRADE_SERVER: u32 = 0x0000;
export const OTA_FILE_OFFSET: u32 = 0x0001;
export const OTA_CURRENT_VERSION: u32 = 0x0002;
export const OTA_CURRENT_STACK: u32 = 0x0003;
export const OTA_DOWNLOADED_VERSION: u32 = 0x0004;
export const OTA_DOWNLOADED_STACK: u32 = 0x0005;
export const OTA_UPGRADE_STATUS: u32 = 0x0006;
export const OTA_MANUFACTURER: u32 = 0x0007;
export const OTA_IMAGE_TYPE: u32 = 0x0008;
export const OTA_BLOCK_PERIOD: u32 = 0x0009;
export const OTA_IMAGE_STAMP: u32 = 0x000a;
export const OTA_ACTIVATION_POLICY: u32 = 0x000b;
export const OTA_TIMEOUT_POLICY: u32 = 0x000c;

export const OTA_IMAGE_NOTIFY: u32 = 0x00; // to the client
export const OTA_QUERY_NEXT_IMAGE: u32 = 0x01; // to the server
export const OTA_QUERY_NEXT_IMAGE_RESPONSE: u32 = 0x02; // to the client
export const OTA_IMAGE_BLOCK: u32 = 0x03; // to the server
export const OTA_IMAGE_PAGE: u32 = 0x04; // to the server
export const OTA_IMAGE_BLOCK_RESPONSE: u32 = 0x05; // to the client
export const OTA_UPGRADE_END: u32 = 0x06; // to the server
export const OTA_UPGRADE_END_RESPONSE: u32 = 0x07; // to the client
export const OTA_QUERY_SPECIFIC_FILE: u32 = 0x08; // to the server
export const OTA_QUERY_SPECIFIC_FILE_RESPONSE: u32 = 0x09; // to the client

/** 0x00 to the client. */
@unmanaged @final
export class ImageNotify {
  get payloadType(): u32 { return load<u8>(changetype<usize>(this)); }
  get jitter(): u32 { return load<u8>(changetype<usize>(this), 1); }
  get manufacturer(): u32 { return load<u16>(changetype<usize>(this), 2); }
  get imageType(): u32 { return load<u16>(changetype<usize>(this), 4); }
  get fileVersion(): u32 { return load<u32>(changetype<usize>(this), 6); }
}

export function imageNotifyEmit(at: usize, payloadType: u32, jitter: u32, manufacturer: u32, imageType: u32, fileVersion: u32): u32 {
  let to = at;
  store<u8>(to, payloadType);
  store<u8>(to, jitter, 1);
  to += 2;
  if (payloadType >= 1) {
    store<u16>(to, manufacturer);
    to += 2;
  }
  if (payloadType >= 2) {
    store<u16>(to, imageType);
    to += 2;
  }
  if (payloadType >= 3) {
    store<u32>(to, fileVersion);
    to += 4;
  }
  return <u32>(to - at);
}

/** 0x01 to the server. */
@unmanaged @final
export class QueryNextImage {
  get control(): u32 { return load<u8>(changetype<usize>(this)); }
  get manufacturer(): u32 { return load<u16>(changetype<usize>(this), 1); }
  get imageType(): u32 { return load<u16>(changetype<usize>(this), 3); }
  get fileVersion(): u32 { return load<u32>(changetype<usize>(this), 5); }
  get hardware(): u32 { return load<u16>(changetype<usize>(this), 9); }
}

export function queryNextImageEmit(at: usize, control: u32, manufacturer: u32, imageType: u32, fileVersion: u32, hardware: u32): u32 {
  let to = at;
  store<u8>(to, control);
  store<u16>(to, manufacturer, 1);
  store<u16>(to, imageType, 3);
  store<u32>(to, fileVersion, 5);
  to += 9;
  if (control & 1) {
    store<u16>(to, hardware);
    to += 2;
  }
  return <u32>(to - at);
}

/** 0x02 to the client. */
@unmanaged @final
export class QueryNextImageResponse {
  get status(): u32 { return load<u8>(changetype<usize>(this)); }
  get manufacturer(): u32 { return load<u16>(changetype<usize>(this), 1); }
  get imageType(): u32 { return load<u16>(changetype<usize>(this), 3); }
  get fileVersion(): u32 { return load<u32>(changetype<usize>(this), 5); }
  get size(): u32 { return load<u32>(changetype<usize>(this), 9); }
}

export function queryNextImageResponseStatus0Emit(at: usize, manufacturer: u32, imageType: u32, fileVersion: u32, size: u32): u32 {
  store<u8>(at, 0x00);
  store<u16>(at, manufacturer, 1);
  store<u16>(at, imageType, 3);
  store<u32>(at, fileVersion, 5);
  store<u32>(at, size, 9);
  return 13;
}

/** 0x03 to the server. */
@unmanaged @final
export class ImageBlock {
  get control(): u32 { return load<u8>(changetype<usize>(this)); }
  get manufacturer(): u32 { return load<u16>(changetype<usize>(this), 1); }
  get imageType(): u32 { return load<u16>(changetype<usize>(this), 3); }
  get fileVersion(): u32 { return load<u32>(changetype<usize>(this), 5); }
  get offset(): u32 { return load<u32>(changetype<usize>(this), 9); }
  get dataMax(): u32 { return load<u8>(changetype<usize>(this), 13); }
  get node(): u64 { return load<u64>(changetype<usize>(this), 14); }
}

export function imageBlockEmit(
  at: usize, control: u32, manufacturer: u32, imageType: u32, fileVersion: u32, offset: u32, dataMax: u32, node: u64, blockPeriod: u32,
): u32 {
  let to = at;
  store<u8>(to, control);
  store<u16>(to, manufacturer, 1);
  store<u16>(to, imageType, 3);
  store<u32>(to, fileVersion, 5);
  store<u32>(to, offset, 9);
  store<u8>(to, dataMax, 13);
  to += 14;
  if (control & 1) {
    store<u64>(to, node);
    to += 8;
  }
  if (control & 2) {
    store<u16>(to, blockPeriod);
    to += 2;
  }
  return <u32>(to - at);
}

/** 0x04 to the server. */
@unmanaged @final
export class ImagePage {
  get control(): u32 { return load<u8>(changetype<usize>(this)); }
  get manufacturer(): u32 { return load<u16>(changetype<usize>(this), 1); }
  get imageType(): u32 { return load<u16>(changetype<usize>(this), 3); }
  get fileVersion(): u32 { return load<u32>(changetype<usize>(this), 5); }
  get offset(): u32 { return load<u32>(changetype<usize>(this), 9); }
  get dataMax(): u32 { return load<u8>(changetype<usize>(this), 13); }
  get pageSize(): u32 { return load<u16>(changetype<usize>(this), 14); }
  get spacing(): u32 { return load<u16>(changetype<usize>(this), 16); }
  get node(): u64 { return load<u64>(changetype<usize>(this), 18); }
}

export function imagePageEmit(
  at: usize, control: u32, manufacturer: u32, imageType: u32, fileVersion: u32, offset: u32, dataMax: u32, pageSize: u32, spacing: u32,
  node: u64,
): u32 {
  let to = at;
  store<u8>(to, control);
  store<u16>(to, manufacturer, 1);
  store<u16>(to, imageType, 3);
  store<u32>(to, fileVersion, 5);
  store<u32>(to, offset, 9);
  store<u8>(to, dataMax, 13);
  store<u16>(to, pageSize, 14);
  store<u16>(to, spacing, 16);
  to += 18;
  if (control & 1) {
    store<u64>(to, node);
    to += 8;
  }
  return <u32>(to - at);
}

/** 0x05 to the client. */
@unmanaged @final
export class ImageBlockResponse {
  get status(): u32 { return load<u8>(changetype<usize>(this)); }
  get manufacturer(): u32 { return load<u16>(changetype<usize>(this), 1); }
  get imageType(): u32 { return load<u16>(changetype<usize>(this), 3); }
  get fileVersion(): u32 { return load<u32>(changetype<usize>(this), 5); }
  get offset(): u32 { return load<u32>(changetype<usize>(this), 9); }
  get dataSize(): u32 { return zclStringSize(changetype<usize>(this) + 13); }
  get data(): usize { return changetype<usize>(this) + 14; }
  get currentTime(): u32 { return load<u32>(changetype<usize>(this), 1); }
  get requestTime(): u32 { return load<u32>(changetype<usize>(this), 5); }
  get blockPeriod(): u32 { return load<u16>(changetype<usize>(this), 9); }
}

export function imageBlockResponseStatus0Emit(
  at: usize, manufacturer: u32, imageType: u32, fileVersion: u32, offset: u32, data: usize, dataSize: u32,
): u32 {
  let to = at;
  store<u8>(to, 0x00);
  store<u16>(to, manufacturer, 1);
  store<u16>(to, imageType, 3);
  store<u32>(to, fileVersion, 5);
  store<u32>(to, offset, 9);
  store<u8>(to, dataSize, 13);
  memory.copy(to + 14, data, dataSize);
  to += 14 + dataSize;
  return <u32>(to - at);
}

export function imageBlockResponseStatus97Emit(at: usize, currentTime: u32, requestTime: u32, blockPeriod: u32): u32 {
  store<u8>(at, 0x97);
  store<u32>(at, currentTime, 1);
  store<u32>(at, requestTime, 5);
  store<u16>(at, blockPeriod, 9);
  return 11;
}

/** 0x06 to the server. */
@unmanaged @final
export class UpgradeEnd {
  get status(): u32 { return load<u8>(changetype<usize>(this)); }
  get manufacturer(): u32 { return load<u16>(changetype<usize>(this), 1); }
  get imageType(): u32 { return load<u16>(changetype<usize>(this), 3); }
  get fileVersion(): u32 { return load<u32>(changetype<usize>(this), 5); }
}

export function upgradeEndEmit(at: usize, status: u32, manufacturer: u32, imageType: u32, fileVersion: u32): u32 {
  store<u8>(at, status);
  store<u16>(at, manufacturer, 1);
  store<u16>(at, imageType, 3);
  store<u32>(at, fileVersion, 5);
  return 9;
}

/** 0x07 to the client. */
@unmanaged @final
export class UpgradeEndResponse {
  get manufacturer(): u32 { return load<u16>(changetype<usize>(this)); }
  get imageType(): u32 { return load<u16>(changetype<usize>(this), 2); }
  get fileVersion(): u32 { return load<u32>(changetype<usize>(this), 4); }
  get currentTime(): u32 { return load<u32>(changetype<usize>(this), 8); }
  get upgradeTime(): u32 { return load<u32>(changetype<usize>(this), 12); }
}

export function upgradeEndResponseEmit(
  at: usize, manufacturer: u32, imageType: u32, fileVersion: u32, currentTime: u32, upgradeTime: u32,
): u32 {
  store<u16>(at, manufacturer);
  store<u16>(at, imageType, 2);
  store<u32>(at, fileVersion, 4);
  store<u32>(at, currentTime, 8);
  store<u32>(at, upgradeTime, 12);
  return 16;
}

/** 0x08 to the server. */
@unmanaged @final
export class QuerySpecificFile {
  get node(): u64 { return load<u64>(changetype<usize>(this)); }
  get manufacturer(): u32 { return load<u16>(changetype<usize>(this), 8); }
  get imageType(): u32 { return load<u16>(changetype<usize>(this), 10); }
  get fileVersion(): u32 { return load<u32>(changetype<usize>(this), 12); }
  get stackVersion(): u32 { return load<u16>(changetype<usize>(this), 16); }
}

export function querySpecificFileEmit(at: usize, node: u64, manufacturer: u32, imageType: u32, fileVersion: u32, stackVersion: u32): u32 {
  store<u64>(at, node);
  store<u16>(at, manufacturer, 8);
  store<u16>(at, imageType, 10);
  store<u32>(at, fileVersion, 12);
  store<u16>(at, stackVersion, 16);
  return 18;
}

/** 0x09 to the client. */
@unmanaged @final
export class QuerySpecificFileResponse {
  get status(): u32 { return load<u8>(changetype<usize>(this)); }
  get manufacturer(): u32 { return load<u16>(changetype<usize>(this), 1); }
  get imageType(): u32 { return load<u16>(changetype<usize>(this), 3); }
  get fileVersion(): u32 { return load<u32>(changetype<usize>(this), 5); }
  get size(): u32 { return load<u32>(changetype<usize>(this), 9); }
}

export function querySpecificFileResponseStatus0Emit(at: usize, manufacturer: u32, imageType: u32, fileVersion: u32, size: u32): u32 {
  store<u8>(at, 0x00);
  store<u16>(at, manufacturer, 1);
  store<u16>(at, imageType, 3);
  store<u32>(at, fileVersion, 5);
  store<u32>(at, size, 9);
  return 13;
}
