// DeviceCapability: what each device has.
import { constant } from "../../core/constants";
import { Row } from "../rows";
import { Name } from "../schema/names";
import { END, LINK, LIST_LINK, POLL } from "../template_rows";

export const HUB_CAPABILITY = constant<u16>([
  Name.pollRate, POLL,
  Name.TariffProfileListLink, LIST_LINK | Row.Tariffs,
  Name.TimeLink, LINK | Row.Time,
  Name.UsagePointListLink, LIST_LINK | Row.Usages,
  Name.EndDeviceListLink, LIST_LINK | Row.Devices,
  Name.MirrorUsagePointListLink, LIST_LINK | Row.Mirrors,
  Name.SelfDeviceLink, LINK | Row.SelfDevice,
  0, END,
]);

export const METER_CAPABILITY = constant<u16>([
  Name.pollRate, POLL,
  Name.TimeLink, LINK | Row.Time,
  Name.UsagePointListLink, LIST_LINK | Row.Usages,
  0, END,
]);
