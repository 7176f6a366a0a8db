// The updates of a run in lines: a bar while a package arrives, then what becomes of it, in words.
import type { HomeEvent } from "../home/events.ts";
import { labelOf } from "../home/plan.ts";
import { type Status, type UpdateStatus, updateStatus } from "../home/status.ts";
import { reasonWords, stepWords } from "../home/update_words.ts";
import type { Ink, Painter } from "./text.ts";

const BAR = 20;
const KILOBYTE = 1000;

/** One line a device that was offered something in this run, and one a file that the hub fetches or refuses. */
export function updateLines(status: Status, paint: Painter): string[] {
  const files = status.devices.flatMap(({ id, library }) =>
    [...library.entries()]
      .filter(([, file]) => file.status !== "waiting" && file.status !== "none")
      .map(([number, file]) => line(`file ${number}`, `${id} ◂ ${file.version ?? ""}`, file, paint)),
  );
  const devices = status.devices.flatMap((device) => {
    const { update, version } = device;
    if (!update) return [];
    const arrow = update.version && update.version !== version ? `${version} → ${update.version}` : version;
    return [line(labelOf(device), arrow, update, paint)];
  });
  return [...files, ...devices];
}

function line(name: string, versions: string, update: UpdateStatus, paint: Painter): string {
  const { text, ink } = told(update);
  const bar = update.status === "loading" ? `${paint("cyan", gauge(update))} ` : "";
  return `${name.padEnd(8)}${versions.padEnd(16)}${bar}${paint(ink, text)}`;
}

function gauge({ offset, size }: UpdateStatus): string {
  const full = size > 0 ? Math.min(BAR, Math.floor((offset / size) * BAR)) : 0;
  return "█".repeat(full) + "░".repeat(BAR - full);
}

/** What a line of news says of an event about updates; null for other events. */
export function updateNews(event: HomeEvent): string | null {
  const version = "version" in event && event.version !== null ? ` ${event.version}` : "";
  switch (event.event) {
    case "update":
      return `update${version}: ${told(updateStatus(event, null)).text}`;
    case "library":
      return `file ${event.image},${version}: ${event.status === "waiting" ? "verified, ready for its devices" : told(updateStatus(event, null)).text}`;
    case "rollout":
      return `${event.partner} and${version}: ${STATUS_WORDS[event.status] ?? event.status}`;
    case "health":
      return stepWords(event.step);
    case "boot":
      return `starts version${version}${event.trial ? ", on trial" : ""}`;
    case "change":
      return `change to phase 2: ${event.stage}, ${event.changed} of ${event.devices} devices`;
    case "reboot":
      return "restarts";
    default:
      return null;
  }
}

/** Of a device, as the hub sees it. */
const STATUS_WORDS: Record<string, string> = {
  waiting: "has it",
  activating: "is told to activate it",
  activated: "runs it",
  failed: "refused it",
  activationFailed: "went back",
};

function told(update: UpdateStatus): { text: string; ink: Ink } {
  switch (update.status) {
    case "loading":
      return { text: progress(update), ink: "bold" };
    case "verifying":
      return { text: "all there, verifying", ink: "yellow" };
    case "waiting":
      return { text: "verified, waits for its activation", ink: "yellow" };
    case "activating":
      return { text: update.step ? stepWords(update.step) : "restarts with the new module", ink: "yellow" };
    case "activated":
      return { text: "✓ confirmed", ink: "green" };
    case "failed":
    case "signatureFailed":
      return { text: `✗ refused: ${reasonWords(update.reason ?? "none")}`, ink: "red" };
    case "activationFailed":
      return { text: `✗ went back: ${reasonWords(update.reason ?? "none")}`, ink: "red" };
    default:
      return { text: update.status, ink: "dim" };
  }
}

function progress({ offset, size, rate, etaMs }: UpdateStatus): string {
  const percent = `${size > 0 ? Math.floor((offset / size) * 100) : 0} %`.padStart(5);
  if (rate === null || etaMs === null) return `${percent}  ${kilobytes(size)}`;
  return `${percent}  ${kilobytes(rate)}/s, ${remaining(etaMs)} left`;
}

export function kilobytes(octets: number): string {
  return `${(octets / KILOBYTE).toFixed(1)} kB`;
}

/** 14 s, 3 min, 2 h. */
export function remaining(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  return seconds < 6000 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}
