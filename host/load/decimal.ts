// Exact decimal numbers: `digits` / 10^`scale`.  Consumption is summed in these, so a year of rows loses nothing.

export interface Decimal {
  digits: bigint;
  /** Never negative. */
  scale: number;
}

/** More digits or a larger exponent than this is no measurement, and would only make the sums slow. */
export const DECIMAL_PLACES_MAX = 40;

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Reads `12`, `0.5`, `.5`, `1.5E-3` or `0E-20`; null when `text` is none of these. */
export function decimalParse(text: string): Decimal | null {
  const match = FORM.exec(text);
  if (!match) return null;
  const [, sign, whole, fraction = "", exponent = "0"] = match;
  if (whole.length + fraction.length === 0 || whole.length + fraction.length > DECIMAL_PLACES_MAX) return null;
  const digits = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n);
  if (digits === 0n) return { digits, scale: 0 };
  const scale = fraction.length - Number(exponent);
  if (Math.abs(scale) > DECIMAL_PLACES_MAX) return null;
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale };
}

/** `value` in units of 10^-`scale`; `scale` is at least the value's own. */
export function decimalAt(value: Decimal, scale: number): bigint {
  return value.digits * 10n ** BigInt(scale - value.scale);
}
