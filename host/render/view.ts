// Draws the home into lines: a function of the status and of the terminal's size, nothing else.
import type { EventOf, HomeEvent } from "../home/events.ts";
import { labelOf } from "../home/plan.ts";
import type { DeviceStatus, Status } from "../home/status.ts";
import { devicesDrawn } from "./devices.ts";
import { fit, type Painter } from "./text.ts";
import { remaining, updateLines, updateNews } from "./update_lines.ts";

/** Lines that are longer are hard to read. */
const WIDTH_MAX = 160;
const DISPLAY_WIDTH = 32;
/** Devices that the last words name one by one. */
const LAST_WORDS_MAX = 10;
const BARS = "▁▂▃▄▅▆▇█";
const MARGIN = " ";

export interface Size {
  columns: number;
  rows: number;
}

export function view(status: Status, size: Size, paint: Painter): string[] {
  const width = Math.min(WIDTH_MAX, Math.max(20, size.columns - 2));
  const blocks = [
    heading(status, width, paint),
    devicesDrawn(status, paint),
    beside(display(status, paint), facts(status, width - DISPLAY_WIDTH - 8, paint)),
    updateLines(status, paint),
  ].filter((block) => block.length > 0);
  // A low terminal has no lines to spare between the blocks.
  const airy = blocks.flatMap((block) => [...block, ""]);
  const lines = airy.length < size.rows ? airy : blocks.flat();
  const room = Math.max(0, size.rows - lines.length - 2);
  const news = room > 0 ? status.news.slice(-room).reverse() : [];
  lines.push(...news.map((event) => newsLine(event, width, paint)));
  while (lines.length < size.rows - 1) lines.push("");
  lines.length = Math.min(lines.length, Math.max(0, size.rows - 1));
  lines.push(paint("dim", footer(status, width)));
  return lines.map((line) => fit(MARGIN + line, size.columns));
}

function heading(status: Status, width: number, paint: Painter): string[] {
  const left = "kilowasm";
  const middle = londonTime(status.originMs + status.nowMs);
  const speed = status.paused ? "paused" : Number.isFinite(status.speed) ? `${status.speed}x` : "max";
  const right = `${speed}   ${grouped(status.frames)} frames`;
  // The middle stays where it is while the numbers beside it grow.
  const before = Math.max(2, Math.floor((width - middle.length) / 2) - left.length);
  const after = Math.max(2, width - left.length - before - middle.length - right.length);
  return [`${paint("bold", left)}${" ".repeat(before)}${middle}${" ".repeat(after)}${right}`, rule(status.page, width, paint)];
}

/** A line with the page's URL in it, where there is one and room for it. */
function rule(page: string, width: number, paint: Painter): string {
  const room = width - page.length - 4;
  if (!page || room < 1) return paint("dim", "─".repeat(width));
  return `${paint("dim", "──")} ${paint("cyan", page)} ${paint("dim", "─".repeat(room))}`;
}

/** Keys, and as far as there is room what is measured: the rate, the end, the time left. */
function footer(status: Status, width: number): string {
  const { rate, leftMs, untilMs, originMs } = status;
  const keys = "q quit   space pause   + - speed";
  const parts = [
    rate === null ? "" : `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}x now`,
    untilMs > 0 ? `ends ${londonTime(originMs + untilMs)}` : "",
    leftMs === null ? "" : `${remaining(leftMs)} left`,
  ].filter(Boolean);
  while (parts.length > 0 && keys.length + 3 + parts.join("   ").length > width) parts.splice(parts.length > 1 ? parts.length - 2 : 0, 1);
  const right = parts.join("   ");
  return right ? `${keys}${" ".repeat(Math.max(3, width - keys.length - right.length))}${right}` : keys;
}

function display(status: Status, paint: Painter): string[] {
  const device = status.first("ihd");
  if (!device) return [];
  const { screen } = device;
  const used = screen.reduce((most, line, index) => (line.trim() ? index + 1 : most), 0);
  const rows = Math.max(4, used);
  const frame = (text: string): string => paint("cyan", text);
  const lines = screen
    .slice(0, rows)
    .map((line) => `${frame("│")} ${paint("bold", line.padEnd(DISPLAY_WIDTH).slice(0, DISPLAY_WIDTH))} ${frame("│")}`);
  const name = labelOf(device);
  return [
    frame(`╭─ ${name} ${"─".repeat(Math.max(0, DISPLAY_WIDTH - name.length - 1))}╮`),
    ...lines,
    frame(`╰${"─".repeat(DISPLAY_WIDTH + 2)}╯`),
  ];
}

function facts(status: Status, width: number, paint: Painter): string[] {
  const shown = status.first("ihd");
  const meter = status.devices.find(({ role, address }) => role === "meter" && address === shown?.source) ?? status.first("meter");
  if (!meter) return [];
  const { register } = meter;
  const reading = shown?.reading ?? null;
  const lines = [paint("dim", labelOf(meter))];
  if (status.phase === 1 || register) {
    lines.push(register ? `${paint("bold", kilowattHours(register.importWh))} kWh` : "no report yet");
    lines.push(register ? `${grouped(register.powerW)} W` : "");
    lines.push(agreement(register, reading, paint));
  }
  lines.push(paint("yellow", curve(status.curve, width)), paint("dim", status.curve.length > 0 ? "power, a column a minute" : ""));
  return lines;
}

function agreement(register: DeviceStatus["register"], reading: DeviceStatus["reading"], paint: Painter): string {
  if (!register || !reading || reading.importWh === null) return paint("dim", "the display has no reading yet");
  if (reading.stale) return paint("yellow", "the display's reading is stale");
  if (reading.importWh === register.importWh) return paint("green", "✓ the display shows the same");
  return paint("dim", "a report is under way");
}

/** The last hour or so of power, a column a minute. */
function curve(powers: readonly number[], width: number): string {
  const shown = powers.slice(-Math.max(0, width));
  const most = Math.max(1, ...shown);
  return shown.map((power) => BARS[Math.min(BARS.length - 1, Math.floor((power / most) * (BARS.length - 1) + 0.5))]).join("");
}

function newsLine(event: HomeEvent, width: number, paint: Painter): string {
  const { t, device, event: name, ...fields } = event;
  const detail = Object.entries(fields)
    .map(([key, value]) => `${key} ${value}`)
    .join(", ");
  const time = elapsed(t);
  const words = updateNews(event) ?? `${name} ${detail}`;
  const plain = fit(`${device.padEnd(6)} ${words}`.trimEnd(), width - time.length - 2);
  return `${paint("dim", time)}  ${plain}`;
}

/** Two blocks next to each other; the left one is of one width. */
function beside(left: readonly string[], right: readonly string[]): string[] {
  const blank = " ".repeat(DISPLAY_WIDTH + 4);
  return Array.from({ length: Math.max(left.length, right.length) }, (_, row) => `${left[row] ?? blank}   ${right[row] ?? ""}`.trimEnd());
}

export function londonTime(ms: number): string {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: "Europe/London",
    weekday: "short",
    day: "2-digit",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(ms);
  const part = (type: string): string => parts.find((item) => item.type === type)?.value ?? "";
  return `${part("weekday")} ${part("day")} ${part("month")} ${part("year")}  ${part("hour")}:${part("minute")}:${part("second")}`;
}

export function kilowattHours(wattHours: number): string {
  const digits = String(Math.abs(wattHours)).padStart(4, "0");
  return `${wattHours < 0 ? "-" : ""}${grouped(Number(digits.slice(0, -3)))}.${digits.slice(-3)}`;
}

export function grouped(number: number): string {
  return String(Math.trunc(number)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Simulated time since the run began: 12.345 s, later 1:02:03. */
export function elapsed(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(3)} s`.padStart(10);
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`.padStart(10);
}

/** Each device's, or of a large home how many run which. */
function versions({ devices }: Status): string {
  const named = devices.map(({ id, version }) => ({ id, version: version || "unknown" }));
  if (named.length <= LAST_WORDS_MAX) return named.map(({ id, version }) => `${id} ${version}`).join(", ");
  const count = (wanted: string): number => named.filter(({ version }) => version === wanted).length;
  return [...new Set(named.map(({ version }) => version))].map((version) => `${version} (${count(version)} devices)`).join(", ");
}

/** What stays in the terminal after the view is gone. */
export function lastWords(status: Status, summary: Pick<EventOf<"summary">, "wallMs">): string {
  const seconds = (summary.wallMs / 1000).toFixed(1);
  const lines = [`kilowasm: ${elapsed(status.nowMs).trim()} simulated in ${seconds} s, ${grouped(status.frames)} frames`];
  const told = status.devices.filter(({ register, reading }) => (register ?? reading)?.importWh != null);
  for (const device of told.slice(0, LAST_WORDS_MAX)) {
    const importWh = (device.register ?? device.reading)?.importWh as number;
    lines.push(`${`${labelOf(device)}:`.padEnd(9)} ${kilowattHours(importWh)} kWh`);
  }
  lines.push(`versions: ${versions(status)}`);
  return `${lines.join("\n")}\n`;
}
