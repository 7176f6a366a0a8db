// Numbers of IEEE 802.15.4-2006 for the 2.4 GHz band: PHY constants 6.4, MAC constants and PIB defaults 7.4.

export const SYMBOL_US = 16;
export const OCTET_US = 32;
export const PHY_HEAD_OCTETS = 6; // SHR 5, PHR 1

export const CHANNEL_FIRST = 11;
export const CHANNEL_LAST = 26;

export const MIN_BE = 3; // macMinBE
export const MAX_BE = 5; // macMaxBE
export const BACKOFFS_MAX = 4; // macMaxCSMABackoffs
export const RETRIES_MAX = 3; // macMaxFrameRetries

export const BACKOFF_US = 20 * SYMBOL_US; // aUnitBackoffPeriod
export const CCA_US = 8 * SYMBOL_US;
export const TURNAROUND_US = 12 * SYMBOL_US; // aTurnaroundTime
export const ACK_WAIT_US = 54 * SYMBOL_US; // macAckWaitDuration
export const ACK_US = (PHY_HEAD_OCTETS + 5) * OCTET_US;

export const SHORT_SPACING_US = 12 * SYMBOL_US; // macMinSIFSPeriod
export const LONG_SPACING_US = 40 * SYMBOL_US; // macMinLIFSPeriod
export const SHORT_FRAME_MAX = 18; // aMaxSIFSFrameSize

/** macMaxFrameTotalWaitTime for macMinBE 3, macMaxBE 5 and 4 back-offs: 86 back-off periods and the longest frame, 266 symbols. */
export const FRAME_TOTAL_WAIT_US = (86 * 20 + 266) * SYMBOL_US;

/** The spacing after a frame of so many octets, clause 7.5.1.3. */
export function spacingUs(size: number): number {
  return size > SHORT_FRAME_MAX ? LONG_SPACING_US : SHORT_SPACING_US;
}
