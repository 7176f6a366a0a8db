// Alerts of TLS 1.2: RFC 5246 section 7.2.

export const Alert = {
  CloseNotify: 0,
  UnexpectedMessage: 10,
  BadRecordMac: 20,
  RecordOverflow: 22,
  HandshakeFailure: 40,
  BadCertificate: 42,
  UnsupportedCertificate: 43,
  CertificateExpired: 45,
  IllegalParameter: 47,
  UnknownCa: 48,
  DecodeError: 50,
  DecryptError: 51,
  ProtocolVersion: 70,
  NoRenegotiation: 100,
  UnsupportedExtension: 110,
} as const;

export const WARNING = 1;
export const FATAL = 2;

/** What ends a session: the alert that the peer is sent, and why, for people. */
export class TlsAlert extends Error {
  constructor(
    readonly alert: number,
    message: string,
  ) {
    super(message);
  }
}
