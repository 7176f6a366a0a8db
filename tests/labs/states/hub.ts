// A hub as it ships; host/build/procedures.ts adds a door to where each of its procedures stands.
export { abi, poll, start } from "../../../assembly/devices/hub_sep1";
