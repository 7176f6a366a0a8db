// How an update that was asked for ended: whoever asked is told where it is not what he asked for.
import { versionText } from "../image/manifest.ts";
import type { Home } from "./home.ts";
import { type DeviceId, labelOf } from "./plan.ts";
import type { UpdateStatus } from "./status.ts";
import type { UpdateFile } from "./update_file.ts";
import { reasonWords } from "./update_words.ts";

export interface UpdateOutcome {
  /** Refused, or given up after its trial; else the run ended too early to say. */
  refused: boolean;
  sentence: string;
}

/** Of a device that was to change to phase 2 and has not. */
export function changeOutcome(home: Home, id: DeviceId): UpdateOutcome {
  const row = home.plan.rows.find((each) => each.id === id);
  const name = row ? labelOf(row) : id;
  const { update } = home.status.device(id);
  if (!home.changesOver) return { refused: true, sentence: `the change of the ${name} to phase 2 was not over when the run ended.` };
  const why = update?.reason ? `: ${reasonWords(update.reason)}` : "";
  return { refused: true, sentence: `the ${name} has not changed to phase 2${why}.` };
}

const REFUSED = ["failed", "signatureFailed", "activationFailed"];

/** Null for one that runs. */
export function updateOutcome(home: Home, { device: id, header }: UpdateFile): UpdateOutcome | null {
  const row = home.plan.rows.find((each) => each.id === id);
  if (!row) throw new Error(`the plan has no ${id}`);
  const { status } = home;
  const version = versionText(header.fileVersion);
  const { update, version: running, library } = status.device(id);
  if (running === version && update?.status === "activated") return null;
  const mine = update?.version === version ? update : undefined;
  const held = [...(row.hub === id ? library : status.device(row.hub).library).values()].find((file) => file.version === version);
  const name = labelOf(row);
  const refused = (who: string, { status, reason }: UpdateStatus): UpdateOutcome => ({
    refused: true,
    sentence: `the ${who} ${status === "activationFailed" ? "went back from" : "refused"} version ${version} for the ${name}: ${reasonWords(reason ?? "none")}.`,
  });
  if (mine && REFUSED.includes(mine.status)) return refused(name, mine);
  if (held && REFUSED.includes(held.status)) return refused("hub", held);
  return { refused: false, sentence: `the update of the ${name} to version ${version} was not over when the run ended.` };
}
