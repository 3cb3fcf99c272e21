import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KEPT_BYTES, SEGMENT_BYTES } from '../../shared/terminal-limits.ts';

/** Where the bytes of a terminal's log lie: `<folder>/log/<n>` has those from n × SEGMENT_BYTES on. */

export function logFolder(folder: string): string {
  return join(folder, 'log');
}

export function segmentOf(position: number): number {
  return Math.floor(position / SEGMENT_BYTES);
}

export function segmentFile(folder: string, segment: number): string {
  return join(logFolder(folder), String(segment));
}

/** The first segment that is kept of a log of so many bytes. The host removes those before it. */
export function firstKept(end: number): number {
  return Math.max(0, segmentOf(end) - KEPT_BYTES / SEGMENT_BYTES);
}

/** How many bytes were ever written to a log, by its files; 0 without any. */
export function lengthOnDisk(folder: string): number {
  try {
    const last = Math.max(...readdirSync(logFolder(folder)).flatMap((name) => (/^\d{1,9}$/.test(name) ? [Number(name)] : [])));
    return last < 0 ? 0 : last * SEGMENT_BYTES + statSync(segmentFile(folder, last)).size;
  } catch {
    return 0;
  }
}
