// Debian's mosquitto as the broker, and what a subscriber to everything hears.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensure } from "../../host/build/preflight.ts";

export const USER = "home";
export const PASSWORD = "not a secret";

export interface Heard {
  topic: string;
  payload: string;
}

export interface BrokerFiles {
  port: number;
  folder: string;
  /** Of mqtts; with user and password then. */
  ca: string | null;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A place for a broker that can be started more than once. */
export async function brokerFiles(secure = false): Promise<BrokerFiles> {
  ensure(["mosquitto"]);
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-mqtt-"));
  const port = await freePort();
  const lines = [`listener ${port} 127.0.0.1`, "persistence false", "user root"];
  if (secure) {
    const at = (name: string): string => join(folder, name);
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", at("key.pem"), "-out", at("ca.pem")];
    execFileSync("openssl", ["req", "-x509", ...key, ...subject], { stdio: "ignore" });
    execFileSync("mosquitto_passwd", ["-b", "-c", at("users"), USER, PASSWORD]);
    lines.push(`certfile ${at("ca.pem")}`, `keyfile ${at("key.pem")}`, `password_file ${at("users")}`, "allow_anonymous false");
  } else lines.push("allow_anonymous true");
  writeFileSync(join(folder, "mosquitto.conf"), `${lines.join("\n")}\n`);
  return { port, folder, ca: secure ? join(folder, "ca.pem") : null };
}

export async function startBroker({ port, folder }: BrokerFiles): Promise<ChildProcess> {
  const child = spawn("mosquitto", ["-c", join(folder, "mosquitto.conf")], { stdio: "ignore" });
  for (;;) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (there) return child;
    if (child.exitCode !== null) throw new Error("mosquitto does not start");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function stopBroker(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  await gone;
}

/** mosquitto's own subscriber, to everything; `until` resolves when it has heard what it is to hear. */
export class Subscriber {
  readonly heard: Heard[] = [];
  private rest = "";
  private readonly child: ChildProcess;
  private wake: () => void = () => undefined;

  constructor({ port, ca }: BrokerFiles) {
    const secure = ca ? ["--cafile", ca, "-u", USER, "-P", PASSWORD] : [];
    this.child = spawn("mosquitto_sub", ["-h", "127.0.0.1", "-p", String(port), "-t", "#", "-q", "1", "-F", "%t %p", ...secure]);
    this.child.stdout?.on("data", (octets) => {
      const lines = (this.rest + octets).split("\n");
      this.rest = lines.pop() as string;
      for (const line of lines) {
        const [topic] = line.split(" ", 1);
        this.heard.push({ topic, payload: line.slice(topic.length + 1) });
      }
      this.wake();
    });
  }

  async until(done: (heard: readonly Heard[]) => boolean): Promise<void> {
    while (!done(this.heard)) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  close(): void {
    this.child.kill();
  }
}

export function caOf({ ca }: BrokerFiles): Buffer | null {
  return ca === null ? null : readFileSync(ca);
}
