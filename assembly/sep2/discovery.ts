// What each device says that it serves, by multicast DNS, and whom the others look for: IEEE 2030.5 section 9.
//
//   _smartenergy._tcp    port 80, txtvers=1, dcap=/dcap, https=443, level=-S1; of a function set its path, /edev of edev, as well
import { constantText } from "../core/constants";
import { finderStart } from "../ip/dns/finder";
import { serviceBegin } from "../ip/dns/services";
import { HTTP_PORT } from "./ports";

/** Function sets with a resource of their own, and a blank between two. */
export const HUB_SETS = constantText("edev mup sdev tm tp");
export const METER_SETS = constantText("tm upt");
const STRINGS = constantText("\x09txtvers=1\x0adcap=/dcap\x09https=443\x09level=-S1");
/** Where devices register: of the one that the others are served by. */
const SERVER = constantText("edev");

/** Says from now on that we have function sets. */
export function discoveryServe(sets: u32): void { serviceBegin(HTTP_PORT, sets, STRINGS); }

/** Looks for the server from now on. */
export function discoverySeek(now: i64): void { finderStart(SERVER, now); }
