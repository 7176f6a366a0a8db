// The air on a UDP port: a program that speaks ZEP is a node on it.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { withFcs } from "../../host/air/frame.ts";
import { readZep, writeZep } from "../../host/air/zep.ts";
import { type Line, start } from "./process.ts";

/** IEEE 802.15.4-2006, 7.3.7: broadcast, no source, command 7. */
const BEACON_REQUEST = withFcs(Buffer.from("03084effffffff07", "hex"));
const FRAME_BEACON = 0;

test("a stranger's beacon request over UDP is answered by the hub's beacon", async () => {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const free = createSocket("udp4");
  await new Promise<void>((resolve) => free.bind(0, "127.0.0.1", resolve));
  const { port } = free.address();
  await new Promise<void>((resolve) => free.close(() => resolve()));
  const { child, ended } = start(["--zep", String(port), "--duration", "6s"]);
  const heard: number[] = [];
  socket.on("message", (packet) => {
    const data = readZep(packet);
    assert.ok(data, "what comes is ZEP");
    if ((data.psdu[0] & 7) === FRAME_BEACON) heard.push(data.psdu[3] | (data.psdu[4] << 8));
  });
  let formed: Line | undefined;
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (text) => {
    const line = JSON.parse(text) as Line;
    if (line.event !== "formed") return;
    formed = line;
    const request = { channel: line.channel as number, device: 1, sequence: 1, psdu: BEACON_REQUEST };
    socket.send(writeZep(request, 255, Date.now()), port, "127.0.0.1");
  });
  const { status, error } = await ended;
  socket.close();
  await once(socket, "close").catch(() => undefined);
  assert.equal(status, 0, error);
  assert.ok(formed, "the hub formed a network");
  assert.ok(heard.includes(Number(formed.pan)), `beacons of ${heard} and not of ${formed.pan}`);
});
