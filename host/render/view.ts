// Draws the home into lines: a function of the status and of the terminal's size, nothing else.
import { DEVICES, type HomeEvent } from "../home/events.ts";
import type { DeviceStatus, Status } from "./status.ts";
import { fit, type Ink, type Painter } from "./text.ts";
import { updateLines, updateNews } from "./update_lines.ts";

const WIDTH = 78;
const DISPLAY_WIDTH = 32;
const BARS = "▁▂▃▄▅▆▇█";
const MARGIN = " ";

export interface Size {
  columns: number;
  rows: number;
}

export function view(status: Status, size: Size, paint: Painter): string[] {
  const width = Math.min(WIDTH, Math.max(20, size.columns - 2));
  const blocks = [
    heading(status, width, paint),
    diagram(status, paint),
    beside(display(status, paint), facts(status, width - DISPLAY_WIDTH - 8, paint)),
    updateLines(status, paint),
  ].filter((block) => block.length > 0);
  // A low terminal has no lines to spare between the blocks.
  const airy = blocks.flatMap((block) => [...block, ""]);
  const lines = airy.length < size.rows ? airy : blocks.flat();
  const room = Math.max(0, size.rows - lines.length - 2);
  const news = status.news.slice(-Math.min(room, 6)).map((event) => newsLine(event, width, paint));
  lines.push(...news);
  while (lines.length < size.rows - 1) lines.push("");
  lines.length = Math.min(lines.length, Math.max(0, size.rows - 1));
  lines.push(paint("dim", "q quit   space pause   + - speed"));
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
  return [`${paint("bold", left)}${" ".repeat(before)}${middle}${" ".repeat(after)}${right}`, paint("dim", "─".repeat(width))];
}

/** The three devices in a row, joined by what stands between them. */
function diagram(status: Status, paint: Painter): string[] {
  const { hub, meter, ihd } = status.devices;
  const box = (name: string, on: boolean): string[] => {
    const ink: Ink = on ? "green" : "dim";
    return [paint(ink, "╭─────────╮"), `${paint(ink, "│")}${centred(name, 9)}${paint(ink, "│")}`, paint(ink, "╰─────────╯")];
  };
  const link = (to: DeviceStatus): string[] => {
    const wire =
      to.suite > 0 ? paint("green", "━━━━━━━━━━━━━") : to.joined ? paint("yellow", "─────────────") : paint("dim", "· · · · · · ·");
    return [" ".repeat(13), wire, " ".repeat(13)];
  };
  const columns = [box("meter", meter.joined), link(meter), box("hub", hub.joined), link(ihd), box("display", ihd.joined)];
  const rows = [0, 1, 2].map((row) => `   ${columns.map((column) => column[row]).join("")}`);
  const states = [deviceState(meter, paint), hubState(status, paint), deviceState(ihd, paint)];
  for (let row = 0; row < 3; row++) rows.push(` ${states.map((state) => centredPainted(state[row], 22)).join("  ")}`);
  return rows;
}

interface Cell {
  text: string;
  painted: string;
}

function deviceState(device: DeviceStatus, paint: Painter): [Cell, Cell, Cell] {
  const joined = device.joined ? `✓ joined ${device.address}`.trimEnd() : device.started ? "joining" : "off";
  const key = device.suite > 0 ? `✓ key, suite ${device.suite}` : device.joined ? "establishing a key" : "";
  return [
    { text: joined, painted: paint(device.joined ? "green" : "yellow", joined) },
    { text: key, painted: paint(device.suite > 0 ? "green" : "yellow", key) },
    versionCell(device, paint),
  ];
}

function versionCell({ version }: DeviceStatus, paint: Painter): Cell {
  const text = version === "" ? "" : version === "factory" ? "factory module" : `version ${version}`;
  return { text, painted: paint("dim", text) };
}

function hubState(status: Status, paint: Painter): [Cell, Cell, Cell] {
  const { hub } = status.devices;
  const formed = hub.joined ? "✓ network formed" : "forming";
  return [
    { text: formed, painted: paint(hub.joined ? "green" : "yellow", formed) },
    { text: status.network, painted: paint("dim", status.network) },
    versionCell(hub, paint),
  ];
}

function display(status: Status, paint: Painter): string[] {
  const used = status.display.reduce((most, line, index) => (line.trim() ? index + 1 : most), 0);
  const rows = Math.max(4, used);
  const frame = (text: string): string => paint("cyan", text);
  const lines = status.display
    .slice(0, rows)
    .map((line) => `${frame("│")} ${paint("bold", line.padEnd(DISPLAY_WIDTH).slice(0, DISPLAY_WIDTH))} ${frame("│")}`);
  return [frame(`╭─ display ${"─".repeat(DISPLAY_WIDTH - 8)}╮`), ...lines, frame(`╰${"─".repeat(DISPLAY_WIDTH + 2)}╯`)];
}

function facts(status: Status, width: number, paint: Painter): string[] {
  const { register, reading } = status;
  const lines = [paint("dim", "meter")];
  lines.push(register ? `${paint("bold", kilowattHours(register.importWh))} kWh` : "no report yet");
  lines.push(register ? `${grouped(register.powerW)} W` : "");
  lines.push(agreement(register, reading, paint));
  lines.push(paint("yellow", curve(status.curve, width)), paint("dim", status.curve.length > 0 ? "power, a column a minute" : ""));
  return lines;
}

function agreement(register: Status["register"], reading: Status["reading"], paint: Painter): string {
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

function centred(text: string, width: number): string {
  const space = Math.max(0, width - text.length);
  return " ".repeat(Math.floor(space / 2)) + text + " ".repeat(Math.ceil(space / 2));
}

function centredPainted(cell: Cell, width: number): string {
  const [before, after] = centred("x".repeat(cell.text.length), width).split(/x+/);
  return cell.text ? `${before}${cell.painted}${after}` : " ".repeat(width);
}

/** What stays in the terminal after the view is gone. */
export function lastWords(status: Status, summary: HomeEvent): string {
  const seconds = (Number(summary.wallMs) / 1000).toFixed(1);
  const lines = [`kilowasm: ${elapsed(status.nowMs).trim()} simulated in ${seconds} s, ${grouped(status.frames)} frames`];
  if (status.register) lines.push(`meter:    ${kilowattHours(status.register.importWh)} kWh`);
  if (status.reading?.importWh != null) lines.push(`display:  ${kilowattHours(status.reading.importWh)} kWh`);
  lines.push(`versions: ${DEVICES.map((name) => `${name} ${status.devices[name].version || "unknown"}`).join(", ")}`);
  return `${lines.join("\n")}\n`;
}
