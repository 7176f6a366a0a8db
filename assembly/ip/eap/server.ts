// The side of EAP-TLS that admits: RFC 3748 section 4, RFC 5216 section 2.1.
//
//   Identity --answered--> Start --a client's first flight--> Handshake --established, and acknowledged--> Done
//                                                                       \--failed, and the alert acknowledged--> Failed
//
import { Err } from "../../core/err";
import { TlsFlag, TlsProfile } from "../../core/host";
import { EAP_IDENTITY, EAP_REQUEST, EAP_RESPONSE, EAP_TLS, Eap, eapEmit, eapParse, eapTlsEmit, TLS_START } from "./packet";
import { EAP_TLS_SIZE, EapStep, EapTls, eapTlsClose, eapTlsIs, eapTlsOpen, eapTlsPiece, eapTlsReset, eapTlsStep, eapTlsTake } from "./tls";

export enum EapServerState { Identity, Start, Handshake, Done, Failed }

/** One conversation; the handshake lies behind. */
@unmanaged @final
export class EapServer {
  state: EapServerState;
  identifier: u8;
  get tls(): EapTls { return changetype<EapTls>(changetype<usize>(this) + TLS_OFFSET); }
}
const TLS_OFFSET: u32 = 8;
export const EAP_SERVER_SIZE: u32 = TLS_OFFSET + EAP_TLS_SIZE;

export function eapServerReset(server: EapServer): void { eapTlsReset(server.tls); }
export function eapServerClose(server: EapServer): void { eapTlsClose(server.tls); }

/** Begins with any identifier; writes the first request to `out` and answers its size. */
export function eapServerBegin(server: EapServer, identifier: u32, out: usize): u32 {
  server.state = EapServerState.Identity;
  server.identifier = <u8>identifier;
  return eapEmit(out, EAP_REQUEST, identifier, EAP_IDENTITY, 0);
}

/**
 * Takes a response and writes the next request to `out`, where there are EAP_PACKET_MAX octets; answers its size, 0 when there is none,
 * because the state is `Done` or `Failed`, or an `Err` for a response that is passed over.
 */
export function eapServerInput(server: EapServer, at: usize, size: u32, out: usize): i32 {
  let parsed = eapParse(at, size);
  if (parsed < 0) return parsed;
  let response = changetype<Eap>(at);
  if (response.code != EAP_RESPONSE || response.identifier != <u32>server.identifier) return Err.Reserved;
  let isTls = response.type == EAP_TLS;
  switch (server.state) {
    case EapServerState.Identity:
      if (response.type != EAP_IDENTITY) return Err.Reserved;
      server.state = EapServerState.Start;
      return <i32>eapTlsEmit(out, EAP_REQUEST, ++server.identifier, TLS_START, 0, 0, 0);
    case EapServerState.Start:
      if (!isTls || eapTlsOpen(server.tls, TlsProfile.EapServer) < 0) return end(server, EapServerState.Failed);
      server.state = EapServerState.Handshake;
      return handshake(server, response, out);
    case EapServerState.Handshake:
      return isTls ? handshake(server, response, out) : Err.Reserved;
    default:
      return Err.BadState;
  }
}

function handshake(server: EapServer, response: Eap, out: usize): i32 {
  let tls = server.tls;
  let step = eapTlsTake(tls, response);
  while (step == EapStep.Working) step = eapTlsStep(tls);
  switch (step) {
    case EapStep.Refused: return Err.BadState;
    case EapStep.Piece: return <i32>eapTlsPiece(tls, out, EAP_REQUEST, ++server.identifier);
    case EapStep.Whole: return end(server, eapTlsIs(tls, TlsFlag.Established) ? EapServerState.Done : EapServerState.Failed);
    default: return end(server, EapServerState.Failed);
  }
}

function end(server: EapServer, state: EapServerState): i32 {
  server.state = state;
  return 0;
}
