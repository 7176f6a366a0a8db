// tshark as the second opinion on ZCL frames: each is wrapped in plain APS, NWK and MAC headers and dissected.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const LINK_TYPE_802_15_4_NO_FCS = 230;

function wrap(zcl: Buffer, cluster: number, counter: number): Buffer {
  // control, target endpoint, cluster, profile, source endpoint, counter
  const aps = Buffer.alloc(8);
  aps.writeUInt8(0x00, 0);
  aps.writeUInt8(1, 1);
  aps.writeUInt16LE(cluster, 2);
  aps.writeUInt16LE(0x0109, 4);
  aps.writeUInt8(1, 6);
  aps.writeUInt8(counter & 0xff, 7);
  const mac = Buffer.from([0x41, 0x88, counter & 0xff, 0x34, 0x12, 0x01, 0x00, 0x02, 0x00]);
  const nwk = Buffer.from([0x08, 0x00, 0x01, 0x00, 0x02, 0x00, 0x1e, counter & 0xff]);
  return Buffer.concat([mac, nwk, aps, zcl]);
}

/** The named fields of each frame, and `expert` and `protocols` beside them. */
export function dissect(frames: { cluster: number; zcl: Buffer }[], fields: string[]): Record<string, string>[] {
  const folder = mkdtempSync(path.join(tmpdir(), "kilowasm-zcl-"));
  try {
    const file = path.join(folder, "frames.pcap");
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b2c3d4, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(0x40000, 16);
    header.writeUInt32LE(LINK_TYPE_802_15_4_NO_FCS, 20);
    const records = frames.map((frame, index) => {
      const octets = wrap(frame.zcl, frame.cluster, index);
      const record = Buffer.alloc(16);
      record.writeUInt32LE(index, 0);
      record.writeUInt32LE(octets.length, 8);
      record.writeUInt32LE(octets.length, 12);
      return Buffer.concat([record, octets]);
    });
    writeFileSync(file, Buffer.concat([header, ...records]));
    const names = ["_ws.expert.message", "frame.protocols", ...fields];
    const text = execFileSync("tshark", ["-r", file, "-T", "fields", "-E", "separator=|", ...names.flatMap((name) => ["-e", name])], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    return text
      .replace(/\n$/, "")
      .split("\n")
      .map((line) => {
        const values = line.split("|");
        const result: Record<string, string> = {};
        names.forEach((name, index) => {
          result[name] = values[index] ?? "";
        });
        return result;
      });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
