// Where a run's events go: lines of JSON, or the live view in a terminal.
import type { HomeEvent } from "./events.ts";
import type { Status } from "./status.ts";

export interface Output {
  event(event: HomeEvent): void;
  /** Shows how things stand; called often, and waited for, so that a slow reader slows the run instead of filling memory. */
  turn(status: Status): Promise<void>;
  /** Nobody reads any more: the run ends quietly. */
  readonly closed: boolean;
  /** The output was lost for a reason that is not a reader's leave. */
  readonly failed: boolean;
  /** Gives the terminal back. */
  end(): Promise<void>;
}
