/** The keys of the bar that a phone's keyboard lacks, as the bytes that programs know them by. Pure. */

export type BarKey = 'Escape' | 'Tab' | 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight' | '|' | '/' | '-' | '~';

/** What is held down with a key. */
export interface Held {
  readonly ctrl: boolean;
  readonly alt: boolean;
}

const ARROWS: Partial<Record<BarKey, string>> = { ArrowUp: 'A', ArrowDown: 'B', ArrowRight: 'C', ArrowLeft: 'D' };
const PLAIN: Partial<Record<BarKey, string>> = { Escape: '\x1b', Tab: '\t' };

/** @param applicationCursor the mode of the program (DECCKM), in which arrows without a modifier are called otherwise. */
export function bytesOfKey(key: BarKey, held: Held, applicationCursor: boolean): string {
  const arrow = ARROWS[key];
  if (arrow !== undefined) {
    const modifier = 1 + (held.alt ? 2 : 0) + (held.ctrl ? 4 : 0);
    if (modifier > 1) return `\x1b[1;${modifier}${arrow}`;
    return `\x1b${applicationCursor ? 'O' : '['}${arrow}`;
  }
  const plain = PLAIN[key];
  if (plain !== undefined) return held.alt ? `\x1b${plain}` : plain;
  return withHeld(key, held);
}

/** What was typed on the keyboard, with what the bar holds down: of several letters at once, the first one. Sequences stay as they are. */
export function withHeld(data: string, { ctrl, alt }: Held): string {
  const [first = ''] = data;
  if (first === '' || first === '\x1b' || (!ctrl && !alt)) return data;
  const rest = data.slice(first.length);
  return `${alt ? '\x1b' : ''}${ctrl ? controlOf(first) : first}${rest}`;
}

function controlOf(character: string): string {
  const upper = character.toUpperCase();
  if (upper >= '@' && upper <= '_' && upper.length === 1) return String.fromCharCode(upper.charCodeAt(0) & 0x1f);
  switch (character) {
    case ' ':
    case '2':
      return '\0';
    case '/':
    case '-':
      return '\x1f';
    case '?':
      return '\x7f';
    default:
      return character;
  }
}

/** A modifier of the bar: held for one key, or until it is pressed again. */
export type Sticky = 'off' | 'once' | 'locked';

/** Two taps within so long lock it. */
const DOUBLE_MS = 400;

/** @param since ms since the tap before. */
export function tapped(now: Sticky, since: number): Sticky {
  if (now === 'off') return 'once';
  return now === 'once' && since <= DOUBLE_MS ? 'locked' : 'off';
}
