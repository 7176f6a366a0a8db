// SelfDevice, EndDevice and Registration: IEEE 2030.5 sections 10.2 and 10.3.
import { constant } from "../../core/constants";
import { Row, Value } from "../rows";
import { Name } from "../schema/names";
import { END, FIXED, HEX, LINK, WHOLE } from "../template_rows";

export const SELF_DEVICE = constant<u16>([
  Name.lFDI, HEX | Value.OwnLfdi,
  Name.sFDI, WHOLE | Value.OwnSfdi,
  0, END,
]);

export const DEVICE = constant<u16>([
  Name.lFDI, HEX | Value.DeviceLfdi,
  Name.sFDI, WHOLE | Value.DeviceSfdi,
  Name.changedTime, WHOLE | Value.DeviceChanged,
  Name.enabled, FIXED | 1,
  Name.RegistrationLink, LINK | Row.Registration,
  0, END,
]);

export const REGISTRATION = constant<u16>([
  Name.dateTimeRegistered, WHOLE | Value.DeviceChanged,
  Name.pIN, WHOLE | Value.DevicePin,
  0, END,
]);
