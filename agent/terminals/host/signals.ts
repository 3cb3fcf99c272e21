import type { Signals } from './host-protocol.ts';
import { TerminalModes } from './terminal-modes.ts';

/**
 * What a program says to its terminal beside its text: the bell, notifications (OSC 9, 777 and 99), progress (OSC 9;4), its title, and the
 * modes that last until they are changed. Nothing else of its output is looked at.
 */

const BELL = 0x07;
const ESC = 0x1b;
const BACKSLASH = 0x5c;
/** A longer OSC is no notification: it is skipped to its end. */
const MAX_BODY = 2048;
const MAX_NOTICE_CHARS = 200;
const MAX_PARAMETERS = 64;
const STRINGS = new Set([...'PX^_'].map((char) => char.charCodeAt(0)));
/** Of the control sequences that are no private modes, those that set something: `h l p q r`. */
const CONTROLS = new Set([0x68, 0x6c, 0x70, 0x71, 0x72]);
const PROGRESS = { 1: 'going', 2: 'failed', 3: 'going', 4: 'paused' } as const;

export function noSignals(): Signals {
  return { bells: 0, notices: 0, notice: null, progress: 'none', ends: 0, alternate: false, paste: false };
}

type State = 'text' | 'escape' | 'csi' | 'private' | 'osc' | 'skipped' | 'string' | 'osc-escape' | 'string-escape';

/** Reads a terminal's output in pieces, wherever they are cut, in time that is linear and in bounded memory. */
export class SignalScanner {
  readonly signals = noSignals();
  readonly modes = new TerminalModes();
  #state: State = 'text';
  /** The body of an OSC, or the parameters of a private mode, so far. */
  #held: number[] = [];

  /** Is it between two sequences? */
  get isAtRest(): boolean {
    return this.#state === 'text';
  }

  /** @returns did a signal change? */
  scan(bytes: Buffer): boolean {
    let changed = false;
    // Searched for by the C library; of each piece the first bell is all that counts.
    let bell = bytes.indexOf(BELL);
    for (let at = 0; at < bytes.length; at += 1) {
      if (this.#state === 'text') {
        const next = bytes.indexOf(ESC, at);
        const end = next < 0 ? bytes.length : next;
        if (bell >= 0 && bell < at) bell = bytes.indexOf(BELL, at);
        if (bell >= 0 && bell < end) {
          this.signals.bells += 1;
          changed = true;
          bell = -1;
        }
        if (next < 0) break;
        at = next;
        this.#state = 'escape';
        continue;
      }
      if (this.#take(bytes[at] ?? 0)) changed = true;
    }
    return changed;
  }

  #take(byte: number): boolean {
    switch (this.#state) {
      case 'text':
        return false;
      case 'escape':
        this.#held = [];
        if (byte === 0x5b) this.#state = 'csi';
        else if (byte === 0x5d) this.#state = 'osc';
        else if (STRINGS.has(byte)) this.#state = 'string';
        else if (byte !== ESC) this.#escape(byte);
        return false;
      case 'csi':
        this.#csi(byte);
        return false;
      case 'private':
        return this.#mode(byte);
      case 'osc':
      case 'skipped':
        return this.#osc(byte);
      case 'osc-escape':
        return this.#oscEnd(byte);
      case 'string':
        if (byte === ESC) this.#state = 'string-escape';
        // A string that was never ended swallows no more than its line.
        else if (byte === 0x0a || byte === 0x18 || byte === 0x1a) this.#state = 'text';
        return false;
      case 'string-escape':
        // tmux passes sequences on within a string, each ESC doubled.
        this.#state = byte === ESC ? 'escape' : byte === BACKSLASH ? 'text' : 'string';
        return false;
    }
  }

  #escape(byte: number): void {
    this.#state = 'text';
    if (byte === 0x63) this.modes.reset();
    if (byte === 0x3d || byte === 0x3e) this.modes.set(66, byte === 0x3d);
  }

  #csi(byte: number): void {
    if (byte === 0x3f && this.#held.length === 0) this.#state = 'private';
    else if (byte === ESC) this.#state = 'escape';
    else if (byte >= 0x20 && byte <= 0x3f && this.#held.length < MAX_PARAMETERS) this.#held.push(byte);
    else {
      this.#state = 'text';
      if (CONTROLS.has(byte)) this.modes.control(String.fromCharCode(...this.#held), String.fromCharCode(byte));
    }
  }

  #mode(byte: number): boolean {
    const isParameter = (byte >= 0x30 && byte <= 0x39) || byte === 0x3b;
    if (isParameter && this.#held.length < MAX_PARAMETERS) {
      this.#held.push(byte);
      return false;
    }
    this.#state = byte === ESC ? 'escape' : 'text';
    if (byte !== 0x68 && byte !== 0x6c) return false;
    const on = byte === 0x68;
    const modes = String.fromCharCode(...this.#held).split(';');
    const { alternate, paste } = this.signals;
    if (modes.some((mode) => mode === '1049' || mode === '1047' || mode === '47')) this.signals.alternate = on;
    if (modes.includes('2004')) this.signals.paste = on;
    for (const mode of modes) this.modes.set(Number(mode), on);
    return this.signals.alternate !== alternate || this.signals.paste !== paste;
  }

  #osc(byte: number): boolean {
    if (byte === BELL) return this.#oscDone();
    if (byte === ESC) this.#state = this.#state === 'skipped' ? 'string-escape' : 'osc-escape';
    else if (byte === 0x0a || byte === 0x18 || byte === 0x1a) this.#state = 'text';
    else if (this.#held.length < MAX_BODY) this.#held.push(byte);
    else this.#state = 'skipped';
    return false;
  }

  #oscEnd(byte: number): boolean {
    if (byte === BACKSLASH) return this.#oscDone();
    this.#state = 'escape';
    return this.#take(byte);
  }

  #oscDone(): boolean {
    const skipped = this.#state === 'skipped';
    this.#state = 'text';
    if (skipped) return false;
    const isTitle = (this.#held[0] === 0x30 || this.#held[0] === 0x32) && this.#held[1] === 0x3b;
    if (isTitle) this.modes.title = Buffer.from(this.#held.slice(2)).toString('utf8');
    // 9, 777 and 99 begin with these; the others (links, colours) are not even read.
    return (this.#held[0] === 0x39 || this.#held[0] === 0x37) && this.#command(Buffer.from(this.#held).toString('utf8'));
  }

  #command(body: string): boolean {
    const notice = noticeIn(body);
    if (notice !== null) {
      this.signals.notices += 1;
      this.signals.notice = notice;
      return true;
    }
    const [, code] = /^9;4;(\d)/.exec(body) ?? [];
    if (code === undefined) return false;
    const before = this.signals.progress;
    const next = code === '1' || code === '2' || code === '3' || code === '4' ? PROGRESS[code] : 'none';
    this.signals.progress = next;
    if (next === 'none' && before === 'going') this.signals.ends += 1;
    return next !== before;
  }
}

/** The text of a notification; null where the command is none. */
function noticeIn(body: string): string | null {
  if (body.startsWith('777;notify;')) return oneLine(body.slice('777;notify;'.length).replace(';', ': '));
  if (body.startsWith('99;')) return kittyNotice(body.slice(3));
  // 9 with a number is a command of ConEmu: progress, its folder, …
  if (body.startsWith('9;') && !/^9;\d{1,2}(?:;|$)/.test(body)) return oneLine(body.slice(2));
  return null;
}

/** https://sw.kovidgoyal.net/kitty/desktop-notifications/: `key=value:… ; text`. What only asks or closes is none. */
function kittyNotice(rest: string): string | null {
  const [keys = '', ...text] = rest.split(';');
  const values = new Map(keys.split(':').map((pair): [string, string] => [pair.slice(0, 1), pair.slice(2)]));
  const part = values.get('p') ?? 'title';
  // More of it comes.
  if (values.get('d') === '0' || (part !== 'title' && part !== 'body')) return null;
  const payload = text.join(';');
  return oneLine(values.get('e') === '1' ? Buffer.from(payload, 'base64').toString('utf8') : payload);
}

function oneLine(text: string): string {
  return [...text.replaceAll(/[\x00-\x1f\x7f-\x9f]+/g, ' ').trim()].slice(0, MAX_NOTICE_CHARS).join('');
}
