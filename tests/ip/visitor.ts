// Who asks a module's server over TLS, one request after another on one connection.

import type { TlsIdentity } from "../../host/tls/session.ts";
import { TlsSession } from "../../host/tls/session.ts";
import { NOW, roots } from "../tls/peers.ts";
import { type Net, Peer } from "./tcp_peer.ts";

const HTTPS = 443;
const WHOLE_MS = 30_000;

export interface Heard {
  status: number;
  fields: Map<string, string>;
  body: string;
}

let host = 0x2000;

export class Visitor {
  private readonly session: TlsSession;
  private readonly peer: Peer;
  private text = "";

  constructor(
    private readonly net: Net,
    identity: TlsIdentity,
  ) {
    this.session = new TlsSession({ server: false, identity, roots, seed: Buffer.alloc(32, host), now: NOW });
    this.peer = new Peer(net, host++, 5000, HTTPS);
    this.peer.say(this.session.drain(65_536));
    this.peer.onData = (octets) => this.take(octets);
  }

  get(path: string, fields = ""): Heard {
    return this.ask(`GET ${path} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`);
  }

  tell(method: string, path: string, body: string, type = "application/sep+xml"): Heard {
    return this.ask(`${method} ${path} HTTP/1.1\r\nHost: h\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  }

  /** Says some octets and waits for one whole answer. */
  ask(octets: string): Heard {
    this.net.until(() => this.session.phase === "open", WHOLE_MS);
    this.text = "";
    this.session.write(Buffer.from(octets, "latin1"));
    this.send();
    let heard: Heard | undefined;
    this.net.until(() => {
      heard = answerOf(this.text, octets.startsWith("HEAD"));
      return heard !== undefined || this.peer.state === "over";
    }, WHOLE_MS);
    heard ??= answerOf(this.text, octets.startsWith("HEAD"));
    if (!heard) throw new Error(`no answer to ${octets.split("\r\n")[0]}: ${this.text}`);
    return heard;
  }

  close(): void {
    this.peer.close();
    this.net.run(1000);
    this.peer.vanish();
  }

  private send(): void {
    const drained = this.session.drain(65_536);
    if (drained.length > 0) this.peer.say(drained);
  }

  private take(octets: Buffer): void {
    for (let at = 0, taken = 1; at < octets.length && taken > 0; at += taken) {
      taken = this.session.feed(octets.subarray(at));
      if (this.session.readable > 0) {
        this.text += this.session.read(65_536).toString("latin1");
        taken ||= this.session.feed(octets.subarray(at));
      }
    }
    this.send();
  }
}

function answerOf(text: string, isHead: boolean): Heard | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first, ...rest] = text.slice(0, end).split("\r\n");
  const fields = new Map(rest.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]));
  const body = text.slice(end + 4);
  if (!isHead && body.length < Number(fields.get("content-length"))) return undefined;
  return { status: Number(first.split(" ")[1]), fields, body };
}
