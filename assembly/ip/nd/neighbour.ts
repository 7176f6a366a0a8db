// What every role does with a neighbour's messages: it answers a plain solicitation, and learns that a probed neighbour lives.
import { Drop, Layer } from "../../core/host";
import { dropped } from "../../core/drops";
import { controlBegin, controlEnd, controlMessage } from "../control";
import { HOPS_MAX, Ipv6 } from "../ipv6/header";
import { ownIs } from "../own";
import { Packet } from "../packet";
import {
  ND_NEIGHBOUR_ADVERTISEMENT, ND_NEIGHBOUR_SIZE, ND_OVERRIDE, ND_SOLICITED, NdMessage, ndNeighbourEmit, ndParse,
} from "./message";

/** The message if it is one; else 0, and counted. */
export function ndMessage(at: usize, size: u32): NdMessage {
  if (ndParse(at, size) >= 0) return changetype<NdMessage>(at);
  dropped(Layer.Control, Drop.Malformed);
  return changetype<NdMessage>(0);
}

/** Answers a solicitation of an address of ours, with `flags` as router or not; its sender was looked at. */
export function ndAnswer(message: NdMessage, packet: Packet, flags: u32, now: i64): void {
  if (!ownIs(message.target)) return dropped(Layer.Control, Drop.Foreign);
  let answer = controlBegin(ND_NEIGHBOUR_SIZE);
  if (!answer) return;
  let size = ndNeighbourEmit(
    controlMessage(answer), ND_NEIGHBOUR_ADVERTISEMENT, flags | ND_SOLICITED | ND_OVERRIDE, message.target,
  );
  controlEnd(answer, size, message.target, changetype<Ipv6>(packet.at).source, HOPS_MAX, now);
}
