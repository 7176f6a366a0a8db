// The side of EAP-TLS that wants to join: RFC 3748 section 4, RFC 5216 section 2.1.
//
//   Idle --identity, answered--> Idle --start, answered by a client's first flight--> Handshake --established--> Idle, until success
//
import { constantText } from "../../core/constants";
import { Err } from "../../core/err";
import { constantRead, TlsFlag, TlsProfile } from "../../core/host";
import {
  EAP_IDENTITY, EAP_NAK, EAP_REQUEST, EAP_RESPONSE, EAP_TLS, EAP_TYPED_SIZE, Eap, eapEmit, eapParse, TLS_START,
} from "./packet";
import {
  EAP_TLS_SIZE, EapStep, EapTls, eapTlsClose, eapTlsIs, eapTlsKeep, eapTlsOpen, eapTlsPiece, eapTlsReset, eapTlsStep, eapTlsTake,
} from "./tls";

/** Whoever the device is, its certificate says; this goes over the air in the clear. */
const NAME = constantText("anonymous");
const NAME_SIZE: u32 = 9;

const tls = changetype<EapTls>(memory.data(EAP_TLS_SIZE, 8));
/** Of the request whose piece the engine takes. */
let identifier: u32 = 0;

export function peerReset(): void { eapTlsReset(tls); }
export function peerClose(): void { eapTlsClose(tls); }

/** The session of the engine, for its key; only after `peerEstablished`. */
export function peerSession(): i32 { return tls.session; }
/** Whether we know the other side, and it us: only then a success is one. */
export function peerEstablished(): bool { return eapTlsIs(tls, TlsFlag.Established); }

/**
 * Takes a request and writes what answers it to `out`, where there are EAP_PACKET_MAX octets; answers the response's size, an `Err` for
 * what is not answered, or 0 where `peerStep` has to go on first: until then `out` keeps what is left of the request.
 */
export function peerInput(at: usize, size: u32, out: usize): i32 {
  let parsed = eapParse(at, size);
  if (parsed < 0) return parsed;
  let request = changetype<Eap>(at);
  if (request.code != EAP_REQUEST) return Err.Reserved;
  if (request.type == EAP_IDENTITY) {
    constantRead(NAME + 1, out + EAP_TYPED_SIZE, NAME_SIZE);
    return eapEmit(out, EAP_RESPONSE, request.identifier, EAP_IDENTITY, NAME_SIZE);
  }
  if (request.type != EAP_TLS) {
    if (request.type <= EAP_NAK) return Err.Reserved;
    store<u8>(out, EAP_TLS, EAP_TYPED_SIZE); // section 5.3.1: what we would rather do
    return eapEmit(out, EAP_RESPONSE, request.identifier, EAP_NAK, 1);
  }
  if (request.flags & TLS_START) {
    let opened = eapTlsOpen(tls, TlsProfile.EapClient);
    return opened < 0 ? opened : <i32>eapTlsPiece(tls, out, EAP_RESPONSE, request.identifier);
  }
  if (tls.session < 0) return Err.BadState;
  identifier = request.identifier;
  return answer(eapTlsTake(tls, request), out);
}

/** Goes on after an answer of 0, with the same `out`: as `peerInput`. */
export function peerStep(out: usize): i32 { return answer(eapTlsStep(tls), out); }

function answer(step: EapStep, out: usize): i32 {
  if (step == EapStep.Refused || step == EapStep.Broken) return Err.BadState;
  if (step != EapStep.Working) return <i32>eapTlsPiece(tls, out, EAP_RESPONSE, identifier);
  eapTlsKeep(tls, out);
  return 0;
}
