// The board's imports under V8: each checks its ranges and calls its body, with nothing made for the call.
// Written by tools/abi.ts from docs/abi.md; change that page instead.

/** What each import does; numbers are unsigned, and every range lies in the module's memory. */
export interface Bodies {
  /** Throws where a range leaves the module's memory. */
  check(name: string, at: number, size: number): void;
  next(at: number, capacity: number): number;
  radioSet(interfaceNumber: number, parameter: number, value: bigint): number;
  radioSend(interfaceNumber: number, at: number, size: number, handle: number): number;
  storeRead(record: number, at: number, capacity: number): number;
  storeWrite(record: number, at: number, size: number): number;
  keySet(slot: number, at: number): number;
  keyClear(slot: number): number;
  ccmSeal(key: number, nonce: number, aad: number, aadSize: number, text: number, textSize: number): number;
  ccmOpen(key: number, nonce: number, aad: number, aadSize: number, text: number, textSize: number): number;
  hashMmo(at: number, size: number, out: number): number;
  hmacMmo(key: number, at: number, size: number, out: number): number;
  gf2Multiply(field: number, a: number, b: number, out: number, squarings: number): number;
  entropy(at: number, size: number): void;
  sense(quantity: number, periodMs: number): number;
  display(line: number, at: number, size: number): number;
  uplinkSend(at: number, size: number): number;
  log(code: number, at: number, size: number): void;
  halt(reason: number): void;
  imageBegin(image: number, at: number): number;
  imageWrite(image: number, offset: number, at: number, size: number): number;
  imageRead(image: number, offset: number, at: number, capacity: number): number;
  imageFinish(image: number): number;
  imageActivate(image: number): number;
  imageConfirm(healthy: number): number;
  imageState(image: number, at: number, capacity: number): number;
  constantRead(offset: number, at: number, capacity: number): number;
  linkSend(interfaceNumber: number, at: number, size: number): number;
  tlsOpen(profile: number, time: bigint): number;
  tlsFeed(session: number, at: number, size: number): number;
  tlsDrain(session: number, at: number, capacity: number): number;
  tlsRead(session: number, at: number, capacity: number): number;
  tlsWrite(session: number, at: number, size: number): number;
  tlsClose(session: number, how: number): number;
  tlsState(session: number, at: number, capacity: number): number;
  tlsExport(session: number, secret: number): number;
  keyDerive(key: number, at: number, size: number, target: number): number;
  hmacSha256(key: number, at: number, size: number, out: number): number;
  ctrCrypt(key: number, counter: number, text: number, textSize: number): number;
  identityMake(): number;
  identityRequest(at: number, capacity: number): number;
  identityInstall(at: number, size: number): number;
  tlsReserve(sessions: number, secrets: number): number;
}

/** The import object's `han`, as `WebAssembly.Instance` takes it. */
export const bind = (bodies: Bodies) => ({
  next: (at: number, capacity: number): number => {
    bodies.check("next", at >>> 0, capacity >>> 0);
    return bodies.next(at >>> 0, capacity >>> 0);
  },
  radio_set: (interfaceNumber: number, parameter: number, value: bigint): number => {
    return bodies.radioSet(interfaceNumber >>> 0, parameter >>> 0, value);
  },
  radio_send: (interfaceNumber: number, at: number, size: number, handle: number): number => {
    bodies.check("radio_send", at >>> 0, size >>> 0);
    return bodies.radioSend(interfaceNumber >>> 0, at >>> 0, size >>> 0, handle >>> 0);
  },
  store_read: (record: number, at: number, capacity: number): number => {
    bodies.check("store_read", at >>> 0, capacity >>> 0);
    return bodies.storeRead(record >>> 0, at >>> 0, capacity >>> 0);
  },
  store_write: (record: number, at: number, size: number): number => {
    bodies.check("store_write", at >>> 0, size >>> 0);
    return bodies.storeWrite(record >>> 0, at >>> 0, size >>> 0);
  },
  key_set: (slot: number, at: number): number => {
    bodies.check("key_set", at >>> 0, 16);
    return bodies.keySet(slot >>> 0, at >>> 0);
  },
  key_clear: (slot: number): number => {
    return bodies.keyClear(slot >>> 0);
  },
  ccm_seal: (key: number, nonce: number, aad: number, aadSize: number, text: number, textSize: number): number => {
    bodies.check("ccm_seal", nonce >>> 0, 13);
    bodies.check("ccm_seal", aad >>> 0, aadSize >>> 0);
    bodies.check("ccm_seal", text >>> 0, (textSize >>> 0) + 4);
    return bodies.ccmSeal(key >>> 0, nonce >>> 0, aad >>> 0, aadSize >>> 0, text >>> 0, textSize >>> 0);
  },
  ccm_open: (key: number, nonce: number, aad: number, aadSize: number, text: number, textSize: number): number => {
    bodies.check("ccm_open", nonce >>> 0, 13);
    bodies.check("ccm_open", aad >>> 0, aadSize >>> 0);
    bodies.check("ccm_open", text >>> 0, textSize >>> 0);
    return bodies.ccmOpen(key >>> 0, nonce >>> 0, aad >>> 0, aadSize >>> 0, text >>> 0, textSize >>> 0);
  },
  hash_mmo: (at: number, size: number, out: number): number => {
    bodies.check("hash_mmo", at >>> 0, size >>> 0);
    bodies.check("hash_mmo", out >>> 0, 16);
    return bodies.hashMmo(at >>> 0, size >>> 0, out >>> 0);
  },
  hmac_mmo: (key: number, at: number, size: number, out: number): number => {
    bodies.check("hmac_mmo", key >>> 0, 16);
    bodies.check("hmac_mmo", at >>> 0, size >>> 0);
    bodies.check("hmac_mmo", out >>> 0, 16);
    return bodies.hmacMmo(key >>> 0, at >>> 0, size >>> 0, out >>> 0);
  },
  gf2_multiply: (field: number, a: number, b: number, out: number, squarings: number): number => {
    bodies.check("gf2_multiply", a >>> 0, 36);
    bodies.check("gf2_multiply", b >>> 0, 36);
    bodies.check("gf2_multiply", out >>> 0, 36);
    return bodies.gf2Multiply(field >>> 0, a >>> 0, b >>> 0, out >>> 0, squarings >>> 0);
  },
  entropy: (at: number, size: number): void => {
    bodies.check("entropy", at >>> 0, size >>> 0);
    bodies.entropy(at >>> 0, size >>> 0);
  },
  sense: (quantity: number, periodMs: number): number => {
    return bodies.sense(quantity >>> 0, periodMs >>> 0);
  },
  display: (line: number, at: number, size: number): number => {
    bodies.check("display", at >>> 0, size >>> 0);
    return bodies.display(line >>> 0, at >>> 0, size >>> 0);
  },
  uplink_send: (at: number, size: number): number => {
    bodies.check("uplink_send", at >>> 0, size >>> 0);
    return bodies.uplinkSend(at >>> 0, size >>> 0);
  },
  log: (code: number, at: number, size: number): void => {
    bodies.check("log", at >>> 0, size >>> 0);
    bodies.log(code >>> 0, at >>> 0, size >>> 0);
  },
  halt: (reason: number): void => {
    bodies.halt(reason >>> 0);
  },
  image_begin: (image: number, at: number): number => {
    bodies.check("image_begin", at >>> 0, 12);
    return bodies.imageBegin(image >>> 0, at >>> 0);
  },
  image_write: (image: number, offset: number, at: number, size: number): number => {
    bodies.check("image_write", at >>> 0, size >>> 0);
    return bodies.imageWrite(image >>> 0, offset >>> 0, at >>> 0, size >>> 0);
  },
  image_read: (image: number, offset: number, at: number, capacity: number): number => {
    bodies.check("image_read", at >>> 0, capacity >>> 0);
    return bodies.imageRead(image >>> 0, offset >>> 0, at >>> 0, capacity >>> 0);
  },
  image_finish: (image: number): number => {
    return bodies.imageFinish(image >>> 0);
  },
  image_activate: (image: number): number => {
    return bodies.imageActivate(image >>> 0);
  },
  image_confirm: (healthy: number): number => {
    return bodies.imageConfirm(healthy >>> 0);
  },
  image_state: (image: number, at: number, capacity: number): number => {
    bodies.check("image_state", at >>> 0, capacity >>> 0);
    return bodies.imageState(image >>> 0, at >>> 0, capacity >>> 0);
  },
  constant_read: (offset: number, at: number, capacity: number): number => {
    bodies.check("constant_read", at >>> 0, capacity >>> 0);
    return bodies.constantRead(offset >>> 0, at >>> 0, capacity >>> 0);
  },
  link_send: (interfaceNumber: number, at: number, size: number): number => {
    bodies.check("link_send", at >>> 0, size >>> 0);
    return bodies.linkSend(interfaceNumber >>> 0, at >>> 0, size >>> 0);
  },
  tls_open: (profile: number, time: bigint): number => {
    return bodies.tlsOpen(profile >>> 0, time);
  },
  tls_feed: (session: number, at: number, size: number): number => {
    bodies.check("tls_feed", at >>> 0, size >>> 0);
    return bodies.tlsFeed(session >>> 0, at >>> 0, size >>> 0);
  },
  tls_drain: (session: number, at: number, capacity: number): number => {
    bodies.check("tls_drain", at >>> 0, capacity >>> 0);
    return bodies.tlsDrain(session >>> 0, at >>> 0, capacity >>> 0);
  },
  tls_read: (session: number, at: number, capacity: number): number => {
    bodies.check("tls_read", at >>> 0, capacity >>> 0);
    return bodies.tlsRead(session >>> 0, at >>> 0, capacity >>> 0);
  },
  tls_write: (session: number, at: number, size: number): number => {
    bodies.check("tls_write", at >>> 0, size >>> 0);
    return bodies.tlsWrite(session >>> 0, at >>> 0, size >>> 0);
  },
  tls_close: (session: number, how: number): number => {
    return bodies.tlsClose(session >>> 0, how >>> 0);
  },
  tls_state: (session: number, at: number, capacity: number): number => {
    bodies.check("tls_state", at >>> 0, capacity >>> 0);
    return bodies.tlsState(session >>> 0, at >>> 0, capacity >>> 0);
  },
  tls_export: (session: number, secret: number): number => {
    return bodies.tlsExport(session >>> 0, secret >>> 0);
  },
  key_derive: (key: number, at: number, size: number, target: number): number => {
    bodies.check("key_derive", at >>> 0, size >>> 0);
    return bodies.keyDerive(key >>> 0, at >>> 0, size >>> 0, target >>> 0);
  },
  hmac_sha256: (key: number, at: number, size: number, out: number): number => {
    bodies.check("hmac_sha256", at >>> 0, size >>> 0);
    bodies.check("hmac_sha256", out >>> 0, 32);
    return bodies.hmacSha256(key >>> 0, at >>> 0, size >>> 0, out >>> 0);
  },
  ctr_crypt: (key: number, counter: number, text: number, textSize: number): number => {
    bodies.check("ctr_crypt", counter >>> 0, 16);
    bodies.check("ctr_crypt", text >>> 0, textSize >>> 0);
    return bodies.ctrCrypt(key >>> 0, counter >>> 0, text >>> 0, textSize >>> 0);
  },
  identity_make: (): number => {
    return bodies.identityMake();
  },
  identity_request: (at: number, capacity: number): number => {
    bodies.check("identity_request", at >>> 0, capacity >>> 0);
    return bodies.identityRequest(at >>> 0, capacity >>> 0);
  },
  identity_install: (at: number, size: number): number => {
    bodies.check("identity_install", at >>> 0, size >>> 0);
    return bodies.identityInstall(at >>> 0, size >>> 0);
  },
  tls_reserve: (sessions: number, secrets: number): number => {
    return bodies.tlsReserve(sessions >>> 0, secrets >>> 0);
  },
});
