// Both sides of EAP-TLS with the board's TLS beneath, for programs that speak EAP over another medium than PANA.
import { hmacSha256, keyDerive, KeyName, tlsExport, tlsReserve } from "../../../assembly/core/host";
import { peerClose, peerEstablished, peerInput, peerReset, peerSession, peerStep } from "../../../assembly/ip/eap/peer";
import {
  EAP_SERVER_SIZE, EapServer, eapServerBegin, eapServerClose, eapServerInput, eapServerReset,
} from "../../../assembly/ip/eap/server";
export { abi } from "../../../assembly/devices/loop";

const OUT: u32 = 2048;
const area = memory.data(4096, 8);
const server = changetype<EapServer>(memory.data(EAP_SERVER_SIZE, 8));
const MASTER: u32 = KeyName.Secret;
const DERIVED: u32 = KeyName.Secret + 1;

export function start(now: i64, reason: u32): void {
  tlsReserve(2, 2);
  eapServerReset(server);
  peerReset();
}

export function poll(now: i64): i64 { return i64.MAX_VALUE; }

/** Packets lie at the beginning, what answers them behind. */
export function areaAt(): usize { return area; }
export function begin(identifier: u32): u32 {
  eapServerClose(server);
  return eapServerBegin(server, identifier, area + OUT);
}
export function serve(size: u32): i32 { return eapServerInput(server, area, size, area + OUT); }
export function state(): u32 { return server.state; }
export function identifier(): u32 { return server.identifier; }
/** As a client of PANA does in one poll after another. */
export function answer(size: u32): i32 {
  let answered = peerInput(area, size, area + OUT);
  while (answered == 0) answered = peerStep(area + OUT);
  return answered;
}
export function established(): u32 { return u32(peerEstablished()); }
export function close(): void { peerClose(); }

/** Of the key that both sides export: HMAC(HMAC(key, 1), 2), because nothing else can be seen of it.  Answers where it is. */
export function digest(isServer: bool): usize {
  let session = isServer ? server.tls.session : peerSession();
  if (tlsExport(session, MASTER) < 0) return 0;
  store<u8>(area, 1);
  if (keyDerive(MASTER, area, 1, DERIVED) < 0) return 0;
  store<u8>(area, 2);
  return hmacSha256(DERIVED, area, 1, area + OUT) < 0 ? 0 : area + OUT;
}
