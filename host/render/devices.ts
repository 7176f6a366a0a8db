// The devices of a home: a picture of a hub with one meter and one display, a list of any other plan.
import { labelOf } from "../home/plan.ts";
import type { DeviceStatus, Status } from "../home/status.ts";
import type { Ink, Painter } from "./text.ts";
import { remaining } from "./update_lines.ts";

/** Lines of the list; of a larger home the last one sums up. */
const LIST_MAX = 10;

interface Trio {
  hub: DeviceStatus;
  meter: DeviceStatus;
  ihd: DeviceStatus;
}

export function devicesDrawn(status: Status, paint: Painter): string[] {
  if (status.change) return [...listBoth(status, paint), changeLine(status.change, paint)];
  if (status.phase === 2) return list2(status, paint);
  const [hub, meter, ihd] = [status.first("hub"), status.first("meter"), status.first("ihd")];
  if (hub && meter && ihd && status.devices.length === 3) return diagram({ hub, meter, ihd }, paint);
  return list(status.devices, paint);
}

function list(devices: readonly DeviceStatus[], paint: Painter): string[] {
  if (devices.length <= LIST_MAX) return devices.map((device) => row(device, paint));
  const rest = devices.slice(LIST_MAX - 1);
  const joined = rest.filter((device) => device.joined).length;
  const keyed = rest.filter((device) => device.role !== "hub" && device.suite > 0).length;
  const sum = `and ${rest.length} more: ${joined} on a network, ${keyed} with a key`;
  return [...devices.slice(0, LIST_MAX - 1).map((device) => row(device, paint)), paint("dim", sum)];
}

function row(device: DeviceStatus, paint: Painter): string {
  const [first, second, third] = device.role === "hub" ? hubState(device, paint) : deviceState(device, paint);
  const cell = ({ text, painted }: Cell, width: number): string => painted + " ".repeat(Math.max(1, width - text.length));
  const name = labelOf(device);
  return `${name.padEnd(14)} ${cell(first, 19)}${cell(second, 26)}${third.painted}`;
}

const STAGES: Record<string, string> = {
  certificates: "the devices ask for certificates",
  hub: "the hub takes its own update",
  load: "the devices load their modules",
  told: "each is told when",
  change: "they change",
  over: "over",
};

/** How far the change to phase 2 is. */
function changeLine({ stage, changed, devices, leftMs }: NonNullable<Status["change"]>, paint: Painter): string {
  const left = leftMs ? `, about ${remaining(leftMs)} left` : "";
  const words = `to phase 2: ${STAGES[stage] ?? stage}; ${changed} of ${devices} changed${left}`;
  return paint(changed === devices ? "green" : stage === "over" ? "red" : "yellow", words);
}

/** A home that changes: each device with the phase that it is in, and what there is to say of it there. */
function listBoth({ devices }: Status, paint: Painter): string[] {
  const names = new Map(devices.map((device) => [device.extended, labelOf(device)]));
  const lines = devices.slice(0, LIST_MAX).map((device) => {
    const { phase, trial } = device;
    const mark = paint(phase === 2 && !trial ? "green" : "dim", `${phase}${trial ? "?" : " "}`);
    return `${mark} ${phase === 2 ? row2(device, names, paint) : row(device, paint)}`;
  });
  const rest = devices.slice(LIST_MAX);
  const changed = rest.filter(({ phase, trial }) => phase === 2 && !trial).length;
  if (rest.length > 0) lines.push(paint("dim", `and ${rest.length} more: ${changed} in phase 2`));
  return lines;
}

/** Phase 2: who is where, whom it goes through, and what its hub told it last. */
function list2({ devices }: Status, paint: Painter): string[] {
  const names = new Map(devices.map((device) => [device.extended, labelOf(device)]));
  const lines = devices.slice(0, LIST_MAX).map((device) => row2(device, names, paint));
  const rest = devices.slice(LIST_MAX);
  const joined = rest.filter((device) => device.joined).length;
  if (rest.length > 0) lines.push(paint("dim", `and ${rest.length} more: ${joined} on a network`));
  return lines;
}

function row2(device: DeviceStatus, names: ReadonlyMap<string, string>, paint: Painter): string {
  const { role, joined, started, address, parent, network, answer } = device;
  const state = role === "hub" ? (joined ? "✓ formed" : "forming") : joined ? "✓ joined" : started ? "joining" : "off";
  const way = role === "hub" ? network.replace("channel", "ch") : joined && parent ? `via ${names.get(parent) ?? parent}` : "";
  const cells = [labelOf(device).padEnd(11), paint(joined ? "green" : "yellow", state.padEnd(9))];
  // All of a network have one prefix: the hub's line has it, the others' the rest.
  const where = !joined ? "" : role === "hub" ? address : `…${address.split(":").slice(-4).join(":")}`;
  cells.push(where.padEnd(role === "hub" ? 0 : 21), paint("dim", way.padEnd(16)), answered(answer, paint));
  return cells.join(" ").trimEnd();
}

function answered(answer: DeviceStatus["answer"], paint: Painter): string {
  if (!answer) return "";
  if (answer.status === 0) return paint("red", "no answer");
  return `${paint(answer.status === 200 ? "green" : "red", String(answer.status))} ${answer.clock?.slice(11, 19) ?? ""}`.trimEnd();
}

/** The devices in a row, joined by what stands between them. */
function diagram({ hub, meter, ihd }: Trio, paint: Painter): string[] {
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
  const states = [deviceState(meter, paint), hubState(hub, paint), deviceState(ihd, paint)];
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

function hubState(hub: DeviceStatus, paint: Painter): [Cell, Cell, Cell] {
  const formed = hub.joined ? "✓ network formed" : "forming";
  return [
    { text: formed, painted: paint(hub.joined ? "green" : "yellow", formed) },
    { text: hub.network, painted: paint("dim", hub.network) },
    versionCell(hub, paint),
  ];
}

function centred(text: string, width: number): string {
  const space = Math.max(0, width - text.length);
  return " ".repeat(Math.floor(space / 2)) + text + " ".repeat(Math.ceil(space / 2));
}

function centredPainted(cell: Cell, width: number): string {
  const [before, after] = centred("x".repeat(cell.text.length), width).split(/x+/);
  return cell.text ? `${before}${cell.painted}${after}` : " ".repeat(width);
}
