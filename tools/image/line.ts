// The line to a radio co-processor: a serial port, or a TCP port behind which there is one.

import { execFileSync } from "node:child_process";
import { openSync } from "node:fs";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { ReadStream, WriteStream } from "node:tty";
import { InputError, systemReason } from "../../host/files/input_error.ts";

/** OpenThread's RCP firmware for the nRF52840 and EFR32 over a UART; a USB port does not care. */
export const BAUD = 460_800;

/** Of a serial port. */
export interface LineHow {
  baud?: number;
  /** RTS and CTS. */
  flowControl?: boolean;
}

export async function openLine(name: string, how: LineHow = {}): Promise<Duplex> {
  const address = /^([\w.-]+|\[[0-9a-f:]+\]):(\d{1,5})$/i.exec(name);
  if (!address) return serial(name, how);
  if (how.baud !== undefined || how.flowControl) throw new InputError(`--baud and --flow-control are a serial port's; ${name} is none.`);
  return tcp(name, address[1].replace(/^\[|\]$/g, ""), Number(address[2]));
}

function tcp(name: string, host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once("error", (error) => reject(new InputError(`cannot connect to ${name}: ${systemReason(error)}.`)));
    socket.once("connect", () => {
      socket.removeAllListeners("error"); // whoever uses the line hears of its end
      resolve(socket);
    });
  });
}

function serial(path: string, { baud = BAUD, flowControl = false }: LineHow): Duplex {
  try {
    execFileSync(
      "stty",
      [process.platform === "linux" ? "-F" : "-f", path, String(baud), "raw", "-echo", flowControl ? "crtscts" : "-crtscts"],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    const input = new ReadStream(openSync(path, "r+"));
    const output = new WriteStream(openSync(path, "r+"));
    return Duplex.from({ readable: input, writable: output });
  } catch (error) {
    const text = (error as { stderr?: Buffer }).stderr?.toString().trim().split("\n")[0];
    throw new InputError(`cannot open ${path} as a serial port: ${text || systemReason(error)}.`);
  }
}
