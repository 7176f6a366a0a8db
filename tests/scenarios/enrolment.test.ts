// Devices that were sold before phase 2 get their certificates over the air of phase 1: whole, under loss, through power cuts, and against
// a supplier that answers wrongly.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { ResetReason } from "../../host/abi.ts";
import { EngineStopped } from "../../host/engine.ts";
import { wasm3Machines } from "../../host/home/machine.ts";
import type { DeviceId } from "../../host/home/plan.ts";
import { derive } from "../../host/home/provision.ts";
import { SupplierAuthority } from "../../host/home/supplier_authority.ts";
import { type Authority, certifyDevice, chainOf, makeAuthority, makeDevice } from "../../host/tls/authority.ts";
import { identityOf } from "../../host/tls/board_records.ts";
import { chainPem, toPem } from "../../host/tls/pem.ts";
import { readRequest } from "../../host/tls/request.ts";
import { EnrolHome, type EnrolOptions } from "./enrol_home.ts";
import { CALM, PAIRS } from "./house.ts";

const MEMBERS: DeviceId[] = ["meter", "ihd"];
const all = (home: EnrolHome): boolean => MEMBERS.every((id) => home.has(id));
const chainOn = (home: EnrolHome, id: DeviceId): Uint8Array[] =>
  identityOf(home.records.get(id) as Map<number, Uint8Array>).current?.chain ?? [];

function verifiedByOpenssl(context: TestContext, home: EnrolHome, id: DeviceId): void {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-enrol-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const { roots } = identityOf(home.records.get(id) as Map<number, Uint8Array>);
  const [leaf, ...rest] = chainOn(home, id);
  const root = write("root.pem", toPem("CERTIFICATE", roots[0] as Uint8Array));
  const args = ["verify", "-ignore_critical", "-CAfile", root, "-untrusted", write("rest.pem", chainPem(rest))];
  const text = execFileSync("openssl", [...args, write("leaf.pem", toPem("CERTIFICATE", leaf as Uint8Array))], { encoding: "utf8" });
  assert.match(text, /: OK/);
}

describe("a home that was sold before phase 2", () => {
  it("gets its certificates, and OpenSSL believes them", (context) => {
    const requests: Uint8Array[] = [];
    const supplier = new SupplierAuthority(1);
    const home = new EnrolHome({
      certify: (extended, request) => {
        requests.push(request);
        return supplier.certify(extended, request);
      },
    });
    assert.ok(home.until(() => all(home), 300_000, 1000));
    for (const id of MEMBERS) {
      assert.deepEqual(home.steps(id), ["asked", "given", "installed"]);
      verifiedByOpenssl(context, home, id);
    }
    for (const input of requests) execFileSync("openssl", ["req", "-inform", "DER", "-verify", "-noout"], { input, stdio: "pipe" });
    const asked = home.events.filter(({ event }) => event === "certificate").length;
    home.run(13 * 3_600_000);
    assert.equal(home.events.filter(({ event }) => event === "certificate").length, asked, "nobody asks again");
    assert.ok(home.agrees(home.nowMs - 60_000));
  });

  it("does so on the boards' engine as under V8, event by event", async () => {
    const told = (machine?: EnrolOptions["machine"]): string[] => {
      const home = new EnrolHome(machine ? { machine } : {});
      assert.ok(home.until(() => all(home), 300_000, 1000));
      return home.events.filter(({ event }) => event !== "progress").map((event) => JSON.stringify(event));
    };
    assert.deepEqual(told(await wasm3Machines()), told());
  });

  it("does so where one frame in five is lost", () => {
    const home = new EnrolHome({ seed: 3 });
    for (const [a, b] of PAIRS) home.home.medium.setLink(a, b, { ...CALM, loss: 0.2 });
    assert.ok(
      home.until(() => all(home), 3 * 3_600_000, 10_000),
      JSON.stringify(MEMBERS.map((id) => home.steps(id))),
    );
  });

  it("does so where records between hub and supplier are lost", () => {
    let count = 0;
    const home = new EnrolHome({ up: (octets) => (octets[0] === 7 && ++count % 4 === 0 && count < 40 ? null : octets) });
    assert.ok(
      home.until(() => all(home), 3 * 3_600_000, 10_000),
      JSON.stringify(MEMBERS.map((id) => home.steps(id))),
    );
  });
});

describe("a meter whose power is cut", () => {
  /** The writes of its board while it gets its certificate; the power goes before the one numbered `cutAt`, for a minute. */
  function life(cutAt: number): { home: EnrolHome; writes: number } {
    let writes = 0;
    const home = new EnrolHome({
      kept: (id, records) => {
        if (id !== "meter") return;
        const set = records.set.bind(records);
        records.set = (record, octets) => {
          if (record >= 0x8100 && ++writes === cutAt) throw new EngineStopped(ResetReason.PowerOn, "power cut before a write");
          return set(record, octets);
        };
      },
    });
    assert.ok(
      home.until(() => home.has("meter"), 2 * 3_600_000, 5000),
      `cut ${cutAt}: ${home.steps("meter")}`,
    );
    return { home, writes };
  }

  it("has at every write of its key and its chain the old state or the new one, and its certificate in the end", (context) => {
    const { writes } = life(0);
    assert.ok(writes >= 5, `${writes} writes`);
    for (let cutAt = 1; cutAt <= writes; cutAt++) verifiedByOpenssl(context, life(cutAt).home, "meter");
  });

  it("while it asks or loads begins anew", (context) => {
    for (const atMs of [7_300, 7_400, 7_500, 71_300, 71_450, 71_520]) {
      const home = new EnrolHome();
      home.run(atMs);
      home.home.power("meter", false);
      home.run(5000);
      home.home.power("meter", true);
      assert.ok(
        home.until(() => home.has("meter"), 2 * 3_600_000, 5000),
        `at ${atMs}`,
      );
      verifiedByOpenssl(context, home, "meter");
    }
  });
});

describe("a supplier that answers wrongly", () => {
  const good = new SupplierAuthority(1);
  const stranger = makeAuthority(Buffer.from("somebody else"));
  const own = makeAuthority(derive(1, "authority of phase 2"));
  const certified = (by: Authority, request: Uint8Array, fields: { notAfter?: Date } = {}): Uint8Array[] => {
    const { point, serial } = readRequest(request);
    return chainOf(by, certifyDevice(by, point, { serial, ...fields }));
  };
  const wrongs: Record<string, { certify: (extended: bigint, request: Uint8Array) => Uint8Array[]; says: RegExp }> = {
    "another authority's": { certify: (_, request) => certified(stranger, request), says: /refused$/ },
    "one that is too long": { certify: (_, request) => [...certified(own, request), Buffer.alloc(700)], says: /noBuffer$/ },
    "another device's": { certify: () => makeDevice(own, { serial: Buffer.from("another") }).chain, says: /refused$/ },
    "an expired one": { certify: (_, request) => certified(own, request, { notAfter: new Date(Date.UTC(2021, 0, 1)) }), says: /refused$/ },
  };
  for (const [name, { certify, says }] of Object.entries(wrongs)) {
    it(`with ${name} is told so, and its right answer is taken later`, () => {
      let wrong = true;
      const home = new EnrolHome({
        certify: (extended, request) => (wrong ? certify(extended, request) : good.certify(extended, request)),
      });
      assert.ok(home.until(() => home.steps("meter").includes("refused"), 600_000, 5000));
      home.run(2000);
      assert.match(home.of("meter", "certificate").find(({ step }) => step === "denied")?.reason, says);
      assert.deepEqual(chainOn(home, "meter"), []);
      wrong = false;
      assert.ok(
        home.until(() => home.has("meter"), 3 * 3_600_000, 10_000),
        JSON.stringify(home.steps("meter")),
      );
    });
  }

  it("certifies no request that names another device's hardware", () => {
    const home = new EnrolHome({
      certify: (extended, request) => good.certify(extended + 1n, request),
    });
    assert.ok(home.until(() => home.steps("meter").includes("denied"), 600_000, 5000));
    assert.match(home.last("meter", "certificate")?.reason, /another device/);
  });
});
