// A run and a broker: every payload is the run's, what Home Assistant is told is what it documents, and a broken line is taken up again.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { HomeEvent } from "../../host/home/events.ts";
import { Status } from "../../host/home/status.ts";
import { MqttOutput } from "../../host/render/mqtt/output.ts";
import { Silent } from "../../host/render/silent.ts";
import { bodyOf, linesOf, run } from "../home/process.ts";
import { type BrokerFiles, brokerFiles, caOf, type Heard, PASSWORD, Subscriber, startBroker, stopBroker, USER } from "./mosquitto.ts";

/** A day in which the meter has no power for an hour. */
const HOME = `devices:
  - { id: hub, role: hub }
  - { id: meter, role: meter }
  - { id: ihd, role: ihd }
events:
  - { at: 3h, unplug: meter }
  - { at: 4h, plug: meter }
`;
const PATIENCE = { timeout: 120_000 };
const ends: (() => unknown)[] = [];
after(async () => {
  for (const end of ends) await end();
});

async function broker(files: BrokerFiles): Promise<() => Promise<void>> {
  const child = await startBroker(files);
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (!stopped) await stopBroker(child);
    stopped = true;
  };
  ends.push(stop);
  return stop;
}

async function listening(files: BrokerFiles): Promise<Subscriber> {
  const subscriber = new Subscriber(files);
  ends.push(() => subscriber.close());
  return subscriber;
}

const offline = ({ topic, payload }: Heard): boolean => topic === "kilowasm/availability" && payload === "offline";

test("every payload of a day is the run's, and the run is the one without a broker", PATIENCE, async () => {
  const files = await brokerFiles();
  await broker(files);
  const subscriber = await listening(files);
  const home = join(files.folder, "home.yaml");
  writeFileSync(home, HOME);
  const day = ["--home", home, "--json", "--seed", "3", "--duration", "26h"];
  const [told, alone] = [await run(...day, "--mqtt", `mqtt://127.0.0.1:${files.port}`), await run(...day)];
  assert.equal(told.status, 0, told.error);
  assert.equal(bodyOf(told.out), bodyOf(alone.out));
  await subscriber.until((heard) => heard.some(offline));
  const readings = linesOf(told).filter(({ event }) => event === "reading");
  const known = readings.filter(({ importWh, stale }) => importWh !== null && !stale);
  assert.ok(known.length > 100 && known.length < readings.length, "also readings that are stale");
  const meters = subscriber.heard.filter(({ topic }) => /^glow\/[0-9A-F]{12}\/SENSOR\/electricitymeter$/.test(topic));
  const payloads = meters.map(({ payload }) => JSON.parse(payload).electricitymeter);
  assert.deepEqual(
    payloads.map(({ timestamp, energy, power }) => [
      timestamp,
      energy.import.cumulative,
      energy.import.price?.unitrate ?? null,
      power.value,
    ]),
    known.map(({ date, importWh, price, powerW }) => [
      `${(date as string).slice(0, 19)}Z`,
      (importWh as number) / 1000,
      price,
      (powerW as number) / 1000,
    ]),
  );
  // The day begins anew at midnight and never leaps: what is taken between two readings is all that it rises by.
  const days = payloads.map(({ energy }) => energy.import.day as number);
  const midnight = payloads.findIndex(({ timestamp }) => timestamp >= "2025-03-25T00:00:00Z");
  assert.ok(days[midnight] < days[midnight - 1] && days[midnight] < 1);
  const total = payloads.map(({ energy }) => energy.import.cumulative as number);
  for (let index = 1; index < days.length; index++) {
    const rise = total[index] - total[index - 1];
    const expected = index === midnight ? rise : days[index - 1] + rise;
    assert.ok(Math.abs(days[index] - expected) < 1e-6, `at ${payloads[index].timestamp}`);
  }
  const state = subscriber.heard.find(({ topic }) => topic.endsWith("/STATE"));
  assert.equal(JSON.parse(state?.payload ?? "{}").han.status, "joined");
});

/** Of Home Assistant's documents of MQTT sensors and updates: the fields that these may have. */
const COMMON = ["name", "unique_id", "state_topic", "availability", "availability_mode", "device", "device_class"];
const FIELDS: Record<string, string[]> = {
  sensor: [...COMMON, "state_class", "unit_of_measurement", "suggested_display_precision", "value_template"],
  update: COMMON,
};

test("Home Assistant finds what there is, and nothing that it does not know", PATIENCE, async () => {
  const files = await brokerFiles();
  await broker(files);
  const told = await run("--json", "--seed", "3", "--duration", "5m", "--mqtt", `mqtt://127.0.0.1:${files.port}`);
  assert.equal(told.status, 0, told.error);
  // A subscriber that comes later hears what is retained.
  const subscriber = await listening(files);
  await subscriber.until((heard) => heard.some(offline) && heard.length >= 10);
  const configs = subscriber.heard.filter(({ topic }) => topic.startsWith("homeassistant/"));
  const ids = new Set<string>();
  for (const { topic, payload } of configs) {
    const [, component, node, object] = topic.split("/");
    assert.match(topic, /^homeassistant\/(sensor|update)\/[a-zA-Z0-9_-]+\/[a-zA-Z0-9_-]+\/config$/);
    const config = JSON.parse(payload);
    assert.deepEqual(
      Object.keys(config).filter((field) => !FIELDS[component].includes(field)),
      [],
      topic,
    );
    assert.equal(config.unique_id, `${node}_${object}`);
    assert.deepEqual(config.device.identifiers, [node]);
    ids.add(config.unique_id);
  }
  assert.equal(ids.size, configs.length);
  const objects = configs.map(({ topic }) => topic.split("/")[3]).sort();
  assert.deepEqual(objects, ["firmware", "firmware", "firmware", "import", "power", "price"]);
  const energy = JSON.parse(configs.find(({ topic }) => topic.includes("/import/"))?.payload ?? "{}");
  assert.deepEqual([energy.device_class, energy.state_class, energy.unit_of_measurement], ["energy", "total_increasing", "kWh"]);
  const updates = subscriber.heard.filter(({ topic }) => topic.endsWith("/update"));
  assert.equal(updates.length, 3);
  for (const { payload } of updates) {
    const { installed_version, latest_version, in_progress, update_percentage } = JSON.parse(payload);
    assert.deepEqual([installed_version, in_progress, update_percentage], [latest_version, false, null]);
  }
});

/** A home's display, as events tell of it. */
function display(): { status: Status; say: (output: MqttOutput, importWh: number | null, atMs: number, stale?: boolean) => void } {
  const status = new Status();
  status.devices.forEach((device, index) => {
    device.extended = `02:00:00:00:00:00:00:0${index}`;
  });
  const say = (output: MqttOutput, importWh: number | null, atMs: number, stale = false): void => {
    const fields = { importWh, powerW: 500, price: null, costPerHour: null, costToday: null, currency: "GBP", stale };
    const event = { t: atMs, date: new Date(atMs).toISOString(), device: "ihd", event: "reading", ...fields } as HomeEvent;
    status.take(event);
    output.event(event);
  };
  return { status, say };
}

test("over TLS with a user: a broker that goes away and comes back is told again what it retained", PATIENCE, async () => {
  const files = await brokerFiles(true);
  const stop = await broker(files);
  const url = `mqtts://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${files.port}`;
  const { status, say } = display();
  const output = await MqttOutput.open({ url, ca: caOf(files) }, new Silent(), status, "1.2.3");
  const noon = Date.UTC(2025, 6, 1, 12);
  const before = await listening(files);
  await before.until((heard) => heard.some(({ topic, payload }) => topic === "kilowasm/availability" && payload === "online"));
  say(output, 1000, noon);
  say(output, null, noon + 1000);
  say(output, 1001, noon + 2000, true);
  say(output, 1002, noon + 3000);
  const readings = (heard: readonly Heard[]): number[] =>
    heard
      .filter(({ topic }) => topic.endsWith("electricitymeter"))
      .map(({ payload }) => JSON.parse(payload).electricitymeter.energy.import.cumulative);
  await before.until((heard) => readings(heard).length >= 2);
  assert.deepEqual(readings(before.heard), [1, 1.002], "what is not known is not sent");
  await stop();
  // Nobody is there: the run goes on, and does not wait.
  for (let index = 0; index < 2000; index++) say(output, 2000 + index, noon + 4000 + index);
  await output.turn(status);
  say(output, null, noon + 7000);
  await broker(files);
  const later = await listening(files);
  const retained = (heard: readonly Heard[]): (string | undefined)[] => [
    heard.find(({ topic }) => topic === "kilowasm/availability")?.payload,
    heard.find(({ topic }) => topic === "kilowasm/000000000002/availability")?.payload,
  ];
  await later.until((heard) => retained(heard).every(Boolean) && heard.some(({ topic }) => topic.endsWith("/import/config")));
  assert.deepEqual(retained(later.heard), ["online", "offline"]);
  say(output, 5000, noon + 8000);
  await later.until((heard) => readings(heard).length > 0);
  assert.deepEqual(readings(later.heard), [5], "what was said meanwhile is lost, not late");
  await output.end();
  await later.until((heard) => heard.some(offline));
});

test("a broker that is not there, or that does not want us: one sentence, no secret in it, and no run", PATIENCE, async () => {
  const nobody = await brokerFiles();
  const gone = await run("--json", "--mqtt", `mqtt://me:geheim@127.0.0.1:${nobody.port}`);
  assert.equal(gone.out, "");
  assert.match(gone.error, /^kilowasm: the MQTT broker at mqtt:\/\/127\.0\.0\.1:\d+ cannot be used: nobody listens there; .*\.\n$/);
  assert.equal(gone.status, 2);
  const files = await brokerFiles(true);
  await broker(files);
  for (const [words, why] of [
    [["--mqtt", `mqtts://me:geheim@127.0.0.1:${files.port}`, "--mqtt-ca", files.ca as string], /Not authorized|not authorised/i],
    [["--mqtt", `mqtts://me:geheim@127.0.0.1:${files.port}`], /self-signed certificate/],
    [["--mqtt", "http://127.0.0.1"], /--mqtt takes an address such as/],
    [["--mqtt", "mqtt://127.0.0.1", "--mqtt-ca", "x.pem"], /--mqtt-ca needs/],
    [["--mqtt", "mqtts://127.0.0.1", "--mqtt-ca", "/nowhere/x.pem"], /cannot be read: there is no such file/],
  ] as const) {
    const { status, out, error } = await run("--json", ...words);
    assert.equal(status, 2, error);
    assert.equal(out, "");
    assert.match(error, /^kilowasm: [^\n]*\.\n$/);
    assert.match(error, why);
    assert.doesNotMatch(error, /geheim/);
  }
});
