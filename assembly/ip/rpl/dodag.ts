// The graph as every router of it knows it, and how it is told: RFC 6550 sections 6.3 and 8.3.
import { Drop, Layer } from "../../core/host";
import { dropped } from "../../core/drops";
import { ADDRESS_SIZE, GROUP_RPL, SCOPE_LINK, addressMulticast } from "../address";
import { controlBegin, controlEnd, controlMessage } from "../control";
import { HOPS_MAX } from "../ipv6/header";
import { OWN_GLOBAL, OWN_LINK, ownAddress } from "../own";
import { ND_ROUTER_ADDRESS } from "../nd/option";
import { networkBorder } from "../nd/network";
import {
  RPL_DIO_SIZE, RPL_DIS_SIZE, RPL_GROUNDED, RPL_NON_STORING, rplDioEmit, rplDisEmit,
} from "./message";
import {
  RPL_CONFIGURATION_SIZE, RPL_PREFIX_SIZE, RPL_ROUTE_SIZE, RplOption, rplConfigurationEmit, rplObjectiveEmit, rplPrefixEmit, rplRouteEmit,
} from "./option";
import { SEQUENCE_FIRST } from "./sequence";
import { Trickle, trickleStart, trickleStop } from "./trickle";

/** Not in the graph, or leaving it. */
export const RANK_INFINITE: u32 = 0xffff;
/** MRHOF, RFC 6719. */
const OBJECTIVE: u32 = 1;
const FOREVER: u32 = 0xffff_ffff;
const PREFIX_BITS: u32 = 64;
/** What a running network of the other stack has: section 10 of the notes; the instance is not confirmed. */
const INSTANCE: u32 = 0;
const MODE: u32 = RPL_GROUNDED | RPL_NON_STORING;
const PATH_CONTROL_SIZE: u32 = 1;
const INTERVAL: u32 = 9;
const DOUBLINGS: u32 = 12;
const REDUNDANCY: u32 = 3;
const RANK_INCREASE_MAX: u32 = 2048;
const HOP_RANK_INCREASE: u32 = 128;
const LIFETIME: u32 = 64;
const LIFETIME_UNIT_S: u32 = 60;
/** Of the sequence numbers that a line ends with. */
const EPOCH_MASK: u32 = 15;
/** Bounds of what a configuration may say: half a second to 4.7 hours. */
const INTERVAL_MIN: u32 = 6;
const INTERVAL_MAX: u32 = 24;
const DIO_SIZE_MAX: u32 = RPL_DIO_SIZE + RPL_CONFIGURATION_SIZE + RPL_PREFIX_SIZE + RPL_ROUTE_SIZE;

@unmanaged @final
export class Dodag {
  trickle: Trickle;
  rank: u32;
  hopRankIncrease: u32;
  rankIncreaseMax: u32;
  lifetimeUnit: u16;
  instance: u8;
  version: u8;
  mode: u8;
  trigger: u8;
  interval: u8;
  doublings: u8;
  redundancy: u8;
  lifetime: u8;
  pathControlSize: u8;
  /** 1: the configuration is known. */
  configured: u8;
}
export const dodag = changetype<Dodag>(memory.data(offsetof<Dodag>(), 8));
const trickle = memory.data(offsetof<Trickle>(), 8);
const routers = memory.data(ADDRESS_SIZE, 8);

export function dodagReset(): void {
  memory.fill(changetype<usize>(dodag), 0, offsetof<Dodag>());
  dodag.trickle = changetype<Trickle>(trickle);
  trickleStop(dodag.trickle);
  dodag.rank = RANK_INFINITE;
  dodag.instance = <u8>INSTANCE;
  dodag.hopRankIncrease = HOP_RANK_INCREASE;
  dodag.trigger = <u8>SEQUENCE_FIRST;
  addressMulticast(routers, SCOPE_LINK, GROUP_RPL);
}

/** The root's own settings; the epoch is that of `ndForm`. */
export function dodagForm(epoch: u32): void {
  dodag.mode = <u8>MODE;
  dodag.version = <u8>SEQUENCE_FIRST;
  // A root that forgot the ways has another trigger than before, and so is told of them at once.
  dodag.trigger = <u8>(SEQUENCE_FIRST + (epoch & EPOCH_MASK));
  dodag.pathControlSize = <u8>PATH_CONTROL_SIZE;
  dodag.interval = <u8>INTERVAL;
  dodag.doublings = <u8>DOUBLINGS;
  dodag.redundancy = <u8>REDUNDANCY;
  dodag.rankIncreaseMax = RANK_INCREASE_MAX;
  dodag.hopRankIncrease = HOP_RANK_INCREASE;
  dodag.lifetime = <u8>LIFETIME;
  dodag.lifetimeUnit = <u16>LIFETIME_UNIT_S;
  dodag.rank = HOP_RANK_INCREASE;
  dodag.configured = 1;
}

/** Takes the settings of a DIO, if they make sense. */
export function dodagConfigure(option: RplOption): void {
  let most = option.interval + option.doublings;
  if (option.objective != OBJECTIVE || option.hopRankIncreaseMin == 0 || option.interval < INTERVAL_MIN || most > INTERVAL_MAX
    || option.lifetime == 0 || option.lifetimeUnit == 0) return dropped(Layer.Control, Drop.Refused);
  dodag.pathControlSize = <u8>option.pathControlSize;
  dodag.interval = <u8>option.interval;
  dodag.doublings = <u8>option.doublings;
  dodag.redundancy = <u8>option.redundancy;
  dodag.rankIncreaseMax = option.rankIncreaseMax;
  dodag.hopRankIncrease = option.hopRankIncreaseMin;
  dodag.lifetime = <u8>option.lifetime;
  dodag.lifetimeUnit = <u16>option.lifetimeUnit;
  dodag.configured = 1;
}

export function dodagTell(now: i64): void {
  trickleStart(dodag.trickle, 1 << <u32>dodag.interval, dodag.doublings, dodag.redundancy ? dodag.redundancy : 0xffff, now);
}

/** DAGRank: RFC 6550 section 3.5.1. */
export function dagRank(rank: u32): u32 { return rank / dodag.hopRankIncrease; }

/** A DIO to all routers in range, or with the configuration to the one who asked. */
export function dioSend(target: usize, rank: u32, now: i64): void {
  let packet = controlBegin(DIO_SIZE_MAX);
  if (!packet) return;
  let at = controlMessage(packet);
  let size = rplDioEmit(at, dodag.instance, dodag.version, rank, dodag.mode, dodag.trigger, networkBorder());
  if (target) {
    let configuration = at + size;
    size += rplConfigurationEmit(configuration, dodag.pathControlSize, dodag.doublings, dodag.interval, dodag.redundancy);
    rplObjectiveEmit(
      configuration, dodag.rankIncreaseMax, dodag.hopRankIncrease, OBJECTIVE, dodag.lifetime, dodag.lifetimeUnit,
    );
  }
  size += rplPrefixEmit(at + size, PREFIX_BITS, ND_ROUTER_ADDRESS, FOREVER, FOREVER, ownAddress(OWN_GLOBAL));
  size += rplRouteEmit(at + size);
  controlEnd(packet, size, ownAddress(OWN_LINK), target ? target : routers, HOPS_MAX, now);
}

/** Asks one router, or all in range. */
export function disSend(target: usize, now: i64): void {
  let packet = controlBegin(RPL_DIS_SIZE);
  if (!packet) return;
  controlEnd(packet, rplDisEmit(controlMessage(packet)), ownAddress(OWN_LINK), target ? target : routers, HOPS_MAX, now);
}
