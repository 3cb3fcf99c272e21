/** What a log takes of the sequences for an operating system (OSC); of titles, colours and the clipboard it takes nothing. */

/** How far a program says it is. `busy`: it is at work, and can't say how far. */
export interface Progress {
  state: 'going' | 'failed' | 'busy' | 'paused';
  /** 0 to 100. */
  percent: number;
}

const STATES: Record<string, Progress['state'] | undefined> = { 1: 'going', 2: 'failed', 3: 'busy', 4: 'paused' };

/**
 * `9 ; 4 ; state ; percent`, as ConEmu, Windows Terminal and systemd understand it.
 * @param body what stands between `ESC ]` and its end. @returns null: the progress is over; undefined: it speaks of none.
 */
export function progressIn(body: string): Progress | null | undefined {
  const [, code, percent] = /^9;4;(\d)(?:;(\d{1,3})?)?$/.exec(body) ?? [];
  if (code === undefined) return undefined;
  const state = STATES[code];
  return state === undefined ? null : { state, percent: Math.min(100, Number(percent ?? 0)) };
}

/** Longer addresses are not followed. */
const MAX_LINK = 2000;

/**
 * `8 ; parameters ; address`: what follows leads to that address. Only pages of the web are.
 * @returns null: what follows leads nowhere; undefined: it speaks of no link.
 */
export function linkIn(body: string): string | null | undefined {
  const [, address] = /^8;[^;]*;(.*)$/.exec(body) ?? [];
  if (address === undefined) return undefined;
  return address.length <= MAX_LINK && /^https?:\/\/[^\s]+$/i.test(address) && URL.canParse(address) ? address : null;
}
