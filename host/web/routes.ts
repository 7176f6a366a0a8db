// What the interface has, a row each: the server answers by these rows, and docs/openapi.json is made of them.
import { ACTION, type Actions, TIME } from "./actions.ts";
import * as answers from "./answers.ts";
import { Refusal } from "./refusal.ts";
import { list, partial, type Shape, text, whole, word } from "./shapes.ts";
import type { Watch } from "./watch.ts";

/** Frames and events of one answer. */
const LIMIT_MAX = 1_000;
const LIMIT = 200;

export interface Asked {
  watch: Watch;
  actions: Actions;
  /** Parts of the path that stand in braces. */
  parameters: Record<string, string>;
  query: Record<string, unknown>;
  body: unknown;
}

export interface Route {
  method: "GET" | "POST";
  /** Names in braces stand for any part. */
  path: string;
  about: string;
  query?: Shape<unknown>;
  body?: Shape<unknown>;
  /** JSON of this shape, or another type of media. */
  answer: Shape<unknown> | string;
  run(asked: Asked): unknown;
}

/** Server-sent events; the server makes them. */
export const LIVE = "text/event-stream";
export const CAPTURE = "application/vnd.tcpdump.pcap";
export const OPENAPI_PATH = "/api/openapi.json";

const after = whole("what comes after this number", { minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const limit = whole(`at most so many, ${LIMIT} otherwise`, { minimum: 1, maximum: LIMIT_MAX });
const name = text("", { maxLength: 64 });
const METER = partial({}, { device: text("a meter; the first of the home otherwise", { maxLength: 64 }) });

function found<T>(thing: T | undefined, sentence: string): T {
  if (thing === undefined) throw new Refusal(404, sentence);
  return thing;
}

function meterOf({ watch, query }: Asked): string {
  return (query.device as string | undefined) ?? found([...watch.watched.halfHours.keys()][0], "the home has no meter.");
}

function number(query: Record<string, unknown>, key: string, otherwise: number): number {
  return (query[key] as number | undefined) ?? otherwise;
}

export const ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/api/state",
    about: "the home: its time, its devices, who hears whom, who tells whom",
    answer: answers.STATE,
    run: ({ watch }) => watch.state(),
  },
  {
    method: "GET",
    path: "/api/devices",
    about: "the devices in the order of the home file",
    answer: list(answers.DEVICE),
    run: ({ watch }) => watch.devices(),
  },
  {
    method: "GET",
    path: "/api/devices/{id}",
    about: "one device",
    answer: answers.DEVICE,
    run: ({ watch, parameters }) => found(watch.device(parameters.id), "there is no device of that name."),
  },
  {
    method: "GET",
    path: "/api/readings",
    about: "what displays show, beside the registers of their meters",
    answer: answers.READINGS,
    run: ({ watch }) =>
      watch
        .devices()
        .filter(({ role }) => role === "ihd")
        .map(({ id, meter, reading, glow }) => ({
          device: id,
          meter,
          reading,
          register: (meter && watch.device(meter)?.register) || null,
          glow,
        })),
  },
  {
    method: "GET",
    path: "/api/half-hours",
    about: "a meter's energy by half-hours, eight days back at most",
    query: METER,
    answer: answers.HALF_HOURS,
    run: (asked) => found(asked.watch.halfHours(meterOf(asked)), "there is no meter of that name, or the home has too many."),
  },
  {
    method: "GET",
    path: "/api/power",
    about: "a meter's power, a point a minute, a day back",
    query: METER,
    answer: answers.POWER,
    run: (asked) => found(asked.watch.power(meterOf(asked)), "there is no meter of that name, or the home has too many."),
  },
  {
    method: "GET",
    path: "/api/frames",
    about: "frames of the air; of many, ask again after `next`",
    query: partial({}, { after, limit, device: name, layer: word(answers.LAYERS), cluster: name }),
    answer: answers.FRAMES,
    run: ({ watch, query }) => watch.framesAfter(number(query, "after", 0), number(query, "limit", LIMIT), query),
  },
  {
    method: "GET",
    path: "/api/frames/{number}",
    about: "a frame with its layers and fields",
    answer: answers.FRAME_WHOLE,
    run: ({ watch, parameters }) => found(watch.frames.whole(Number(parameters.number)), "there is no such frame, or not any more."),
  },
  {
    method: "GET",
    path: "/api/events",
    about: "what happened; of much, ask again after `next`",
    query: partial({}, { after, limit, device: name }),
    answer: answers.EVENTS_ANSWER,
    run: ({ watch, query }) =>
      watch.eventsAfter(number(query, "after", 0), number(query, "limit", LIMIT), query.device as string | undefined),
  },
  {
    method: "GET",
    path: "/api/capture",
    about: "the frames that are kept, as pcapng with the keys",
    answer: CAPTURE,
    run: ({ watch }) => watch.frames.capture(),
  },
  {
    method: "GET",
    path: "/api/live",
    about:
      "`event: home` has an event as JSON and its number as id, `event: tick` how far the run is, `event: missed` how many events were lost",
    query: partial({}, { after }),
    answer: LIVE,
    run: () => undefined,
  },
  {
    method: "POST",
    path: "/api/actions",
    about: "something happens to the home: an event of a home file, without its time",
    body: ACTION,
    answer: answers.DONE,
    run: ({ actions, body }) => actions.act(body),
  },
  {
    method: "POST",
    path: "/api/time",
    about: "how time goes by",
    body: TIME,
    answer: answers.DONE,
    run: ({ actions, body }) => actions.time(body),
  },
];
