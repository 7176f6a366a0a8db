// Metering cluster, server: the register as attributes.  Unit, scale and formats are constants of clusters/instances.json: kWh times 1 over
// 1000, so the register is exact to the watt-hour and the demand to the watt; leading zeros suppressed, annex D.3.2.2.4.4.
import { Log, log } from "../../core/host";
import { LOG_REGISTER_SIZE, LogRegister } from "../../core/log";
import { register } from "../../model/register";
import { METERING_DEMAND_MAX, METERING_NO_DEMAND, METERING_NO_SUMMATION } from "./values";

/** The register as it travels. */
@unmanaged @final
export class MeteringNow {
  summation: i64;
  demand: i32;
}
export const meteringNow = changetype<MeteringNow>(memory.data(offsetof<MeteringNow>(), 8));

export function meteringRefresh(now: i64): void {
  meteringNow.summation = register.importKnown ? register.importWh : METERING_NO_SUMMATION;
  meteringNow.demand = demand();
}

const noted = changetype<LogRegister>(memory.data(LOG_REGISTER_SIZE, 8));

/** Log.Register: what was just told. */
export function meteringNote(): void {
  if (!register.importKnown) return;
  noted.importWh = register.importWh;
  noted.powerW = register.powerW;
  log(Log.Register, changetype<usize>(noted), LOG_REGISTER_SIZE);
}

function demand(): i32 {
  if (!register.powerKnown) return METERING_NO_DEMAND;
  return min<i32>(max<i32>(register.powerW, -METERING_DEMAND_MAX), METERING_DEMAND_MAX);
}
