// Where stations are, what stands between them, and how far a radio reaches.  Indoors: 40 dB are lost in the first metre, then 30 dB a decade.

/** Metres. */
export interface Place {
  x: number;
  y: number;
}

/** Everything on the air that crosses it is weaker. */
export interface Wall {
  from: Place;
  to: Place;
  attenuationDb: number;
}

const DB_FIRST_METRE = -40;
const DB_DECADE = 30;
/** The sensor hears nothing below. */
const SENSITIVITY_DBM = -100;
const LQI_MAX = 255;
/** An LQI of 0 to 255 spans this much above the sensitivity. */
const LQI_SPAN_DB = 60;

/** Decibels that the walls between two places take. */
export function attenuation(walls: readonly Wall[], here: Place, there: Place): number {
  let sum = 0;
  for (const wall of walls) if (crosses(wall, here, there)) sum += wall.attenuationDb;
  return sum;
}

/** How far apart two stations would be without walls between them. */
export function metresOf(here: Place, there: Place, attenuationDb: number): number {
  const metres = Math.hypot(here.x - there.x, here.y - there.y);
  return attenuationDb === 0 ? metres : Math.max(1, metres) * 10 ** (attenuationDb / DB_DECADE);
}

export function rssiAt(metres: number): number {
  return Math.max(SENSITIVITY_DBM, Math.round(DB_FIRST_METRE - DB_DECADE * Math.log10(Math.max(1, metres))));
}

export function lqiAt(rssi: number): number {
  return Math.min(LQI_MAX, Math.round(((rssi - SENSITIVITY_DBM) * LQI_MAX) / LQI_SPAN_DB));
}

/** A way that only touches the wall's line is free. */
function crosses({ from, to }: Wall, here: Place, there: Place): boolean {
  return side(from, to, here) * side(from, to, there) < 0 && side(here, there, from) * side(here, there, to) <= 0;
}

/** Positive when `point` lies to the left of the line, 0 when on it. */
function side(from: Place, to: Place, point: Place): number {
  return Math.sign((to.x - from.x) * (point.y - from.y) - (to.y - from.y) * (point.x - from.x));
}
