// TLS, identity and derived keys on a board that has none of them.
import { Err } from "../err.ts";

export class NoTls {
  tlsReserve(): number {
    return Err.NotFound;
  }

  tlsOpen(): number {
    return Err.NotFound;
  }

  tlsFeed(): number {
    return Err.NotFound;
  }

  tlsDrain(): number {
    return Err.NotFound;
  }

  tlsRead(): number {
    return Err.NotFound;
  }

  tlsWrite(): number {
    return Err.NotFound;
  }

  tlsClose(): number {
    return Err.NotFound;
  }

  tlsState(): number {
    return Err.NotFound;
  }

  tlsExport(): number {
    return Err.NotFound;
  }

  keyDerive(): number {
    return Err.NotFound;
  }

  hmacSha256(): number {
    return Err.NotFound;
  }

  ctrCrypt(): number {
    return Err.NotFound;
  }

  identityMake(): number {
    return Err.NotFound;
  }

  identityRequest(): number {
    return Err.NotFound;
  }

  identityInstall(): number {
    return Err.NotFound;
  }
}
