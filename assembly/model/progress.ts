// Where a device stands on its way into the network, for those who watch it.

export enum Progress {
  Starting = 0,
  /** Looking for a network. */
  Searching = 1,
  /** Found one; waiting for its key. */
  Joining = 2,
  /** Establishing keys with the trust centre and partners. */
  Keys = 3,
  /** Finding the meter and arranging reports. */
  Binding = 4,
  /** All that there is to arrange is arranged. */
  Running = 5,
  /** Refused, or failed too often: a pause before the next attempt. */
  Waiting = 6,
}

let state: i32 = 0; // Progress.Starting; an enum's name here would make a start function, which no board runs

export function progressSet(to: i32): void { state = to; }
export function progress(): i32 { return state; }
