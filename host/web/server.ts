// The server of a run, on the loopback interface of this machine.  It speaks to the page that it gave away, and to programs of this machine:
//
//   Host is ours          a name of somebody else's that leads here is refused (DNS rebinding)
//   Origin is ours        a page of another origin is refused, whatever it asks for
//   Bearer token          for what changes something; it stands in the URL that the run prints, behind #, and so in no request of a browser
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { InputError, systemReason } from "../files/input_error.ts";
import type { HomeEvent } from "../home/events.ts";
import type { Output } from "../home/output.ts";
import { WEB_PORT } from "../home/run_options.ts";
import { Actions } from "./actions.ts";
import { Beside } from "./beside.ts";
import { Judge } from "./judge.ts";
import { Live } from "./live.ts";
import { openapi } from "./openapi.ts";
import { Pages } from "./pages.ts";
import { Refusal } from "./refusal.ts";
import { CAPTURE, LIVE, OPENAPI_PATH, ROUTES, type Route } from "./routes.ts";
import type { Watch } from "./watch.ts";

const HOST = "127.0.0.1";
const BODY_MAX = 8_192;
const HEADERS_MAX = 8_192;
const URL_MAX = 2_000;
const CONNECTIONS_MAX = 512;
const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
/** Between two looks for who has let these pass. */
const CHECK_MS = 2_000;
const TOKEN_OCTETS = 16;
const JSON_TYPE = "application/json; charset=utf-8";

const SAFE = {
  "Content-Security-Policy": [
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'",
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ].join("; "),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
};

interface Way {
  route: Route;
  pattern: RegExp;
}

const WAYS: readonly Way[] = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`),
}));

export class WebServer {
  readonly live: Live;
  private readonly actions: Actions;
  private readonly judge = new Judge();
  private readonly pages = new Pages();
  private readonly token = randomBytes(TOKEN_OCTETS).toString("base64url");
  private port = 0;

  private constructor(
    private readonly watch: Watch,
    private readonly server: Server,
  ) {
    this.live = new Live(watch);
    this.actions = new Actions(watch, this.judge);
    server.maxConnections = CONNECTIONS_MAX;
    server.headersTimeout = HEADERS_MS;
    server.requestTimeout = REQUEST_MS;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => void this.serve(request, response));
    server.on("checkExpectation", (_: IncomingMessage, response: ServerResponse) =>
      refuse(response, 417, "nothing is to be expected here."),
    );
    server.on("clientError", clientError);
  }

  /** `port` 0 is any; null the usual one, or any if that is taken. */
  static async open(watch: Watch, port: number | null): Promise<WebServer> {
    const server = new WebServer(
      watch,
      createServer({ maxHeaderSize: HEADERS_MAX, requireHostHeader: false, connectionsCheckingInterval: CHECK_MS }),
    );
    try {
      await server.listen(port ?? WEB_PORT);
    } catch (error) {
      if (port !== null) throw new InputError(`--web ${port} cannot be opened: ${systemReason(error)}.`);
      await server.listen(0);
    }
    return server;
  }

  /** What a run tells its output, it tells the page too. */
  beside(output: Output): Output {
    return new Beside(output, this);
  }

  take(event: HomeEvent): void {
    this.watch.take(event);
  }

  /** What a person opens. */
  get url(): string {
    return `${this.origin}/#${this.token}`;
  }

  get origin(): string {
    return `http://${HOST}:${this.port}`;
  }

  async close(): Promise<void> {
    this.live.end();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    // Who has not read the last words by then does not want them.
    setTimeout(() => this.server.closeAllConnections(), 500).unref();
    await closed;
  }

  private listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, HOST, () => {
        this.server.off("error", reject);
        this.port = (this.server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      this.mustBeOurs(request);
      await this.answer(request, response);
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, "something is wrong with this program.");
      if (response.headersSent) response.destroy();
      // A body that nobody reads to its end ends the connection.
      else {
        if (!request.complete) response.setHeader("Connection", "close");
        refuse(response, refusal.status, refusal.message, refusal.headers);
      }
    }
  }

  /** Before anything else is looked at. */
  private mustBeOurs({ headers }: IncomingMessage): void {
    const names = [`${HOST}:${this.port}`, `localhost:${this.port}`];
    if (!names.includes(headers.host ?? "")) throw new Refusal(421, "this is not the host that was asked for.");
    const { origin } = headers;
    if (origin !== undefined && !names.some((name) => origin === `http://${name}`))
      throw new Refusal(403, "a page of another origin may not ask.");
    const site = headers["sec-fetch-site"];
    if (site !== undefined && site !== "same-origin" && site !== "none") throw new Refusal(403, "a page of another site may not ask.");
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = "/" } = request;
    if (url.length > URL_MAX) throw new Refusal(414, `the address has more than ${URL_MAX} characters.`);
    if (!url.startsWith("/")) throw new Refusal(400, "the address does not begin with a slash.");
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "");
    const [path, search = ""] = url.split("?", 2);
    const page = this.pages.get(path);
    if (page) {
      if (method !== "GET") throw new Refusal(405, "a page is only read.", { Allow: "GET, HEAD" });
      return send(response, 200, page.type, page.octets, {}, request);
    }
    if (path === OPENAPI_PATH && method === "GET") return send(response, 200, JSON_TYPE, JSON.stringify(openapi()), {}, request);
    const { route, parameters } = wayOf(path, method);
    if (route.method === "POST") this.mustKnowUs(request);
    const query =
      route.query || search ? this.judge.query((route.query ?? { schema: NOTHING }) as NonNullable<Route["query"]>, queryOf(search)) : {};
    if (route.answer === LIVE) return this.listenTo(request, response, query as Record<string, unknown>);
    const body = route.body ? await bodyOf(request) : undefined;
    const answer = route.run({ watch: this.watch, actions: this.actions, parameters, query: query as Record<string, unknown>, body });
    if (route.method === "POST") this.live.turn(true);
    if (route.answer === CAPTURE)
      return send(response, 200, CAPTURE, answer as Buffer, { "Content-Disposition": 'attachment; filename="kilowasm.pcapng"' }, request);
    send(response, 200, JSON_TYPE, JSON.stringify(answer), {}, request);
  }

  private mustKnowUs({ headers }: IncomingMessage): void {
    const given = Buffer.from(headers.authorization ?? "");
    const wanted = Buffer.from(`Bearer ${this.token}`);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      throw new Refusal(401, "an action needs the token of this run, which stands in the URL that it prints.", {
        "WWW-Authenticate": "Bearer",
      });
  }

  private listenTo(request: IncomingMessage, response: ServerResponse, query: Record<string, unknown>): void {
    if (this.live.isFull) throw new Refusal(503, "as many look on as there is room for.", { "Retry-After": "10" });
    const known = /^\d{1,15}$/.exec(String(request.headers["last-event-id"] ?? ""))?.[0] ?? query.after ?? this.watch.events.last;
    response.writeHead(200, { ...SAFE, "Content-Type": LIVE });
    if (request.method === "HEAD") return void response.end();
    response.flushHeaders();
    this.live.add(response, Number(known));
  }
}

const NOTHING = { type: "object", additionalProperties: false };

function wayOf(path: string, method: string): { route: Route; parameters: Record<string, string> } {
  const there = WAYS.filter(({ pattern }) => pattern.test(path));
  if (there.length === 0) throw new Refusal(404, "there is nothing at this address.");
  const way = there.find(({ route }) => route.method === method);
  const allowed = there.map(({ route }) => (route.method === "GET" ? "GET, HEAD" : route.method)).join(", ");
  if (!way) throw new Refusal(405, `this address takes ${allowed}.`, { Allow: allowed });
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(way.pattern.exec(path)?.groups ?? {})) parameters[name] = decoded(value);
  return { route: way.route, parameters };
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    throw new Refusal(400, "the address is not encoded as it must be.");
  }
}

function queryOf(search: string): Record<string, string> {
  const found: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(search)) {
    if (name in found) throw new Refusal(400, "the query says something twice.");
    found[name] = value;
  }
  return { ...found };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json(;|$)/i.test(request.headers["content-type"] ?? ""))
    throw new Refusal(415, "the body is to be application/json.");
  if (Number(request.headers["content-length"] ?? 0) > BODY_MAX) throw new Refusal(413, `the body has more than ${BODY_MAX} octets.`);
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of request) {
      size += (part as Buffer).length;
      if (size > BODY_MAX) throw new Refusal(413, `the body has more than ${BODY_MAX} octets.`);
      parts.push(part as Buffer);
    }
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(400, "the body ended before its end.");
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts)));
  } catch {
    throw new Refusal(400, "the body is no JSON.");
  }
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  content: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  request?: IncomingMessage,
): void {
  const octets = Buffer.from(content);
  response.writeHead(status, { ...SAFE, "Content-Type": type, "Content-Length": octets.length, ...headers });
  response.end(request?.method === "HEAD" ? undefined : octets);
}

function refuse(response: ServerResponse, status: number, error: string, headers: Readonly<Record<string, string>> = {}): void {
  send(response, status, JSON_TYPE, JSON.stringify({ error }), headers);
}

/** What Node's parser does not take for HTTP. */
function clientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
  const body = JSON.stringify({ error: "this is no request of HTTP that is taken here." });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    `Content-Type: ${JSON_TYPE}`,
    `Content-Length: ${body.length}`,
    ...Object.entries(SAFE).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
