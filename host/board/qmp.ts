// The emulator's control socket, as far as a screenshot needs it.
import { createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** Listens where the emulator connects; one command at a time. */
export class Qmp {
  private readonly server: Server;
  private socket: Socket | undefined;
  private waiting: Waiting | undefined;
  private readonly ready: Promise<void>;

  constructor(path: string) {
    this.server = createServer();
    this.server.listen(path);
    this.ready = new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.once("close", () => reject(new Error("the emulator is gone")));
      this.server.once("connection", (socket) => {
        this.socket = socket;
        socket.on("error", () => {});
        socket.on("close", () => this.waiting?.reject(new Error("the emulator is gone")));
        const lines = createInterface(socket);
        lines.on("line", (line) => this.onLine(line, resolve));
        lines.on("error", () => {}); // the emulator was cut off; "close" tells
      });
    });
    this.ready.catch(() => {});
  }

  private onLine(line: string, greeted: () => void): void {
    const message = JSON.parse(line) as { QMP?: unknown; return?: unknown; error?: { desc: string }; event?: string };
    if (message.QMP) {
      this.send("qmp_capabilities").then(greeted, greeted);
      return;
    }
    const waiting = this.waiting;
    if (message.event || !waiting) return;
    this.waiting = undefined;
    if (message.error) waiting.reject(new Error(message.error.desc));
    else waiting.resolve(message.return);
  }

  private send(execute: string, parameters: object = {}): Promise<unknown> {
    if (this.waiting) return Promise.reject(new Error("the emulator is still busy with a command"));
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket?.write(`${JSON.stringify({ execute, arguments: parameters })}\n`);
    });
  }

  async command(execute: string, parameters: object): Promise<unknown> {
    await this.ready;
    return this.send(execute, parameters);
  }

  close(): void {
    this.socket?.destroy();
    this.server.close();
  }
}
