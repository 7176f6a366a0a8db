// How time goes by, and what makes this run again.
import { useState } from "preact/hooks";
import type { State } from "../../host/web/answers.ts";
import { mayAct } from "../api.ts";
import type { Model } from "../model.ts";
import { when } from "../words.ts";

const SPEEDS = [1, 60, 700];

export function Time({ model, state }: { model: Model; state: State }) {
  const [copied, setCopied] = useState(false);
  const time = (body: Record<string, unknown>): void => void model.act("/api/time", body);
  const still = !mayAct() || state.realTime || state.ended;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(state.command);
    setCopied(true);
  };
  const standing = state.ended
    ? "the run is over"
    : !model.connected
      ? "no answer from the run"
      : state.paused
        ? "paused"
        : speedWords(state);
  return (
    <header>
      <h1>kilowasm</h1>
      <p class="clock">
        <time dateTime={state.date} data-t={state.t} id="clock">
          {when(state.date)}
        </time>{" "}
        <span class={model.connected && !state.ended ? "" : "warn"} id="standing">
          {standing}
        </span>
      </p>
      <fieldset class="buttons">
        <legend class="unseen">Time</legend>
        <button type="button" disabled={still} aria-pressed={state.paused} onClick={() => time({ pause: !state.paused })}>
          {state.paused ? "Go on" : "Pause"}
        </button>
        {SPEEDS.map((speed) => (
          <button type="button" key={speed} disabled={still} aria-pressed={state.speed === speed} onClick={() => time({ speed })}>
            {speed}×<span class="unseen"> real time</span>
          </button>
        ))}
        <button type="button" disabled={still || !state.paused} onClick={() => time({ step: "frame" })}>
          Step a frame
        </button>
      </fieldset>
      <p class="command">
        Seed {state.seed}. <code>{state.command}</code>{" "}
        <button type="button" onClick={() => void copy()}>
          {copied ? "Copied" : "Copy"}
          <span class="unseen"> the command of this run</span>
        </button>
      </p>
    </header>
  );
}

function speedWords({ speed, rate }: State): string {
  const asked = speed === null ? "as fast as it goes" : `${speed}× real time`;
  return rate !== null && (speed === null || rate < speed * 0.9)
    ? `${asked}, ${rate < 10 ? rate.toFixed(1) : Math.round(rate)}× now`
    : asked;
}
