// Image 5 of docs/abi.md: a certificate that comes as a file, on the boards' engine and on V8's, for a module that reserved no TLS.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FileStatus, IMAGE_CAPACITY, IMAGE_OFFSET, IMAGE_STATE, IMAGE_STATUS, ImageNumber, Record, TlsProfile } from "../../host/abi.ts";
import { Err } from "../../host/err.ts";
import { CERTIFICATE_FILE_MAX, CERTIFICATE_TYPE, type CertificateFor, certificateFile } from "../../host/image/certificate_file.ts";
import { type Authority, certifyDevice, chainOf } from "../../host/tls/authority.ts";
import { packChain } from "../../host/tls/board_records.ts";
import { readRequest } from "../../host/tls/request.ts";
import { manufactured, Party } from "./party.ts";
import { authority, device, NOW, roots, stranger } from "./peers.ts";

const MANUFACTURER = 0xfff1;
const ADDRESS = Buffer.from("0102030405060708", "hex");
const DESTINATION = ADDRESS.readBigUInt64LE();
const ISSUED = (NOW - Date.UTC(2000, 0, 1)) / 1000;
const { Certificate } = ImageNumber;

const sold = (): Map<number, Uint8Array> => manufactured(roots).set(Record.Address, ADDRESS);

function key(size: number, type = CERTIFICATE_TYPE, version = ISSUED): Buffer {
  const octets = Buffer.alloc(12);
  octets.writeUInt16LE(MANUFACTURER, 0);
  octets.writeUInt16LE(type, 2);
  octets.writeUInt32LE(version, 4);
  octets.writeUInt32LE(size, 8);
  return octets;
}

const file = (chain: Uint8Array, fields: Partial<CertificateFor> = {}): Buffer =>
  certificateFile({ manufacturer: MANUFACTURER, destination: DESTINATION, issued: ISSUED, chain, ...fields });

const begin = (party: Party, octets: Buffer): number => party.call("imageBegin", Certificate, 0, octets).answer;
const finish = (party: Party): number => party.call("imageFinish", Certificate).answer;
const state = (party: Party): Buffer => party.call("imageState", Certificate, IMAGE_STATE).octets;
const status = (party: Party): number | undefined => state(party)[IMAGE_STATUS];

/** Gives a board a whole file, in pieces as they come over the air. */
function give(party: Party, octets: Buffer, version = ISSUED): number {
  const begun = begin(party, key(octets.length, CERTIFICATE_TYPE, version));
  if (begun < 0) return begun;
  for (let at = 0; at < octets.length; ) {
    const { answer } = party.call("imageWrite", Certificate, at, octets.subarray(at, at + 56));
    if (answer <= at) return answer;
    at = answer;
  }
  return finish(party);
}

/** The chain that an authority gives for the key which waits on a board. */
function chainFor(party: Party, by: Authority = authority, fields: { notBefore?: Date; notAfter?: Date } = {}): Buffer {
  const { point, serial } = readRequest(party.call("request", 0, 512).octets);
  return packChain(chainOf(by, certifyDevice(by, point, { serial, ...fields })));
}

/** What a module of phase 1 is: nothing of TLS is reserved. */
function asking(v8: boolean, store = sold()): Party {
  const party = new Party({ v8, store, sessions: 0, secrets: 0 });
  assert.equal(party.call("make").answer, Err.Ok);
  return party;
}

for (const v8 of [false, true]) {
  describe(`a certificate as a file, ${v8 ? "host" : "board"}`, () => {
    it("comes into a board without one, and is in use after a reboot", () => {
      const party = asking(v8);
      assert.equal(status(party), FileStatus.None);
      const octets = file(chainFor(party));
      assert.equal(begin(party, key(octets.length)), 0);
      party.call("imageWrite", Certificate, 0, octets.subarray(0, 50));
      assert.equal(status(party), FileStatus.Loading);
      assert.deepEqual([state(party).readUInt32LE(IMAGE_OFFSET), state(party).readUInt32LE(IMAGE_CAPACITY)], [50, CERTIFICATE_FILE_MAX]);
      assert.equal(party.call("imageWrite", Certificate, 60, octets.subarray(60, 70)).answer, 50, "the wanted octet is told");
      assert.equal(give(party, octets), Err.Ok, "and begun anew");
      assert.equal(status(party), FileStatus.Activated);
      assert.equal(party.call("request", 0, 512).answer, Err.NotFound, "no key waits");
      assert.equal(finish(party), Err.NotFound, "the file is forgotten");
      const booted = new Party({ v8, store: party.store, ...(v8 ? {} : { nor: party.nor }) });
      assert.equal(booted.call("open", TlsProfile.Client, 0, Buffer.alloc(8)).answer, 0);
      assert.equal(give(booted, octets), Err.Busy, "while a session is open");
    });

    it("is refused where it is not this device's, or nobody's who is believed, and the key waits on", () => {
      const party = asking(v8);
      const chain = chainFor(party);
      const good = file(chain);
      const changed = (at: number): Buffer => {
        const octets = Buffer.from(good);
        octets[at] = (octets[at] as number) ^ 1;
        return octets;
      };
      const day = 86_400_000;
      const expired = chainFor(party, authority, { notAfter: new Date(NOW - day) });
      const early = chainFor(party, authority, { notBefore: new Date(NOW + day) });
      for (const [name, octets] of Object.entries({
        "another device's file": file(chain, { destination: DESTINATION + 1n }),
        "another device's chain": file(packChain(device({ serial: Buffer.from("0002") }).chain)),
        "another authority's": file(chainFor(party, stranger)),
        "an expired one": file(expired),
        "one of tomorrow": file(early),
        "without its authority": file(packChain(chainOf(authority, Buffer.from(chain.subarray(2, 2 + chain.readUInt16LE(0)))).slice(0, 1))),
        "no chain": file(Buffer.alloc(0)),
        "another maker's": file(chain, { manufacturer: 0xfff2 }),
        "another moment's": file(chain, { issued: ISSUED + 1 }),
      }))
        assert.equal(give(party, octets), Err.Refused, name);
      assert.equal(give(party, file(chain.subarray(0, chain.length - 1))), Err.BadLength);
      // Each octet of the header and of the element's head but the stack version and the text.
      for (let at = 0; at < 70; at++) {
        if (at >= 18 && at < 52) continue;
        assert.equal(give(party, changed(at)), Err.Refused, `octet ${at}`);
      }
      assert.equal(begin(party, key(good.length)), 0);
      party.call("imageWrite", Certificate, 0, good.subarray(0, -1));
      assert.equal(finish(party), Err.Refused, "not whole");
      begin(party, key(good.length - 1));
      assert.equal(party.call("imageWrite", Certificate, 0, good).answer, Err.Refused, "more than was announced");
      assert.equal(finish(party), Err.NotFound);
      assert.equal(status(party), FileStatus.None);
      assert.equal(give(party, good), Err.Ok);
    });

    it("is bounded", () => {
      const party = asking(v8);
      assert.equal(begin(party, key(CERTIFICATE_FILE_MAX + 1)), Err.NoBuffer);
      assert.equal(begin(party, key(0xffffffff)), Err.NoBuffer);
      assert.equal(begin(party, key(100, 3)), Err.Refused);
      assert.equal(begin(party, key(CERTIFICATE_FILE_MAX)), 0);
      assert.equal(begin(party, key(0)), Err.Ok);
      assert.equal(party.call("imageWrite", Certificate, 0, Buffer.alloc(1)).answer, Err.NotFound);
      const long = file(Buffer.concat([chainFor(party), Buffer.alloc(600)]));
      assert.equal(long.length > CERTIFICATE_FILE_MAX, true);
      assert.equal(give(party, long), Err.NoBuffer);
      assert.equal(party.call("imageState", Certificate, IMAGE_STATE - 1).answer, Err.NoBuffer);
    });

    it("is for boards with a hardware name and a root, which know their address", () => {
      for (const store of [new Map<number, Uint8Array>(), manufactured([]).set(Record.Address, ADDRESS)]) {
        const party = new Party({ v8, store, sessions: 0 });
        assert.equal(begin(party, key(100)), Err.NotFound);
        assert.equal(party.call("imageState", Certificate, IMAGE_STATE).answer, Err.NotFound);
      }
      const party = asking(v8, manufactured(roots));
      assert.equal(give(party, file(chainFor(party))), Err.Refused);
    });
  });
}
