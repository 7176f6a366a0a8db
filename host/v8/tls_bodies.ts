// The imports of TLS, identity and derived keys: ranges of the module's memory, handed to the board's half (tls.ts).
import { Err } from "../err.ts";
import type { TlsBoard } from "./tls.ts";

const DIGEST = 32;
const COUNTER = 16;

export abstract class TlsBodies {
  /** Absent on a board that has none of it. */
  protected abstract readonly tls: TlsBoard | undefined;
  /** The module's own octets: to read from, and to write to. */
  protected abstract view(at: number, size: number): Uint8Array;

  tlsReserve(sessions: number, secrets: number): number {
    return this.tls?.reserve(sessions, secrets) ?? Err.NotFound;
  }

  tlsOpen(profile: number, time: bigint): number {
    return this.tls?.open(profile, time) ?? Err.NotFound;
  }

  tlsFeed(session: number, at: number, size: number): number {
    return this.tls?.feed(session, this.view(at, size)) ?? Err.NotFound;
  }

  tlsDrain(session: number, at: number, capacity: number): number {
    return this.tls?.drain(session, this.view(at, capacity)) ?? Err.NotFound;
  }

  tlsRead(session: number, at: number, capacity: number): number {
    return this.tls?.read(session, this.view(at, capacity)) ?? Err.NotFound;
  }

  tlsWrite(session: number, at: number, size: number): number {
    return this.tls?.write(session, this.view(at, size)) ?? Err.NotFound;
  }

  tlsClose(session: number, how: number): number {
    return this.tls?.close(session, how) ?? Err.NotFound;
  }

  tlsState(session: number, at: number, capacity: number): number {
    return this.tls?.state(session, this.view(at, capacity)) ?? Err.NotFound;
  }

  tlsExport(session: number, secret: number): number {
    return this.tls?.export(session, secret) ?? Err.NotFound;
  }

  keyDerive(key: number, at: number, size: number, target: number): number {
    return this.tls?.derive(key, this.view(at, size), target) ?? Err.NotFound;
  }

  hmacSha256(key: number, at: number, size: number, out: number): number {
    return this.tls?.hmac(key, this.view(at, size), this.view(out, DIGEST)) ?? Err.NotFound;
  }

  ctrCrypt(key: number, counter: number, text: number, textSize: number): number {
    return this.tls?.ctr(key, this.view(counter, COUNTER), this.view(text, textSize)) ?? Err.NotFound;
  }

  identityMake(): number {
    return this.tls?.make() ?? Err.NotFound;
  }

  identityRequest(at: number, capacity: number): number {
    return this.tls?.request(this.view(at, capacity)) ?? Err.NotFound;
  }

  identityInstall(at: number, size: number): number {
    return this.tls?.install(this.view(at, size)) ?? Err.NotFound;
  }
}
