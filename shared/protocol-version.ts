import { OLDEST_PROTOCOL, PROTOCOL_VERSION } from './limits.ts';

/** The protocol numbers that one build speaks, both ends included. */
export interface ProtocolRange {
  readonly oldest: number;
  readonly newest: number;
}

const OURS: ProtocolRange = { oldest: OLDEST_PROTOCOL, newest: PROTOCOL_VERSION };

/**
 * Page, edge and agent are updated one after the other, so each tells the next the newest number that it speaks. The
 * lower of two newest numbers is what both speak, if they have any in common: so each side only has to look at its own
 * oldest one, and the side that refuses is always the newer one.
 * @returns the number to speak; null when the other side is too old and has to be updated.
 */
export function agreeOn(theirNewest: number, ours: ProtocolRange = OURS): number | null {
  const lower = Math.min(theirNewest, ours.newest);
  return lower >= ours.oldest ? lower : null;
}
