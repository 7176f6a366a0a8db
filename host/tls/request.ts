// A device's request for a certificate: PKCS#10, RFC 2986, with the name that it asks for as an extension (RFC 2985 section 5.4.2).
//
//   SEQUENCE { version 0, subject (empty), SubjectPublicKeyInfo, [0] { extensionRequest { SubjectAltName, critical } } }, signed with the key
import * as asn1js from "asn1js";
import { Alert, TlsAlert } from "./alert.ts";
import { arrayBuffer, derOf, hardwareModuleName, sign, tagged } from "./authority.ts";
import { pointOf, publicKeyObject, publicPoint, subjectPublicKeyInfo, verifyDer } from "./p256.ts";
import { berOf, children, extensionsIn, hardwareModuleIn, identifierOf, judged, OID, wholeOf } from "./x509.ts";

export interface CertificateRequest {
  point: Buffer;
  hardwareType: string;
  serial: Buffer;
}

/** What `identity_request` of a board answers, made by the host: for a simulated device. */
export function makeRequest(privateKey: Uint8Array, hardwareType: string, serial: Uint8Array): Buffer {
  const name = new asn1js.Sequence({
    value: [
      new asn1js.ObjectIdentifier({ value: OID.subjectAltName }),
      new asn1js.Boolean({ value: true }),
      new asn1js.OctetString({ valueHex: arrayBuffer(derOf(hardwareModuleName(hardwareType, serial))) }),
    ],
  });
  const attribute = new asn1js.Sequence({
    value: [
      new asn1js.ObjectIdentifier({ value: OID.extensionRequest }),
      new asn1js.Set({ value: [new asn1js.Sequence({ value: [name] })] }),
    ],
  });
  const body = new asn1js.Sequence({
    value: [
      new asn1js.Integer({ value: 0 }),
      new asn1js.Sequence({ value: [] }),
      wholeOf(subjectPublicKeyInfo(publicPoint(privateKey))),
      tagged(0, [attribute]),
    ],
  });
  return sign(body, privateKey);
}

/** Reads a request and verifies that its sender has the key; throws a TlsAlert that says what is wrong. */
export function readRequest(der: Uint8Array): CertificateRequest {
  return judged(() => read(der));
}

function read(der: Uint8Array): CertificateRequest {
  const bad = (message: string): TlsAlert => new TlsAlert(Alert.BadCertificate, message);
  const [body, algorithm, signature] = children(wholeOf(der), "a certificate request", 3) as asn1js.BaseBlock[];
  const [, , spki, attributes] = children(body, "a certificate request's body", 4);
  const point = pointOf(berOf(spki));
  const key = publicKeyObject(berOf(spki));
  if (!point || !key) throw bad("a certificate request is for another key than one of P-256");
  if (identifierOf(children(algorithm, "an algorithm", 1)[0]) !== OID.ecdsaWithSha256)
    throw bad("a request is not signed with ecdsa-with-SHA256");
  if (!(signature instanceof asn1js.BitString)) throw bad("a certificate request has no signature");
  if (!verifyDer(key, berOf(body), new Uint8Array(signature.valueBlock.valueHexView)))
    throw bad("a certificate request is not signed with its own key");
  for (const attribute of children(attributes, "a request's attributes", 1)) {
    const [type, values] = children(attribute, "an attribute", 2);
    if (identifierOf(type) !== OID.extensionRequest) continue;
    const name = extensionsIn(children(values, "an extension request", 1)[0]).get(OID.subjectAltName);
    const module = name && hardwareModuleIn(name.value);
    if (module) return { point: Buffer.from(point), hardwareType: module.type, serial: module.serial };
  }
  throw bad("a certificate request names no hardware module");
}
