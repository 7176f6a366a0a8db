// Whether a peer's chain leads to a root of ours: RFC 5280 section 6.1, and the profile of IEEE 2030.5 section 6.11.8.
import { Alert, TlsAlert } from "./alert.ts";
import {
  type Certificate,
  CHAIN_MAX,
  constraintsOf,
  hardwareModuleOf,
  isSignedBy,
  judged,
  keyUsageOf,
  OID,
  policiesOf,
  readCertificate,
} from "./x509.ts";

const KEY_USAGE = { digitalSignature: 0, keyAgreement: 4, keyCertSign: 5 };
/** 1.3.6.1.4.1.40732.1: device types. */
const DEVICE_POLICY = "1.3.6.1.4.1.40732.1.";
const KNOWN = new Set<string>([
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
  OID.keyUsage,
  OID.subjectAltName,
  OID.basicConstraints,
  OID.certificatePolicies,
  OID.extendedKeyUsage,
]);

const bad = (message: string): TlsAlert => new TlsAlert(Alert.BadCertificate, message);

/** Answers the leaf of a chain that is good at `nowMs`, or throws the alert.  Without a time validity is not judged. */
export function verifyChain(chain: Uint8Array[], roots: Uint8Array[], nowMs: number | undefined): Certificate {
  return judged(() => verify(chain, roots, nowMs));
}

function verify(chain: Uint8Array[], roots: Uint8Array[], nowMs: number | undefined): Certificate {
  if (chain.length === 0) throw new TlsAlert(Alert.HandshakeFailure, "the peer has no certificate");
  if (chain.length > CHAIN_MAX) throw bad(`a chain of ${chain.length} certificates; ${CHAIN_MAX} are taken`);
  const certificates = chain.map(readCertificate);
  const leaf = certificates[0] as Certificate;
  for (const certificate of certificates) verifyOne(certificate, nowMs);
  for (let index = 1; index < certificates.length; index++)
    verifyLink(certificates[index - 1] as Certificate, certificates[index] as Certificate, index - 1);
  verifyAnchor(certificates, roots.map(readCertificate));
  verifyDevice(leaf);
  return leaf;
}

function verifyOne(certificate: Certificate, nowMs: number | undefined): void {
  if (nowMs !== undefined && (nowMs < certificate.notBefore || nowMs > certificate.notAfter))
    throw new TlsAlert(Alert.CertificateExpired, "a certificate is not valid at this time");
  for (const [name, extension] of certificate.extensions) {
    if (extension.critical && !KNOWN.has(name))
      throw new TlsAlert(Alert.UnsupportedCertificate, `the critical extension ${name} is not known`);
    const identifier = name === OID.authorityKeyIdentifier || name === OID.subjectKeyIdentifier;
    if (identifier && extension.critical) throw bad(`the extension ${name} is critical`);
  }
}

/** `issuer` stands `below` authorities above the leaf. */
function verifyLink(certificate: Certificate, issuer: Certificate, below: number): void {
  if (!Buffer.from(certificate.issuer).equals(issuer.subject)) throw new TlsAlert(Alert.UnknownCa, "a chain whose names do not follow");
  const { authority, path } = constraintsOf(issuer);
  if (!authority || !issuer.extensions.get(OID.basicConstraints)?.critical) throw bad("an issuer is no authority");
  if (path !== undefined && path < below) throw bad("a chain is longer than its authority allows");
  const usage = keyUsageOf(issuer);
  if (!usage?.(KEY_USAGE.keyCertSign) || !issuer.extensions.get(OID.keyUsage)?.critical)
    throw bad("an issuer's key is not for certificates");
  if (!isSignedBy(certificate, issuer)) throw bad("a certificate is not signed by its issuer");
}

/** The chain's end is a root, or signed by one. */
function verifyAnchor(certificates: Certificate[], roots: Certificate[]): void {
  const last = certificates[certificates.length - 1] as Certificate;
  if (certificates.length > 1 && roots.some((root) => root.der.equals(last.der))) return;
  const named = roots.filter((root) => Buffer.from(root.subject).equals(last.issuer));
  if (!named.some((root) => isSignedBy(last, root))) throw new TlsAlert(Alert.UnknownCa, "a chain leads to none of our roots");
}

/** The leaf is a device's: critical usage, name and policy. */
function verifyDevice(leaf: Certificate): void {
  if (constraintsOf(leaf).authority) throw bad("an authority's certificate is no device's");
  const usage = keyUsageOf(leaf);
  if (!usage?.(KEY_USAGE.digitalSignature)) throw bad("a device's key is not for signatures");
  for (const name of [OID.keyUsage, OID.certificatePolicies]) {
    if (!leaf.extensions.get(name)?.critical) throw bad(`a device's certificate has no critical ${name}`);
  }
  if (!policiesOf(leaf).some((policy) => policy.startsWith(DEVICE_POLICY)))
    throw bad("a device's certificate has no policy of IEEE 2030.5");
  const name = leaf.extensions.get(OID.subjectAltName);
  if (name && !name.critical) throw bad("a device's name is not critical");
  if (!name || !hardwareModuleOf(leaf)) throw bad("a device's certificate has no hardware module name");
}
