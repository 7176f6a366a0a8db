// Peers that hold a connection and do nothing with it, on every socket, who come again when they are thrown out: whoever is new and means
// well is served within ten seconds.  On simulated time, without Linux.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { ACK, addressOf, GET, Net, Peer, packetOf, RST, SecureClient, SYN } from "./tcp_peer.ts";
import { Wire } from "./wire.ts";

const SECOND = 1000;
const SERVED_MS = 10 * SECOND;
const HTTP = 80;
const HTTPS = 443;
/** Twice as many as there are sockets. */
const ATTACKERS = 8;
const ATTACK_MS = 30 * SECOND;
const GUESTS = 4;

const net = (clear: boolean): Net => new Net(new Wire(1, undefined, clear));

/** What an attacker does with its connection, each tenth of a second. */
type Ways = (peer: Peer, tick: number) => void;

const hello = (seed: number): Buffer => {
  const said: Uint8Array[] = [];
  const peer = { say: (octets: Uint8Array) => said.push(octets) } as unknown as Peer;
  new SecureClient(peer, seed);
  return Buffer.concat(said);
};
const HELLO = hello(9);

const WAYS: Record<string, [number, Ways]> = {
  "are silent": [HTTP, () => undefined],
  "are silent where TLS is": [HTTPS, () => undefined],
  "say half a hello": [HTTPS, (peer, tick) => tick === 0 && peer.say(HELLO.subarray(0, 30))],
  "say a whole hello, and no more": [HTTPS, (peer, tick) => tick === 0 && peer.say(HELLO)],
  "drip a hello": [HTTPS, (peer, tick) => tick % 10 === 0 && peer.say(HELLO.subarray(tick / 10, tick / 10 + 1))],
  "drip a request": [HTTP, (peer, tick) => tick % 10 === 0 && peer.say(GET.subarray(tick / 10, tick / 10 + 1))],
  "drip fields without an end": [
    HTTP,
    (peer, tick) => {
      if (tick === 0) peer.say(GET.subarray(0, -2));
      if (tick % 10 === 0) peer.say(Buffer.from("a"));
    },
  ],
  "ask, and ask, and do not read": [
    HTTP,
    (peer, tick) => {
      peer.window = 0;
      if (tick % 5 === 0) peer.say(GET);
    },
  ],
  "ask once, and keep the connection": [HTTP, (peer, tick) => tick === 0 && peer.say(GET)],
  "close, and do not let us": [
    HTTP,
    (peer, tick) => {
      peer.window = 0;
      if (tick === 0) peer.say(Buffer.concat([GET, Buffer.from("nonsense\r\n\r\n")]));
      peer.send(ACK);
    },
  ],
};

/** Holds a connection, and makes another as soon as it is thrown out. */
class Attacker {
  private peer: Peer | undefined;
  private tick = 0;
  private port = 5000;

  constructor(
    private readonly on: Net,
    private readonly host: number,
    private readonly to: number,
    private readonly ways: Ways,
  ) {}

  act(): void {
    if (!this.peer || this.peer.state === "over") {
      this.peer = new Peer(this.on, this.host, this.port++, this.to);
      this.tick = 0;
    }
    if (this.peer.state === "open") this.ways(this.peer, this.tick++);
  }
}

/** How long a newcomer waits for its answer; it comes again when it is refused. */
function served(on: Net, host: number, to: number, each: () => void): number | undefined {
  let port = 6000;
  let peer = new Peer(on, host, port, to);
  let secure: SecureClient | undefined;
  const begin = (): void => {
    secure = to === HTTPS ? new SecureClient(peer, host & 0xff) : undefined;
    if (!secure) peer.say(GET);
  };
  begin();
  const begun = on.now;
  while (on.now - begun < 60 * SECOND) {
    on.run(100, each);
    if ((secure?.text ?? peer.heard.toString()).startsWith("HTTP/1.1 200 OK\r\n")) {
      peer.close();
      return on.now - begun;
    }
    if (peer.state !== "over") continue;
    peer = new Peer(on, host, ++port, to);
    begin();
  }
  return undefined;
}

for (const [what, [port, ways]] of Object.entries(WAYS)) {
  test(`${ATTACKERS} peers ${what}: a new one is served within ten seconds`, (context) => {
    const on = net(port === HTTP);
    const attackers = Array.from({ length: ATTACKERS }, (_, index) => new Attacker(on, 0x100 + index, port, ways));
    const act = (): void => {
      for (const attacker of attackers) attacker.act();
    };
    on.run(ATTACK_MS, act);
    const took = Array.from({ length: GUESTS }, (_, index) => served(on, 0x10 + index, port, act));
    context.diagnostic(`${took.join(", ")} ms`);
    for (const each of took) assert.ok(each !== undefined && each <= SERVED_MS, `${took}`);
  });
}

test("peers that come all at once, when nobody was known to be idle, delay a new one by ten seconds at the most", (context) => {
  for (const [what, [port, ways]] of Object.entries(WAYS)) {
    const on = net(port === HTTP);
    const attackers = Array.from({ length: 4 }, (_, index) => new Attacker(on, 0x100 + index, port, ways));
    const act = (): void => {
      for (const attacker of attackers) attacker.act();
    };
    on.run(SECOND / 2, act);
    const took = served(on, 0x10, port, act);
    context.diagnostic(`${what}: ${took} ms`);
    assert.ok(took !== undefined && took <= SERVED_MS, `${what}: ${took}`);
  }
});

test("a flood of first segments from everywhere takes no socket and no time", () => {
  for (const [port, mss] of [
    [HTTP, undefined],
    [HTTPS, 100],
  ] as const) {
    const on = net(port === HTTP);
    let host = 0x1_0000;
    const options = mss ? Buffer.from([2, 4, mss >> 8, mss & 0xff]) : undefined;
    const flood = (): void => {
      for (let count = 0; count < 20; count++) on.send(packetOf({ host: host++, port: 1 + (host & 0xfff), to: port, flags: SYN, options }));
    };
    on.run(10 * SECOND, flood);
    assert.ok(on.others.length > 1900, "each is answered");
    const took = served(on, 0x10, port, flood) ?? 60 * SECOND;
    assert.ok(took < 2 * SECOND, `${took} ms`);
  }
});

test("a handshake is taken up once it is ours: not by a guess, not by another, not after its time", () => {
  const on = net(true);
  const from = { host: 0x20, port: 7, to: HTTP };
  const ask = (): number => {
    on.others.length = 0;
    on.send(packetOf({ ...from, flags: SYN, sequence: 99 }));
    on.settle();
    const [answer] = on.others;
    assert.equal(answer[53], SYN | ACK);
    assert.equal(answer.readUInt32BE(48), 100);
    return (answer.readUInt32BE(44) + 1) >>> 0;
  };
  const answered = (changes: object): Buffer | undefined => {
    on.others.length = 0;
    on.send(packetOf({ ...from, flags: ACK, sequence: 100, data: GET, ...changes }));
    on.settle();
    return on.others[0];
  };
  const number = ask();
  for (const lie of [
    { acknowledged: number + 8 },
    { acknowledged: number - 1 },
    { acknowledged: number, sequence: 101 },
    { acknowledged: 0 },
  ]) {
    assert.equal((answered(lie) as Buffer)[53], RST, JSON.stringify(lie));
    on.run(SECOND);
  }
  assert.equal((answered({ acknowledged: number, host: 0x21 }) as Buffer)[53], RST);
  on.run(SECOND);
  assert.equal((answered({ acknowledged: number, port: 8 }) as Buffer)[53], RST);
  on.run(140 * SECOND);
  assert.equal((answered({ acknowledged: number }) as Buffer)[53], RST, "it is old");
  const last = ask();
  on.run(60 * SECOND);
  assert.ok((answered({ acknowledged: last }) as Buffer).includes("HTTP/1.1 200"), "a minute is in time");
});

test("a number that another connection has got is not touched by the owner of the one before", () => {
  const on = net(false);
  // A handshake that fails, and at once a good one on the same socket.
  for (let round = 0; round < 6; round++) {
    const bad = new Peer(on, 0x30 + round, 7000, HTTPS);
    bad.say(Buffer.from("16030300050102030405", "hex"));
    on.run(300);
    assert.equal(bad.state, "over");
    const good = new SecureClient(new Peer(on, 0x40 + round, 7000, HTTPS), round);
    on.run(2 * SECOND);
    assert.ok(good.text.startsWith("HTTP/1.1 200"), `round ${round}`);
    on.run(9 * SECOND);
    assert.equal(good.peer.state, "open", "its idle time is its own");
    good.peer.send(ACK | RST);
    on.run(300);
  }
});

test("SipHash is OpenSSL's", () => {
  const { engine } = new Wire();
  const doors = (engine as unknown as { exports: { hashAt(): number; hash(words: number): bigint; memory: WebAssembly.Memory } }).exports;
  const octets = Buffer.from(doors.memory.buffer);
  const key = addressOf(0x0123_4567_89ab);
  for (const words of [0, 1, 2, 6]) {
    const text = Buffer.from(Array.from({ length: 8 * words }, (_, index) => (index * 37 + 11) & 0xff));
    octets.set(key, doors.hashAt());
    octets.set(text, doors.hashAt() + 16);
    const ours = Buffer.alloc(8);
    ours.writeBigUInt64LE(BigInt.asUintN(64, doors.hash(words)));
    const macopt = ["-macopt", `hexkey:${key.toString("hex")}`, "-macopt", "size:8"];
    const theirs = execFileSync("openssl", ["mac", ...macopt, "-in", "-", "SIPHASH"], { input: text })
      .toString()
      .trim();
    assert.equal(ours.toString("hex").toUpperCase(), theirs);
  }
});
