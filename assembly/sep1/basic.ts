// Basic cluster, server: 075123, section 3.2; and the one attribute of Key Establishment, SE 1.4a annex C.3.1.2.1.
import { constantString, constantText } from "../core/constants";
import { ATTRIBUTES_END } from "../zigbee/zcl/attributes";
import { ZCL_ENUM16, ZCL_ENUM8, ZCL_STRING, ZCL_UINT8 } from "../zigbee/zcl/types";

const ZCL_VERSION: u32 = 0x0000;
const APPLICATION_VERSION: u32 = 0x0001;
const MANUFACTURER_NAME: u32 = 0x0004;
const MODEL_IDENTIFIER: u32 = 0x0005;
const POWER_SOURCE: u32 = 0x0007;

export const POWER_MAINS: u32 = 0x01;
export const POWER_BATTERY: u32 = 0x03;
/** Both suites, as the attribute and the initiate command number them. */
const SUITES: u32 = 0x0003;

export const BASIC_ATTRIBUTES = memory.data<u32>([
  ZCL_VERSION | ZCL_UINT8 << 16,
  APPLICATION_VERSION | ZCL_UINT8 << 16,
  MANUFACTURER_NAME | ZCL_STRING << 16,
  MODEL_IDENTIFIER | ZCL_STRING << 16,
  POWER_SOURCE | ZCL_ENUM8 << 16,
  ATTRIBUTES_END,
]);
export const KEY_ESTABLISHMENT_ATTRIBUTES = memory.data<u32>([ZCL_ENUM16 << 16, ATTRIBUTES_END]);

const manufacturer = constantText("kilowasm");
const MODEL_MAX: u32 = 16;

/** Writes a value; `model` is the device's counted string (core/constants). */
export function basicValue(id: u32, at: usize, model: u32, powerSource: u32): u32 {
  switch (id) {
    case ZCL_VERSION: case APPLICATION_VERSION: {
      store<u8>(at, 1);
      return 1;
    }
    case MANUFACTURER_NAME: return constantString(manufacturer, at, MODEL_MAX);
    case MODEL_IDENTIFIER: return constantString(model, at, MODEL_MAX);
  }
  store<u8>(at, powerSource);
  return 1;
}

export function keyEstablishmentValue(at: usize): u32 {
  store<u16>(at, SUITES);
  return 2;
}
