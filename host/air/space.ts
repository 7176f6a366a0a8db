// Where stations are.

/** Metres. */
export interface Place {
  x: number;
  y: number;
}
