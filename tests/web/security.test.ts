// The server speaks to its own page and to programs of this machine; whatever else comes is refused in a sentence and changes nothing.
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { LISTENERS_MAX } from "../../host/web/live.ts";
import { Run } from "./kit.ts";

let run: Run;
before(async () => {
  run = await Run.open("--seed", "3", "--duration", "1d");
  run.advance(60_000);
});
after(() => run.close());

const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
/** Of the first answer: another may follow it. */
function errorOf(text: string): string {
  const size = Number(/^content-length: (\d+)/im.exec(text)?.[1]);
  const from = text.indexOf("\r\n\r\n") + 4;
  return (JSON.parse(text.slice(from, from + size)) as { error: string }).error;
}

function plain(path: string, headers: Record<string, string>, method = "GET", body = ""): Promise<string> {
  const lines = Object.entries({ connection: "close", ...headers }).map(([name, value]) => `${name}: ${value}`);
  return run.raw(`${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
}

test("a name that somebody else made lead here is refused, whatever it asks for", async () => {
  const { port } = new URL(run.server.origin);
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    "127.0.0.1",
    `127.0.0.1:${Number(port) + 1}`,
    `127.0.0.1.evil.example:${port}`,
    "",
  ])
    for (const path of ["/", "/api/state", "/api/capture", "/api/live", "/nothing"]) {
      const text = await plain(path, { host });
      assert.equal(statusOf(text), 421, `${host} ${path}`);
      assert.match(errorOf(text), /\.$/);
    }
  assert.equal(statusOf(await plain("/api/state", { host: `localhost:${port}` })), 200);
});

test("a page of another origin or site is refused, with the token too", async () => {
  for (const headers of [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: `https://${run.host}` },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ] as Record<string, string>[]) {
    assert.equal((await run.get("/api/state", headers)).status, 403, JSON.stringify(headers));
    assert.equal((await run.post("/api/actions", { unplug: "meter" }, headers)).status, 403, JSON.stringify(headers));
  }
  assert.equal((await run.get("/api/state", { origin: run.server.origin, "sec-fetch-site": "same-origin" })).status, 200);
  assert.equal(run.watch.device("meter")?.powered, true);
});

test("an action without the token of this run happens to nobody", async () => {
  for (const authorization of [
    "",
    "Bearer",
    "Bearer ",
    `Basic ${run.token}`,
    `Bearer ${run.token}x`,
    `Bearer ${run.token.slice(1)}x`,
    run.token,
  ])
    for (const path of ["/api/actions", "/api/time"]) {
      const answer = await run.post(path, { unplug: "meter" }, { authorization });
      assert.equal(answer.status, 401, authorization);
      assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    }
  assert.equal(run.watch.device("meter")?.powered, true);
  const other = await Run.open("--duration", "1m");
  assert.notEqual(other.token, run.token);
  assert.match(other.token, /^[\w-]{22}$/);
  await other.close();
});

test("no answer lets a browser load, frame or keep anything", async () => {
  for (const path of ["/", "/api/state", "/nothing", "/api/frames?limit=x"]) {
    const { headers } = await run.get(path);
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/, path);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    for (const [name, value] of Object.entries({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "cross-origin-resource-policy": "same-origin",
    }))
      assert.equal(headers.get(name), value, `${path}: ${name}`);
    assert.equal(headers.get("access-control-allow-origin"), null);
  }
});

test("bodies, heads and addresses have their limits, and methods and media their names", async () => {
  const { token, host } = run;
  const action = (headers: Record<string, string>, body: string): Promise<string> =>
    plain(
      "/api/actions",
      { host, authorization: `Bearer ${token}`, "content-type": "application/json", "content-length": String(body.length), ...headers },
      "POST",
      body,
    );
  const long = JSON.stringify({ unplug: "meter", more: "x".repeat(9_000) });
  const cases: [Promise<string>, number][] = [
    [action({}, long), 413],
    [action({ "content-length": "999999999999" }, "{}"), 413],
    [
      plain(
        "/api/actions",
        { host, authorization: `Bearer ${token}`, "content-type": "application/json", "transfer-encoding": "chunked" },
        "POST",
        `${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\n`,
      ),
      413,
    ],
    [action({ "content-type": "text/plain" }, "{}"), 415],
    [action({}, "{"), 400],
    [action({}, "\xff\xfe"), 400],
    [action({}, '{"unplug":"meter"}\0'), 400],
    [action({ "content-length": "40" }, '{"unplug":"meter"}'), 400],
    [plain(`/api/state?${"x".repeat(2_000)}`, { host }), 414],
    [plain("/api/state", { host, padding: "x".repeat(9_000) }), 431],
    [plain("/api/state", { host }, "DELETE"), 405],
    [plain("/api/actions", { host }, "GET"), 405],
    [plain("/api/state", { host }, "BREW"), 400],
    [plain("*", { host }, "OPTIONS"), 400],
    [plain("/api/state", {}), 421],
    [plain("/api/state", { host, expect: "much" }), 417],
    [plain("http://evil.example/api/state", { host }), 400],
    [plain("/api/../api/state", { host }), 404],
    [plain("/..%2f..%2fpackage.json", { host }), 404],
    [plain("/api/devices/%e0%a4%a", { host }), 400],
  ];
  for (const [text, status] of cases) {
    const found = await text;
    assert.equal(statusOf(found), status, found.slice(0, 200));
    assert.match(errorOf(found), /^[^\n]+\.$/);
  }
  assert.equal(run.watch.device("meter")?.powered, true);
});

test("requests by chance and with wrong octets are answered 4xx in a sentence, or well; the server stays", async () => {
  const random = new Random(20_301, "requests");
  const pick = <T>(things: readonly T[]): T => things[random.below(things.length)];
  const good = [
    `GET /api/state HTTP/1.1\r\nhost: ${run.host}\r\nconnection: close\r\n\r\n`,
    `GET /api/frames?after=3&limit=2&layer=zcl HTTP/1.1\r\nhost: ${run.host}\r\nconnection: close\r\n\r\n`,
    `GET /api/devices/meter HTTP/1.1\r\nhost: ${run.host}\r\nconnection: close\r\n\r\n`,
    `POST /api/time HTTP/1.1\r\nhost: ${run.host}\r\nconnection: close\r\nauthorization: Bearer ${run.token}\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{"speed":60}`,
  ];
  const words = [
    "%",
    "%00",
    "{",
    "}",
    "[]",
    "\r\n",
    "\0",
    "null",
    "__proto__",
    "-1",
    "1e999",
    "=",
    "&",
    "?",
    "#",
    "//",
    "../",
    "é",
    ":",
    "content-length: 5\r\n",
    " ",
  ];
  for (let turn = 0; turn < 400; turn++) {
    let octets = Buffer.from(pick(good), "latin1");
    for (let change = random.below(4); change >= 0; change--) {
      const at = random.below(octets.length);
      const kind = random.below(3);
      const put = kind === 0 ? Buffer.of(random.below(256)) : Buffer.from(pick(words), "latin1");
      octets = Buffer.concat([
        octets.subarray(0, at),
        put,
        octets.subarray(Math.min(octets.length, at + (kind === 2 ? random.below(20) : kind))),
      ]);
    }
    const text = await run.raw(octets);
    const status = statusOf(text);
    assert.ok(text === "" || status === 200 || (status >= 400 && status < 500), `${octets.toString("latin1")}\n${text.slice(0, 200)}`);
    if (status >= 400) assert.match(errorOf(text), /^[^\n]+\.$/, octets.toString("latin1"));
  }
  assert.equal((await run.get("/api/state")).status, 200);
});

test(`${LISTENERS_MAX} look on at once, one more is told to come again, and who does not read holds nobody up`, async () => {
  const streams = await Promise.all(
    Array.from(
      { length: LISTENERS_MAX },
      () =>
        new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
          httpRequest(`${run.server.origin}/api/live`, (response) => {
            response.once("readable", () => resolve(response)); // read no more than it must be
          })
            .on("error", reject)
            .end();
        }),
    ),
  );
  assert.deepEqual([...new Set(streams.map(({ statusCode }) => statusCode))], [200]);
  const more = await run.get("/api/live");
  assert.deepEqual([more.status, more.headers.get("retry-after")], [503, "10"]);
  const states = await Promise.all(Array.from({ length: LISTENERS_MAX }, () => run.get("/api/state")));
  assert.deepEqual([...new Set(states.map(({ status }) => status))], [200]);
  // An hour of events, more than the sockets of those that do not read have room for.
  for (let minute = 0; minute < 60; minute++) {
    run.advance(60_000);
    run.server.live.turn(true);
  }
  assert.equal((await run.get("/api/state")).json.t, run.session.home.nowMs);
  for (const stream of streams) stream.destroy();
  // They leave when their sockets have closed.
  for (let tries = 0; tries < 1_000 && run.server.live.isFull; tries++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(run.server.live.isFull, false);
});
