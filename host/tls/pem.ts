// PEM, RFC 7468.
import { createPrivateKey } from "node:crypto";
import { publicPoint } from "./p256.ts";

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s*([A-Za-z0-9+/=\s]+?)\s*-----END \1-----/g;

export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

export function chainPem(chain: Uint8Array[]): string {
  return chain.map((certificate) => toPem("CERTIFICATE", certificate)).join("");
}

/** A P-256 key as OpenSSL writes it, SEC 1. */
export function privateKeyPem(privateKey: Uint8Array): string {
  const point = publicPoint(privateKey);
  const part = (from: number, to: number): string => point.subarray(from, to).toString("base64url");
  const jwk = { kty: "EC", crv: "P-256", d: Buffer.from(privateKey).toString("base64url"), x: part(1, 33), y: part(33, 65) };
  return createPrivateKey({ key: jwk, format: "jwk" }).export({ type: "sec1", format: "pem" }).toString();
}

/** The blocks of a label in a text, or the whole as DER where it is no text. */
export function derIn(octets: Uint8Array, label: string): Buffer[] {
  const text = Buffer.from(octets).toString("latin1");
  if (!text.includes("-----BEGIN ")) return [Buffer.from(octets)];
  return [...text.matchAll(BLOCK)].filter(([, name]) => name === label).map(([, , body]) => Buffer.from(body as string, "base64"));
}
