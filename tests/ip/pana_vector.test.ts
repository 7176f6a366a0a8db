// The join of another stack, octet by octet: every secret recomputed by the module's own code, and the client's side of it said again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyName } from "../../host/abi.ts";
import { ClientHeard, linkLocal, PanaNode } from "./pana_lab.ts";
import { attributes, filled, flights, type PanaVector, Played, panaVector } from "./played.ts";
import { KEY_SLOT_MLE } from "./security_board.ts";

const hex = (text: string): Buffer => Buffer.from(text, "hex");
const AVP = { eap: 2, encrypted: 13, keyId: 4, result: 7, lifetime: 8 };
const LAB_SESSION = 0;

function derived(vector: PanaVector): PanaNode {
  const node = new PanaNode("derives", () => new Played(false, [], hex(vector.msk)));
  node.board.sessions[LAB_SESSION] = new Played(false, [], hex(vector.msk));
  node.call("transcriptReset");
  for (const part of [vector.par_start, vector.pan_start, vector.pac_nonce, vector.paa_nonce])
    node.call("transcriptPut", node.put(hex(part)), hex(part).length);
  assert.equal(node.call("keysMake", LAB_SESSION, hex(vector.key_id).readUInt32BE()), 0);
  return node;
}

test("the keys of the session are those of the vector, and the master key is gone", () => {
  const vector = panaVector();
  const { secrets } = derived(vector).board;
  const octets = [...secrets.values()].map(({ octets }) => octets.toString("hex"));
  assert.equal(octets.length, 2);
  assert.equal(octets[0], vector.auth_key);
  assert.equal(octets[1].slice(0, 32), vector.paa_encr_key);
  assert.ok(!secrets.has(KeyName.Secret));
});

test("AUTH of both last messages is right, and is not with any bit of them changed", () => {
  const vector = panaVector();
  const node = derived(vector);
  for (const message of [hex(vector.par_complete), hex(vector.pan_complete)]) {
    assert.equal(node.call("authentic", node.put(message)), 1);
    for (let bit = 0; bit < message.length * 8; bit += 7) {
      const wrong = Buffer.from(message);
      wrong[bit >>> 3] ^= 1 << (bit & 7);
      // A changed size or attribute of AUTH is the parser's to refuse.
      const isParsers = (bit >>> 3 >= 2 && bit >>> 3 < 4) || attributes(wrong).get(1)?.length !== 16;
      if (!isParsers) assert.equal(node.call("authentic", node.put(wrong)), 0, `bit ${bit}`);
    }
  }
});

test("the agent's last request is made again to the octet", () => {
  const vector = panaVector();
  const node = derived(vector);
  const wanted = hex(vector.par_complete);
  const at = node.put(Buffer.alloc(0), 256);
  node.call("begin", at, 2, wanted.readUInt16BE(4), wanted.readUInt32BE(8), wanted.readUInt32BE(12));
  const found = attributes(wanted);
  for (const code of [AVP.result, AVP.eap, AVP.keyId, AVP.lifetime]) {
    const value = found.get(code) as Buffer;
    node.call("append", at, code, node.put(value), value.length);
  }
  assert.equal(node.call("appendKey", at, 1, node.put(hex(vector.network_key)), 1), 0);
  assert.equal(node.call("appendAuth", at), 0);
  assert.equal(node.read(at, wanted.length).toString("hex"), vector.par_complete);
});

test("what is encrypted for us is what the vector says, and encrypting twice is nothing", () => {
  const vector = panaVector();
  const node = derived(vector);
  const message = hex(vector.par_complete);
  const sealed = attributes(message).get(AVP.encrypted) as Buffer;
  const text = node.put(sealed, 512);
  assert.equal(node.call("crypt", node.put(message), 1, text, sealed.length), 0);
  assert.equal(node.read(text, sealed.length).toString("hex"), vector.encap_plaintext);
  node.call("crypt", node.put(message), 1, text, sealed.length);
  assert.deepEqual(node.read(text, sealed.length), sealed);
});

test("our client says what the other stack's client said, message by message, and has its network key", () => {
  const vector = panaVector();
  const turns = flights(vector).filter((flight) => flight.length > 0);
  const node = new PanaNode("plays", () => new Played(true, turns, hex(vector.msk)));
  const agent = linkLocal(1n);
  node.call("clientStart", node.put(agent), 0n);
  node.board.entropy.push(hex(vector.pac_nonce));
  let heard: number = ClientHeard.None;
  for (const [index, message] of vector.messages.entries()) {
    const octets = hex(message.hex);
    if (message.from !== "fe80::2") {
      heard = node.clientInput(octets, agent, index * 50);
      continue;
    }
    const said = node.one();
    assert.deepEqual(said.to, agent);
    assert.equal(said.octets.toString("hex"), filled(octets).toString("hex"), `message ${index}`);
  }
  assert.equal(heard, ClientHeard.Joined);
  assert.equal(node.droppedAll(), 0);
  assert.equal(node.call("clientKeyIndex"), 1);
  assert.equal(node.call("keyIndex"), 1);
  assert.equal(node.board.slots.get(KEY_SLOT_MLE)?.toString("hex"), vector.mle_key);
  assert.equal(node.board.slots.get(KEY_SLOT_MLE + 1)?.toString("hex"), vector.mac_key);
  assert.ok(![...node.board.slots.values()].some((key) => key.toString("hex") === vector.network_key));
});
