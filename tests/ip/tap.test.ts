// Programs of Linux reach into the mesh: through a TAP interface, the hub, its firewall and one hop or two of 802.15.4.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { Pacer } from "../../host/home/pacer.ts";
import { HubTap } from "../../host/ip/hub_tap.ts";
import { kilowasm, start } from "../home/process.ts";
import { device, filesOf } from "../tls/peers.ts";
import type { EngineName } from "./home.ts";
import { extendedOf, Street } from "./street.ts";
import { tunPossible } from "./wire.ts";

const run = promisify(execFile);
const SKIP = tunPossible() ? false : "needs Linux and root, for a TAP interface";
const CCM8 = ["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-CCM8"];
const DCAP = /<DeviceCapability xmlns="urn:ieee:std:2030.5:ns" href="\/dcap" pollRate="900">.*<\/DeviceCapability>/;
const TM = /<Time xmlns="urn:ieee:std:2030.5:ns" href="\/tm" pollRate="900"><currentTime>\d+<\/currentTime>.*<\/Time>/;

/** As `ip` and the others write an address. */
function text(address: Buffer): string {
  const words = Array.from({ length: 8 }, (_, index) => address.readUInt16BE(2 * index).toString(16));
  return new URL(`http://[${words.join(":")}]/`).hostname.slice(1, -1);
}

for (const [engine, name] of [
  ["V8", "kwe8"],
  ["wasm3", "kwe3"],
] as const satisfies [EngineName, string][]) {
  describe(`a home under ${engine} on Linux's Ethernet`, { skip: SKIP }, () => {
    let street: Street;
    let tap: HubTap | undefined;
    let running: Promise<void>;
    let ended = false;
    const address = { hub: "", meter: "", far: "" };

    before(async () => {
      street = new Street(1, engine, { hub: "hub", meter: "meter", far: "meter" });
      const { home } = street;
      const hears = home.onLink;
      home.onLink = (id, frame) => (tap && id === "hub" ? tap.send(frame) : (hears?.(id, frame) ?? -7));
      home.medium.setLink("hub", "far", { inRange: false });
      home.run(150);
      assert.ok(home.joined("meter") && home.joined("far"));
      for (const id of ["meter", "far"] as const) for (const port of [80, 443]) street.open(id, port);
      for (const id of ["meter", "far"] as const) address[id] = text(street.device(id));
      address.hub = text(street.hub);
      const pacer = new Pacer(
        {
          get nowUs() {
            return home.clock.nowUs;
          },
          get nextUs() {
            return home.clock.nextUs;
          },
          advance: (timeUs) => home.clock.runUntil(timeUs),
        },
        1,
        Number.MAX_SAFE_INTEGER,
      );
      const hub = home.devices.get("hub");
      assert.ok(hub);
      tap = HubTap.open(name, hub, (action) => pacer.enter(action));
      running = pacer.run(
        () => ended,
        () => Promise.resolve(),
      );
      const network = text(Buffer.concat([street.network, Buffer.alloc(8)]));
      for (let tries = 0; tries < 300; tries++) {
        const routes = execFileSync("ip", ["-6", "route", "show", "dev", name], { encoding: "utf8" });
        const addresses = execFileSync("ip", ["-6", "addr", "show", "dev", name, "scope", "global", "-tentative"], { encoding: "utf8" });
        if (routes.includes(`${network}/64 via `) && addresses.includes("inet6")) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.fail("no address, or no route to the network");
    });

    after(async () => {
      ended = true;
      await running;
      tap?.close();
      for (const one of street.home.devices.values()) one.close();
    });

    test("ping, with 1,200 octets", async () => {
      for (const to of [address.hub, address.meter, address.far]) {
        const { stdout } = await run("ping", ["-6", "-c", "3", "-i", "1", "-W", "4", "-s", "1200", to]);
        assert.match(stdout, /3 packets transmitted, 3 received/, to);
      }
    });

    test("ping of more than the network takes: Linux learns the size of the way", async () => {
      await assert.rejects(run("ping", ["-6", "-c", "1", "-W", "2", "-M", "do", "-s", "1300", address.meter]));
      const { stdout } = await run("ip", ["-6", "route", "get", address.meter]);
      assert.match(stdout, /mtu 1280/);
    });

    test("traceroute: the hub, then the device", async () => {
      for (const [to, words] of [
        [address.meter, ["-I"]],
        [address.far, ["-I"]],
        [address.meter, ["-T", "-p", "443"]],
      ] as const) {
        const { stdout } = await run("traceroute", ["-6", "-n", "-N", "1", "-q", "1", "-w", "4", "-m", "4", ...words, to]);
        const hops = stdout
          .trim()
          .split("\n")
          .slice(1)
          .map((line) => line.trim().split(/\s+/)[1]);
        assert.deepEqual(hops, [text(street.device("hub")), to]);
      }
    });

    test("curl reads /dcap and /tm of each over TLS, /dcap in the clear, and /tm not", async (context) => {
      const { chain, key } = filesOf(context, device({ serial: Buffer.from("curl") }));
      for (const to of [address.hub, address.meter, address.far]) {
        const words = ["-g", "-s", "-S", "-k", "-m", "30", "-w", "%{http_code} %{num_connects}\n"];
        const secure = [...words, ...CCM8, "--cert", chain, "--key", key, `https://[${to}]/dcap`, `https://[${to}]/tm`];
        const { stdout } = await run("curl", secure);
        const [dcap, tm] = stdout.trim().split("\n");
        assert.match(dcap, DCAP);
        assert.match(dcap, /200 1$/);
        assert.match(tm, TM);
        assert.match(tm, /200 0$/);
        const clear = await run("curl", [...words, `http://[${to}]/dcap`, `http://[${to}]/tm`]);
        assert.match(clear.stdout, DCAP);
        assert.match(clear.stdout, /403 0\n$/);
      }
    });

    test("dig and python-zeroconf find the hub by multicast DNS", async () => {
      const hub = `device-${extendedOf(1).toString(16).padStart(16, "0")}`;
      const dig = async (asked: string, type: string): Promise<string> => {
        const words = ["+short", "+time=3", "+tries=2", "-p", "5353", `@${address.hub}`, asked, type];
        return (await run("dig", words)).stdout.trim();
      };
      assert.equal(await dig("_smartenergy._tcp.local", "PTR"), `${hub}._smartenergy._tcp.local.`);
      assert.equal(await dig(`${hub}._smartenergy._tcp.local`, "SRV"), `0 0 80 ${hub}.local.`);
      assert.equal(await dig(`${hub}.local`, "AAAA"), address.hub);
      const { stdout } = await run("/usr/bin/python3", [join(import.meta.dirname, "zeroconf_browse.py"), name]);
      const told = "txtvers=1 dcap=/dcap https=443 level=-S1";
      assert.equal(stdout.trim(), `${hub}._smartenergy._tcp.local. ${hub}.local. 80 ${address.hub} ${told}`);
    });

    test("openssl verifies each, and is refused without a certificate", async (context) => {
      const { chain, rest, key, root } = filesOf(context, device({ serial: Buffer.from("openssl") }));
      for (const to of [address.meter, address.far]) {
        const words = ["s_client", "-connect", `[${to}]:443`, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-CCM8", "-CAfile", root];
        const child = run("openssl", [...words, "-cert", chain, "-cert_chain", rest, "-key", key, "-verify_return_error"] as string[]);
        child.child.stdin?.end();
        assert.match((await child).stdout, /Verification: OK/);
        const bare = run("openssl", words);
        bare.child.stdin?.end();
        await assert.rejects(bare, /alert handshake failure/);
      }
    });

    test("what is closed again is out of reach", async () => {
      street.open("far", 443, false);
      street.open("far", 80, false);
      await assert.rejects(run("curl", ["-g", "-s", "-m", "2", `http://[${address.far}]/dcap`]));
      await assert.rejects(run("ping", ["-6", "-c", "1", "-W", "2", address.far]));
      assert.deepEqual(street.home.troubles, []);
    });
  });
}

test("`--tap` makes the interface, opens the meter, and is refused where it cannot be", { skip: SKIP }, async (context) => {
  const phase1 = await kilowasm("home", "--tap", "kwec", "--phase", "1");
  assert.equal(phase1.status, 2);
  assert.match(phase1.error, /--tap is for a home of phase 2/);
  assert.match((await kilowasm("home", "--phase", "2", "--tap", "a/b")).error, /--tap takes an interface's name/);
  assert.match((await kilowasm("home", "--phase", "2", "--tap", "kwec", "--speed", "9")).error, /--tap runs in real time/);
  const { child } = start(["--phase", "2", "--tap", "kwec", "--json", "--duration", "5m"], 300_000);
  context.after(() => child.kill());
  assert.ok(child.stdout);
  let address = "";
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as { device: string; event: string; address?: string };
    if (told.device !== "meter" || told.event !== "reachable") continue;
    address = told.address ?? "";
    break;
  }
  const { stdout } = await run("curl", ["-g", "-s", "-S", "--retry", "3", "-m", "20", `http://[${address}]/dcap`]);
  assert.match(stdout, DCAP);
});
