// A run with its server in this process.  The test owns the clock: nothing happens but by `advance`.
import { connect } from "node:net";
import type { HomeEvent } from "../../host/home/events.ts";
import { Session } from "../../host/home/session.ts";
import { KeyShelf } from "../../host/web/key_shelf.ts";
import { WebServer } from "../../host/web/server.ts";
import { Watch } from "../../host/web/watch.ts";
import { optionsParse } from "../../tools/home/options.ts";

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any shape, which the test knows
  json: any;
}

export class Run {
  readonly events: HomeEvent[] = [];

  private constructor(
    readonly session: Session,
    readonly watch: Watch,
    readonly server: WebServer,
  ) {}

  static async open(...words: string[]): Promise<Run> {
    const shelf = new KeyShelf();
    const options = optionsParse(["--json", ...words], { folder: process.cwd(), terminal: false, write: () => undefined });
    let run: Run | null = null;
    const output = {
      event: (event: HomeEvent) => run?.take(event),
      turn: async () => undefined,
      closed: false,
      failed: false,
      end: async () => undefined,
    };
    const session = await Session.open(
      options,
      () => output,
      () => undefined,
    );
    session.home.keyring.listen(shelf);
    const watch = new Watch(session, shelf, { command: "npm start", realTime: false });
    run = new Run(session, watch, await WebServer.open(watch, 0));
    session.home.start();
    return run;
  }

  advance(ms: number): void {
    const { home } = this.session;
    home.advance(home.clock.nowUs + ms * 1000);
  }

  /** The newest event of a kind. */
  newest<N extends HomeEvent["event"]>(kind: N): Extract<HomeEvent, { event: N }> {
    const found = this.events.findLast(({ event }) => event === kind);
    if (!found) throw new Error(`there was no ${kind}`);
    return found as Extract<HomeEvent, { event: N }>;
  }

  get token(): string {
    return this.server.url.split("#")[1];
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return answerOf(await fetch(`${this.server.origin}${path}`, { headers }));
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const all = { authorization: `Bearer ${this.token}`, "content-type": "application/json", ...headers };
    return answerOf(await fetch(`${this.server.origin}${path}`, { method: "POST", headers: all, body: JSON.stringify(body) }));
  }

  /** What a socket is answered until its other end closes: for requests that no library makes. */
  raw(octets: string | Buffer): Promise<string> {
    const { port } = new URL(this.server.origin);
    return new Promise((resolve) => {
      const socket = connect(Number(port), "127.0.0.1");
      let text = "";
      socket.on("data", (part) => {
        text += part.toString("latin1");
      });
      for (const end of ["close", "error"]) socket.on(end, () => resolve(text));
      socket.end(octets);
    });
  }

  get host(): string {
    return new URL(this.server.origin).host;
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.session.close();
  }

  private take(event: HomeEvent): void {
    this.events.push(event);
    this.server.take(event);
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").startsWith("application/json");
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}
