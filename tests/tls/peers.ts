// Connects a session of ours with OpenSSL's programs over the loopback interface.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Authority, type DeviceFields, makeAuthority, makeDevice } from "../../host/tls/authority.ts";
import { chainPem, privateKeyPem } from "../../host/tls/pem.ts";
import { type TlsIdentity, TlsSession } from "../../host/tls/session.ts";

export const authority = makeAuthority(Buffer.from("tests/tls"));
export const stranger = makeAuthority(Buffer.from("another authority"));
export const roots = [authority.root.certificate];
/** A moment when the test's certificates are valid. */
export const NOW = Date.UTC(2026, 5, 1);
const QUESTION = "a question\n";
export const ANSWER = "an answer\n";

export function device(fields: Partial<DeviceFields> = {}, by: Authority = authority): TlsIdentity {
  return makeDevice(by, { serial: Buffer.from("0001"), ...fields });
}

export interface Files {
  chain: string;
  /** What stands above the leaf, if something does. */
  rest: string | undefined;
  key: string;
  root: string;
}

/** The files that OpenSSL reads an identity from. */
export function filesOf(context: TestContext, identity: TlsIdentity): Files {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-tls-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const files = {
    chain: join(folder, "chain.pem"),
    rest: identity.chain.length > 1 ? join(folder, "rest.pem") : undefined,
    key: join(folder, "key.pem"),
    root: join(folder, "root.pem"),
  };
  writeFileSync(files.chain, chainPem(identity.chain));
  if (files.rest) writeFileSync(files.rest, chainPem(identity.chain.slice(1)));
  writeFileSync(files.key, privateKeyPem(identity.privateKey));
  writeFileSync(files.root, chainPem(roots));
  return files;
}

/** What a session of any engine can do. */
export type Speaker = Pick<
  TlsSession,
  "phase" | "alertSent" | "alertReceived" | "readable" | "feed" | "drain" | "read" | "write" | "close"
>;

/** Makes one of an engine: its own side is the first device's. */
export type Make = (server: boolean) => Speaker;

export const ofHost: Make = (server) =>
  new TlsSession({ server, identity: device(), roots, seed: Buffer.alloc(32, server ? 1 : 2), now: NOW });

export interface Outcome {
  session: Speaker;
  heard: string;
}

/** Runs a session over a socket to its end; what is readable is kept, a server answers it and a client asks. */
function run(session: Speaker, server: boolean, socket: Socket): Promise<Outcome> {
  let heard = "";
  let asked = false;
  const pump = (): void => {
    const octets = session.drain(65_536);
    if (octets.length > 0) socket.write(octets);
  };
  const speak = (text: string): void => {
    pump();
    session.write(Buffer.from(text));
    pump();
  };
  const take = (octets: Buffer): void => {
    for (let at = 0; at < octets.length; ) {
      const taken = session.feed(octets.subarray(at));
      at += taken;
      if (session.readable > 0) heard += session.read(65_536).toString();
      else if (taken === 0) break;
      pump();
    }
    if (session.phase === "open" && !server && !asked) speak(QUESTION);
    asked ||= session.phase === "open";
    if (server && heard.includes("\n")) {
      speak(ANSWER);
      session.close();
    }
    if (!server && heard.includes("\n")) session.close();
    pump();
    if (session.phase === "failed" || session.phase === "closed") socket.end();
  };
  return new Promise((resolve) => {
    socket.on("data", take);
    socket.on("error", () => undefined);
    socket.on("close", () => resolve({ session, heard }));
    pump();
  });
}

export interface Client {
  outcome: Outcome;
  text: string;
  code: number | null;
}

/** Our server, and a program that connects to it. */
export async function served(make: Make, program: (port: number) => [string, string[]], input = ""): Promise<Client> {
  const session = make(true);
  const server = createServer();
  let met = false;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const outcome = new Promise<Outcome>((resolve) => {
    server.once("connection", (socket) => {
      met = true;
      run(session, true, socket).then(resolve);
    });
  });
  const [command, args] = program((server.address() as AddressInfo).port);
  const ended = finished(command, args, input).then((client) => {
    if (!met) throw new Error(`${command} did not connect: ${client.text}`);
    return client;
  });
  const [client, result] = await Promise.all([ended, outcome]);
  server.close();
  return { outcome: result, ...client };
}

/** `openssl s_server`, and our client that connects to it. */
export async function asked(make: Make, args: string[]): Promise<Outcome> {
  const child = spawn("openssl", ["s_server", "-accept", "127.0.0.1:0", "-naccept", "1", ...args], { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined);
  const port = await new Promise<number>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (octets: Buffer) => {
      text += octets.toString();
      const accepted = /ACCEPT \S*:(\d+)/.exec(text);
      if (accepted) resolve(Number(accepted[1]));
      if (text.includes("a question")) child.stdin.write(ANSWER);
    });
    let errors = "";
    child.stderr.on("data", (octets: Buffer) => {
      errors += octets.toString();
    });
    child.on("close", () => reject(new Error(`openssl s_server ended: ${errors}`)));
  });
  const closed = new Promise((resolve) => child.on("close", resolve));
  const session = make(false);
  const socket = connect(port, "127.0.0.1");
  const outcome = await run(session, false, socket);
  child.kill();
  await closed;
  return outcome;
}

function finished(command: string, args: string[], input: string): Promise<{ text: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    let text = "";
    const note = (octets: Buffer): void => {
      text += octets.toString();
      if (text.includes(ANSWER)) child.stdin.end();
    };
    child.stdout.on("data", note);
    child.stderr.on("data", note);
    child.stdin.on("error", () => undefined);
    if (input) child.stdin.write(input);
    child.on("error", reject);
    child.on("close", (code) => resolve({ text, code }));
  });
}
