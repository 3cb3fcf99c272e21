import * as z from 'zod';
import { ToruError } from './errors.ts';

/**
 * When a request that starts or stops something is worth nothing any more: in a frame, in the body of POST /api/runs, or in
 * the header NOT_AFTER of any request that changes something. What a network held back is refused then, and not done
 * long after somebody was told that it failed. By the clock of the host that does it; of the edge, for what the edge does.
 */
export const notAfter = z.iso.datetime({ offset: true });

/** @throws ToruError too_late */
export function refuseLate(notAfter: string | undefined, now: number): void {
  if (notAfter !== undefined && now > Date.parse(notAfter))
    throw new ToruError('too_late', 'It arrived too late, and nothing was done. Ask again if it is still wanted.');
}

/** The time that the header names. @throws ToruError bad_request */
export function notAfterOf(header: string | null | undefined): string | undefined {
  if (header === null || header === undefined) return undefined;
  if (notAfter.safeParse(header).success) return header;
  throw new ToruError('bad_request', '“toru-not-after” is a time in ISO 8601, as 2026-01-31T12:00:00Z.');
}
