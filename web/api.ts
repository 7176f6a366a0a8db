// The interface of docs/openapi.json, as the page asks it.  The token of an action came behind # in the address, and stays with this tab.
import type { EventsAnswer, FramesAnswer, HalfHoursAnswer, PowerAnswer, State, WholeFrame } from "../host/web/answers.ts";

const TOKEN = "kilowasm token";

/** Takes the token out of the address, so that nobody reads it over a shoulder or finds it among bookmarks. */
export function takeToken(): void {
  if (location.hash.length > 1) {
    sessionStorage.setItem(TOKEN, location.hash.slice(1));
    history.replaceState(null, "", location.pathname);
  }
}

export function mayAct(): boolean {
  return sessionStorage.getItem(TOKEN) !== null;
}

async function answered<T>(response: Response): Promise<T> {
  const answer = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

async function get<T>(path: string, query: Record<string, string | number | undefined> = {}): Promise<T> {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") words.set(name, String(value));
  return answered<T>(await fetch(words.size > 0 ? `${path}?${words}` : path));
}

export async function act(path: "/api/actions" | "/api/time", body: Record<string, unknown>): Promise<void> {
  const headers = { authorization: `Bearer ${sessionStorage.getItem(TOKEN) ?? ""}`, "content-type": "application/json" };
  await answered(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

export interface Filter {
  device: string;
  layer: string;
}

export const api = {
  state: () => get<State>("/api/state"),
  halfHours: (device: string) => get<HalfHoursAnswer>("/api/half-hours", { device }),
  power: (device: string) => get<PowerAnswer>("/api/power", { device }),
  frames: (after: number, { device, layer }: Filter) => get<FramesAnswer>("/api/frames", { after, limit: 500, device, layer }),
  frame: (number: number) => get<WholeFrame>(`/api/frames/${number}`),
  events: (after: number) => get<EventsAnswer>("/api/events", { after, limit: 500 }),
};
