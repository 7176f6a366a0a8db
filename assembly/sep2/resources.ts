// The resources of our devices: IEEE 2030.5 section 10, with the paths and methods of its WADL.  Numbers of rows: rows.ts.
//
// Who may is the standard's default policy: DeviceCapability anyone, everything else who is registered and has a device's certificate.
// Time tells nothing of a household: a certificate is enough.  A meter knows no list: whoever the network let in is registered there.
import { constant, constantText } from "../core/constants";
import { ANYONE, DELETE, GET, HUB, METER, OWNER, POST, PROVEN, PUT, REGISTERED } from "./rights";
import { Row, Thing } from "./rows";
import { Name, Type } from "./schema/names";
import { HUB_CAPABILITY, METER_CAPABILITY } from "./sets/capability";
import { DEVICE, REGISTRATION, SELF_DEVICE } from "./sets/devices_template";
import { CONSUMPTION, INTERVAL, RATE, RATE_TYPE, TARIFF } from "./sets/tariffs_template";
import { TIME } from "./sets/time_template";
import { METER_READING, MIRROR, READING, READING_TYPE, USAGE } from "./sets/usage_template";

const PATH_DCAP = constantText("/dcap");
const PATH_TM = constantText("/tm");
const PATH_SDEV = constantText("/sdev");
const PATH_EDEVS = constantText("/edev");
const PATH_EDEV = constantText("/edev/#");
const PATH_RG = constantText("/edev/#/rg");
const PATH_TPS = constantText("/tp");
const PATH_TP = constantText("/tp/#");
const PATH_RCS = constantText("/tp/#/rc");
const PATH_RC = constantText("/tp/#/rc/#");
const PATH_RC_RT = constantText("/tp/#/rc/#/rt");
const PATH_TTIS = constantText("/tp/#/rc/#/tti");
const PATH_TTI = constantText("/tp/#/rc/#/tti/#");
const PATH_CTIS = constantText("/tp/#/rc/#/tti/#/cti");
const PATH_CTI = constantText("/tp/#/rc/#/tti/#/cti/#");
const PATH_UPTS = constantText("/upt");
const PATH_UPT = constantText("/upt/#");
const PATH_MRS = constantText("/upt/#/mr");
const PATH_MR = constantText("/upt/#/mr/#");
const PATH_RT = constantText("/upt/#/mr/#/rt");
const PATH_MUPS = constantText("/mup");
const PATH_MUP = constantText("/mup/#");
const PATH_R = constantText("/upt/#/mr/#/r");

const BOTH: u32 = HUB | METER;

export const RESOURCE_COUNT: u32 = 24;
export const RESOURCES = constant<u16>([
  PATH_DCAP, GET | HUB | ANYONE, Type.DeviceCapability, 0, HUB_CAPABILITY, 0,
  PATH_DCAP, GET | METER | ANYONE, Type.DeviceCapability, 0, METER_CAPABILITY, 0,
  PATH_TM, GET | BOTH | PROVEN, Type.Time, 0, TIME, 0,
  PATH_SDEV, GET | HUB | REGISTERED, Type.SelfDevice, 0, SELF_DEVICE, 0,
  PATH_EDEVS, GET | HUB | REGISTERED, Type.EndDeviceList, 0, 0, Row.Device,
  PATH_EDEV, GET | HUB | OWNER, Type.EndDevice, Name.EndDevice, DEVICE, Thing.Device << 8,
  PATH_RG, GET | HUB | OWNER, Type.Registration, 0, REGISTRATION, Thing.Device << 8,
  PATH_TPS, GET | HUB | REGISTERED, Type.TariffProfileList, 0, 0, Row.Tariff,
  PATH_TP, GET | HUB | REGISTERED, Type.TariffProfile, Name.TariffProfile, TARIFF, Thing.Tariff << 8,
  PATH_RCS, GET | HUB | REGISTERED, Type.RateComponentList, 0, 0, Row.Rate | Thing.Tariff << 8,
  PATH_RC, GET | HUB | REGISTERED, Type.RateComponent, Name.RateComponent, RATE, Thing.Rate << 8,
  PATH_RC_RT, GET | HUB | REGISTERED, Type.ReadingType, 0, RATE_TYPE, Thing.Rate << 8,
  PATH_TTIS, GET | HUB | REGISTERED, Type.TimeTariffIntervalList, 0, 0, Row.Interval | Thing.Rate << 8,
  PATH_TTI, GET | HUB | REGISTERED, Type.TimeTariffInterval, Name.TimeTariffInterval, INTERVAL, Thing.Interval << 8,
  PATH_CTIS, GET | HUB | REGISTERED, Type.ConsumptionTariffIntervalList, 0, 0, Row.Consumption | Thing.Interval << 8,
  PATH_CTI, GET | HUB | REGISTERED, Type.ConsumptionTariffInterval, Name.ConsumptionTariffInterval, CONSUMPTION, Thing.Consumption << 8,
  PATH_UPTS, GET | BOTH | REGISTERED, Type.UsagePointList, 0, 0, Row.Usage,
  PATH_UPT, GET | BOTH | REGISTERED, Type.UsagePoint, Name.UsagePoint, USAGE, Thing.Usage << 8,
  PATH_MRS, GET | BOTH | REGISTERED, Type.MeterReadingList, 0, 0, Row.MeterReading | Thing.Usage << 8,
  PATH_MR, GET | BOTH | REGISTERED, Type.MeterReading, Name.MeterReading, METER_READING, Thing.MeterReading << 8,
  PATH_RT, GET | BOTH | REGISTERED, Type.ReadingType, 0, READING_TYPE, Thing.MeterReading << 8,
  PATH_R, GET | BOTH | REGISTERED, Type.Reading, 0, READING, Thing.MeterReading << 8,
  PATH_MUPS, GET | POST | HUB | REGISTERED, Type.MirrorUsagePointList, 0, 0, Row.Mirror,
  PATH_MUP, GET | POST | PUT | DELETE | HUB | OWNER, Type.MirrorUsagePoint, Name.MirrorUsagePoint, MIRROR, Thing.Mirror << 8,
]);
