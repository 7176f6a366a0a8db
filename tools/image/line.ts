// The line to a radio co-processor: a serial port, or a TCP port behind which there is one.

import { execFileSync } from "node:child_process";
import { openSync } from "node:fs";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { ReadStream, WriteStream } from "node:tty";
import { InputError, systemReason } from "../../host/load/input_error.ts";

/** OpenThread's RCP firmware for the nRF52840 and EFR32 over a UART; a USB port does not care. */
const BAUD = 460_800;

export async function openLine(name: string): Promise<Duplex> {
  const address = /^([\w.-]+):(\d{1,5})$/.exec(name);
  return address ? tcp(name, address[1], Number(address[2])) : serial(name);
}

function tcp(name: string, host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once("error", (error) => reject(new InputError(`cannot connect to ${name}: ${systemReason(error)}.`)));
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      socket.on("error", () => socket.destroy());
      resolve(socket);
    });
  });
}

function serial(path: string): Duplex {
  try {
    execFileSync("stty", ["-F", path, String(BAUD), "raw", "-echo", "-crtscts"], { stdio: ["ignore", "ignore", "pipe"] });
    const input = new ReadStream(openSync(path, "r+"));
    const output = new WriteStream(openSync(path, "r+"));
    return Duplex.from({ readable: input, writable: output });
  } catch (error) {
    const text = (error as { stderr?: Buffer }).stderr?.toString().trim().split("\n")[0];
    throw new InputError(`cannot open ${path} as a serial port: ${text || systemReason(error)}.`);
  }
}
