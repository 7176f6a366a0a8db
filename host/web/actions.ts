// What a person may do to the home: the events of a home file, without their time, and what the keys of the live view do.
import { CHANNEL_FIRST, CHANNEL_LAST } from "../air/standard.ts";
import { spanMs } from "../home/span.ts";
import { type Judge, shown } from "./judge.ts";
import { Refusal } from "./refusal.ts";
import { list, number, type Of, partial, record, type Shape, text, truth, whole, word } from "./shapes.ts";
import type { Watch } from "./watch.ts";

/** Noise that is made at once, and how long it may be. */
const NOISES_MAX = 8;
const NOISE_MAX_MS = 3_600_000;
const SPEED_MAX = 700;
/** A step ends after so much simulated time without a frame. */
const STEP_MAX_US = 600_000_000;
const FAR_METRES = 10_000;

const device = text("a device", { maxLength: 64 });
const place = list(number("", { minimum: -FAR_METRES, maximum: FAR_METRES }), "[x, y] in metres", { minItems: 2, maxItems: 2 });

const SHAPES = {
  unplug: record({ unplug: device }, "the device loses its power"),
  plug: record({ plug: device }, "the device gets power"),
  move: record({ move: device, to: place }, "the device is carried away"),
  jam: partial(
    {
      jam: whole("the channel that is full of noise", { minimum: CHANNEL_FIRST, maximum: CHANNEL_LAST }),
      for: text("how long, such as 30s", { maxLength: 20 }),
    },
    { near: place },
  ),
  remove: record({ remove: device }, "its supplier takes the device off the hub's network for good"),
  admit: record({ admit: device }, "its supplier admits the device anew"),
  rekey: record({ rekey: device }, "the hub's supplier has the network key changed"),
};
const TIMES = {
  pause: record({ pause: truth() }, "time stands still, or goes on"),
  speed: record({ speed: number("simulated over real time", { minimum: 1, maximum: SPEED_MAX }) }),
  step: record({ step: word(["frame"]) }, "of a run that is paused: on to the next frame of the air"),
};

type Bodies<T> = { [N in keyof T]: Of<T[N]> };
const oneOf = (shapes: Record<string, Shape<unknown>>): Shape<unknown> => ({
  schema: { oneOf: Object.values(shapes).map(({ schema }) => schema) },
});
export const ACTION: Shape<unknown> = oneOf(SHAPES);
export const TIME: Shape<unknown> = oneOf(TIMES);

export class Actions {
  private noises = 0;
  /** Simulated ends of the noise that is made. */
  private noisy: number[] = [];

  constructor(
    private readonly watch: Watch,
    private readonly judge: Judge,
  ) {}

  act(body: unknown): { t: number } {
    const { kind, value } = this.kindOf(SHAPES, body);
    return this.enter(() => {
      if (kind === "jam") this.jam(value as Bodies<typeof SHAPES>["jam"]);
      else this.happen(kind, value as Bodies<typeof SHAPES>[typeof kind]);
    });
  }

  time(body: unknown): { t: number } {
    if (this.watch.about.realTime)
      throw new Refusal(409, "boards and partners outside keep real time: there is nothing to pause or to speed up.");
    const { kind, value } = this.kindOf(TIMES, body);
    const { pacer, home } = this.watch.session;
    this.lively();
    if (kind === "step") {
      if (!pacer.paused) throw new Refusal(409, "a step is of a run that is paused; pause it first.");
      const { frames } = home.status;
      pacer.step(() => home.status.frames > frames, STEP_MAX_US);
    } else
      pacer.enter(() => {
        if (kind === "pause") pacer.paused = (value as Bodies<typeof TIMES>["pause"]).pause;
        else pacer.speed = (value as Bodies<typeof TIMES>["speed"]).speed;
      });
    return { t: home.nowMs };
  }

  /** Told apart by the one key that only one of them has. */
  private kindOf<T extends Record<string, Shape<unknown>>>(shapes: T, body: unknown): { kind: keyof T & string; value: unknown } {
    const names = Object.keys(shapes) as (keyof T & string)[];
    const kind = names.find((name) => typeof body === "object" && body !== null && Object.hasOwn(body, name));
    if (!kind) throw new Refusal(400, `the body has none of ${names.join(", ")}.`);
    return { kind, value: this.judge.body(shapes[kind], body) };
  }

  private lively(): void {
    if (this.watch.ended) throw new Refusal(409, "the run is over.");
  }

  /** Now, as the simulation counts it. */
  private enter(action: () => void): { t: number } {
    this.lively();
    const { session } = this.watch;
    session.pacer.enter(action);
    return { t: session.home.nowMs };
  }

  private happen(kind: Exclude<keyof typeof SHAPES, "jam">, body: Partial<Record<string, unknown>>): void {
    const { home } = this.watch.session;
    const id = body[kind] as string;
    const seen = this.watch.watched.byId.get(id);
    if (!seen) throw new Refusal(404, `there is no device ${shown(id)}.`);
    const { role } = seen.row;
    if ((kind === "remove" || kind === "admit") && home.plan.phase === 2)
      throw new Refusal(409, `${kind} is for a home of phase 1, and this one is of phase 2.`);
    if ((kind === "remove" || kind === "admit") && role === "hub")
      throw new Refusal(409, `${id} is a hub; name a device that belongs to one.`);
    if (kind === "rekey" && role !== "hub") throw new Refusal(409, `${id} is no hub; name the one whose network gets another key.`);
    switch (kind) {
      case "unplug":
      case "plug":
        if (seen.powered === (kind === "plug")) throw new Refusal(409, `${id} ${seen.powered ? "has power already" : "has no power"}.`);
        home.power(id, kind === "plug");
        break;
      case "move": {
        const [x, y] = (body as Bodies<typeof SHAPES>["move"]).to;
        home.move(id, { x, y });
        break;
      }
      default:
        home[kind](id);
    }
  }

  private jam({ jam: channel, for: span, near }: Bodies<typeof SHAPES>["jam"]): void {
    const { home } = this.watch.session;
    let forMs: number;
    try {
      forMs = spanMs("for", span);
    } catch (error) {
      throw new Refusal(400, (error as Error).message);
    }
    if (forMs > NOISE_MAX_MS) throw new Refusal(400, "for takes at most 1h.");
    this.noisy = this.noisy.filter((end) => end > home.nowMs);
    if (this.noisy.length >= NOISES_MAX) throw new Refusal(409, `there is noise from ${NOISES_MAX} places already.`);
    this.noisy.push(home.nowMs + forMs);
    this.noises++;
    home.jam(`page noise ${this.noises}`, { channel, forMs, place: near ? { x: near[0], y: near[1] } : null });
  }
}
