// A page changes nothing: a run that is looked at gives the same events and the same air, to the bit, as one that is not.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { HomeEvent } from "../../host/home/events.ts";
import type { Output } from "../../host/home/output.ts";
import { Session } from "../../host/home/session.ts";
import { Beside } from "../../host/web/beside.ts";
import { KeyShelf } from "../../host/web/key_shelf.ts";
import { WebServer } from "../../host/web/server.ts";
import { Watch } from "../../host/web/watch.ts";
import { optionsParse } from "../../tools/home/options.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "kilowasm-same-"));

/** Its events without what real time says, its capture, and how often it was asked for something. */
async function runOf(name: string, watched: boolean): Promise<{ events: string; air: Buffer; asked: number }> {
  const pcap = join(FOLDER, name);
  const words = ["--json", "--home", "docs/homes/flat.yaml", "--duration", "40m", "--pcap", pcap];
  const options = optionsParse(words, { folder: process.cwd(), terminal: false, write: () => undefined });
  const events: HomeEvent[] = [];
  const plain: Output = {
    event: (event) => events.push(event),
    turn: async () => undefined,
    closed: false,
    failed: false,
    end: async () => undefined,
  };
  let output = plain;
  const shelf = new KeyShelf();
  const session = await Session.open(
    options,
    () => output,
    () => undefined,
  );
  let asked = 0;
  let over = false;
  const clients: Promise<void>[] = [];
  if (watched) {
    session.home.keyring.listen(shelf);
    const server = await WebServer.open(new Watch(session, shelf, { command: "", realTime: false }), 0);
    output = new Beside(plain, server);
    const ask = async (path: string): Promise<void> => {
      while (!over) {
        const response = await fetch(`${server.origin}${path}`);
        await response.arrayBuffer();
        assert.equal(response.status, 200);
        asked++;
      }
    };
    for (const path of ["/api/state", "/api/frames?limit=200&layer=zcl", "/api/capture"]) clients.push(ask(path));
    const live = await fetch(`${server.origin}/api/live`);
    clients.push(live.text().then((text) => assert.match(text, /"ended":true/)));
    await fetch(`${server.origin}/api/state`);
  }
  await session.run();
  over = true;
  await output.end();
  await Promise.allSettled(clients);
  const told = events.filter(({ event }) => event !== "progress").map((event) => ({ ...event, wallMs: 0 }));
  return { events: JSON.stringify(told), air: readFileSync(pcap), asked };
}

test("a home with plugs, noise and somebody who carries a display is the same with a page and without one", async () => {
  const alone = await runOf("alone.pcapng", false);
  const watched = await runOf("watched.pcapng", true);
  assert.ok(watched.asked >= 3, `it was asked ${watched.asked} times`);
  assert.equal(watched.events, alone.events);
  assert.ok(watched.air.equals(alone.air), "the captures are one");
  assert.ok(alone.air.length > 100_000);
});
