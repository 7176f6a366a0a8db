// Who may be a member of a network of phase 2: the supplier's list, by address and LFDI; who is taken off it is out for good.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventKind, Log } from "../../host/abi.ts";
import { declined, memberRecord, removed, removeRecord } from "../../host/home/head_end.ts";
import { identityOf } from "../../host/tls/board_records.ts";
import { lfdiOf } from "../../host/tls/x509.ts";
import { type EngineName, Home } from "./home.ts";

const MEMBERS_MAX = 16;

class Listed extends Home {
  readonly who = new Map<number, { extended: bigint; lfdi: Buffer }>();

  constructor(seed: number, engine: EngineName = "V8") {
    super(seed, engine);
    for (const kind of ["hub", "meter", "ihd"] as const) this.add(kind, kind);
    this.add("stranger", "meter");
  }

  protected override made(): ReturnType<Home["made"]> {
    const made = super.made();
    const [leaf] = identityOf(made.store).current?.chain ?? [];
    this.who?.set(made.number, { extended: made.extended, lfdi: lfdiOf(leaf as Uint8Array) });
    return made;
  }

  /** Of the n-th device; the hub is the first. */
  of(number: number): { extended: bigint; lfdi: Buffer } {
    return this.who.get(number) as { extended: bigint; lfdi: Buffer };
  }

  tell(...records: Buffer[]): void {
    for (const record of records) assert.ok(this.devices.get("hub")?.push(EventKind.Uplink, record));
  }

  admit(number: number): void {
    const { extended, lfdi } = this.of(number);
    this.tell(memberRecord(extended, lfdi));
  }

  on(id: string): void {
    this.devices.get(id)?.powerOn();
  }

  joins(id: string): number {
    return this.logs.get(id)?.filter(({ code }) => code === Log.Joined).length ?? 0;
  }
}
const METER = 2;
const IHD = 3;
const STRANGER = 4;

for (const engine of ["V8", "wasm3"] as const) {
  test(`${engine}: who has a certificate of our root and is not on the list does not join, and who is does`, () => {
    const home = new Listed(21, engine);
    home.on("hub");
    home.run(1);
    home.admit(METER);
    for (const id of ["meter", "stranger"]) home.on(id);
    home.run(120);
    assert.deepEqual([home.joins("meter"), home.joins("stranger")], [1, 0]);
    home.admit(STRANGER);
    home.run(300);
    assert.equal(home.joins("stranger"), 1, "told later, it comes later");
    assert.deepEqual(home.troubles, []);
  });
}

test("an address on the list is no good with another certificate, nor a certificate at another address", () => {
  const home = new Listed(22);
  home.on("hub");
  home.run(1);
  home.tell(memberRecord(home.of(METER).extended, home.of(IHD).lfdi), memberRecord(home.of(IHD).extended, home.of(METER).lfdi));
  for (const id of ["meter", "ihd"]) home.on(id);
  home.run(120);
  assert.deepEqual([home.joins("meter"), home.joins("ihd")], [0, 0]);
});

test("who is removed is out, does not come back, and does not get the network's next key", () => {
  const home = new Listed(23);
  home.on("hub");
  home.run(1);
  for (const number of [METER, IHD]) home.admit(number);
  for (const id of ["meter", "ihd"]) home.on(id);
  home.run(120);
  assert.deepEqual([home.joins("meter"), home.joins("ihd")], [1, 1]);
  const heard = home.keys.length;
  home.tell(removeRecord(home.of(IHD).extended));
  home.run(600);
  assert.deepEqual(home.uplinked.map((octets) => removed(octets)?.partner).filter(Boolean), ["02:6b:77:00:00:00:00:03"]);
  const since = home.keys.slice(heard).map((line) => line.split(" ")[0]);
  assert.ok(since.includes("meter"), "the key has changed");
  assert.equal(since.includes("ihd"), false);
  home.devices.get("ihd")?.close();
  home.on("ihd");
  home.devices.get("hub")?.close();
  home.on("hub");
  home.run(300);
  assert.equal(home.joins("ihd"), 1, "also after both started anew");
  home.admit(IHD);
  home.run(300);
  assert.equal(home.joins("ihd"), 2, "until it is on the list again");
  assert.deepEqual(home.troubles, []);
});

test("a list is full at 16, what is none is refused, and nobody who leaves the list is known", () => {
  const home = new Listed(24);
  home.on("hub");
  home.run(1);
  const answers = (...records: Buffer[]): (string | undefined)[] => {
    const before = home.uplinked.length;
    home.tell(...records);
    home.run(1);
    return home.uplinked.slice(before).map((octets) => declined(octets)?.reason ?? removed(octets)?.partner);
  };
  const lfdi = Buffer.alloc(20, 7);
  for (let index = 0; index < MEMBERS_MAX; index += 8)
    assert.deepEqual(answers(...Array.from({ length: 8 }, (_, more) => memberRecord(BigInt(index + more + 1), lfdi))), []);
  assert.deepEqual(answers(memberRecord(99n, lfdi)), ["noBuffer"]);
  assert.deepEqual(answers(memberRecord(16n, lfdi)), [], "who is on it may be told again");
  assert.deepEqual(answers(removeRecord(16n)), ["00:00:00:00:00:00:00:10"]);
  assert.deepEqual(answers(memberRecord(99n, lfdi)), []);
  assert.deepEqual(answers(memberRecord(0n, lfdi), memberRecord(5n, lfdi).subarray(0, 29)), ["reserved", "truncated"]);
  assert.deepEqual(answers(removeRecord(77n), removeRecord(0n)), ["notFound", "notFound"]);
  home.devices.get("hub")?.close();
  home.on("hub");
  home.run(1);
  assert.deepEqual(answers(memberRecord(100n, lfdi)), ["noBuffer"], "the list outlives a reset");
});
