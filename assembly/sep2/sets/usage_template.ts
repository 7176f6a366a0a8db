// Metering and its mirror: IEEE 2030.5 sections 12.2 and 12.3.
import { constant } from "../../core/constants";
import { Row, Value } from "../rows";
import { Name } from "../schema/names";
import { CLOSE, END, HEX, LINK, LIST_LINK, OPEN, WHOLE } from "../template_rows";

export const USAGE = constant<u16>([
  Name.mRID, HEX | Value.UsageMrid,
  Name.roleFlags, HEX | Value.UsageRole,
  Name.serviceCategoryKind, WHOLE | Value.UsageService,
  Name.status, WHOLE | Value.UsageStatus,
  Name.deviceLFDI, HEX | Value.UsageLfdi,
  Name.MeterReadingListLink, LIST_LINK | Row.MeterReadings,
  0, END,
]);

export const METER_READING = constant<u16>([
  Name.mRID, HEX | Value.ReadingMrid,
  Name.ReadingLink, LINK | Row.Reading,
  Name.ReadingTypeLink, LINK | Row.ReadingType,
  0, END,
]);

export const READING_TYPE = constant<u16>([
  Name.accumulationBehaviour, WHOLE | Value.Accumulation,
  Name.commodity, WHOLE | Value.Commodity,
  Name.dataQualifier, WHOLE | Value.Qualifier,
  Name.flowDirection, WHOLE | Value.Direction,
  Name.kind, WHOLE | Value.Kind,
  Name.powerOfTenMultiplier, WHOLE | Value.PowerOfTen,
  Name.uom, WHOLE | Value.Unit,
  0, END,
]);

export const READING = constant<u16>([
  Name.qualityFlags, HEX | Value.ReadingQuality,
  Name.timePeriod, OPEN,
  Name.duration, WHOLE | Value.ReadingDuration,
  Name.start, WHOLE | Value.ReadingStart,
  0, CLOSE,
  Name.value, WHOLE | Value.Reading,
  0, END,
]);

/** What a server says of a mirror: what is read stands below /upt. */
export const MIRROR = constant<u16>([
  Name.mRID, HEX | Value.UsageMrid,
  Name.roleFlags, HEX | Value.UsageRole,
  Name.serviceCategoryKind, WHOLE | Value.UsageService,
  Name.status, WHOLE | Value.UsageStatus,
  Name.deviceLFDI, HEX | Value.UsageLfdi,
  Name.postRate, WHOLE | Value.PostRate,
  0, END,
]);

/** What a meter tells of its usage point, and of each reading. */
export const MIRROR_USAGE = constant<u16>([
  Name.mRID, HEX | Value.UsageMrid,
  Name.roleFlags, HEX | Value.UsageRole,
  Name.serviceCategoryKind, WHOLE | Value.UsageService,
  Name.status, WHOLE | Value.UsageStatus,
  Name.deviceLFDI, HEX | Value.UsageLfdi,
  0, END,
]);

export const MIRROR_READING = constant<u16>([
  Name.mRID, HEX | Value.ReadingMrid,
  Name.Reading, OPEN,
  Name.qualityFlags, HEX | Value.ReadingQuality,
  Name.timePeriod, OPEN,
  Name.duration, WHOLE | Value.ReadingDuration,
  Name.start, WHOLE | Value.ReadingStart,
  0, CLOSE,
  Name.value, WHOLE | Value.Reading,
  0, CLOSE,
  Name.ReadingType, OPEN,
  Name.accumulationBehaviour, WHOLE | Value.Accumulation,
  Name.commodity, WHOLE | Value.Commodity,
  Name.dataQualifier, WHOLE | Value.Qualifier,
  Name.flowDirection, WHOLE | Value.Direction,
  Name.kind, WHOLE | Value.Kind,
  Name.powerOfTenMultiplier, WHOLE | Value.PowerOfTen,
  Name.uom, WHOLE | Value.Unit,
  0, CLOSE,
  0, END,
]);
