// A display as it ships, with a door to where each of its procedures stands: host/build/labs.ts adds the doors to their files.
import { stateOf as stateOfAssociation } from "../../../assembly/mac/associate";
import { stateOf as stateOfCommissioning } from "../../../assembly/sep1/commissioning";
import { stateOf as stateOfExchange } from "../../../assembly/sep1/key_establishment/exchange";
import { stateOf as stateOfPartners } from "../../../assembly/sep1/partners";
import { stateOf as stateOfJoin } from "../../../assembly/zigbee/nwk/join";

export { abi, poll, start } from "../../../assembly/devices/ihd_sep1";

export function stateOf(procedure: u32): u32 {
  switch (procedure) {
    case 0: return stateOfAssociation();
    case 1: return stateOfCommissioning();
    case 2: return stateOfExchange();
    case 3: return stateOfPartners();
    default: return stateOfJoin();
  }
}
