import type { Attention } from '../terminals/attention.ts';
import { noSignals } from '../terminals/host/signals.ts';
import type { Scene } from './guard.ts';
import type { Clock, Sources } from './sources.ts';
import type { Watched, Work } from './watched.ts';

/** A fake agent program in a fake terminal, and time that only the test moves. The same seed is the same life. */

export type Random = () => number;
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class VirtualClock implements Clock {
  #now = Date.UTC(2030, 0, 1);
  #timers: { at: number; act: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.#now + Math.round(ms), act };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + Math.round(ms);
    for (;;) {
      // All that follows from what was done is done first: nothing here waits for anything but this clock.
      await new Promise((resolve) => setImmediate(resolve));
      const [next] = this.#timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#now = Math.max(this.#now, next.at);
      next.act();
    }
    this.#now = end;
  }
}

/** `asking`: it said that it will ask, and its question is not drawn yet. `foreign`: an editor on the alternate screen. */
export type Mode = 'working' | 'silent' | 'network' | 'asking' | 'permission' | 'idle' | 'done' | 'hung' | 'foreign';
/** How it says how it is: by hooks, by notifications, or not at all. */
export type Style = 'hook' | 'notice' | 'none';

const KNOWN_QUESTIONS = ['Do you want to proceed?', 'Overwrite 3 files? (y/N)', 'Allow Bash(rm x)? once / always', ' ❯ 1. Yes, and go on'];
/** In words that no pattern knows. */
const UNKNOWN_QUESTIONS = ['Soll ich die Datei löschen (j)', 'Run rm -rf build: <enter> runs it', 'Confirm with ⏎'];

/** What the rule of an orchestrator types; whatever else comes is a person’s. */
export const RULE_TEXT = 'continue';

export interface Violation {
  what: 'permission' | 'working' | 'person' | 'foreign';
  mode: Mode;
  data: string;
}

export class FakeAgent {
  mode: Mode = 'working';
  readonly style: Style;
  readonly violations: Violation[] = [];
  /** Of Enter that reached it while it waited. */
  entered = 0;
  /** Nothing of it changed since. */
  restsSince: number;
  /** Its question is in words that are known. */
  known = true;
  /** Called while somebody looks at it: it goes on meanwhile. */
  meanwhile: (() => void) | null = null;
  lastPersonAt = 0;
  #lastOutputAt: number;
  #lastInputAt = 0;
  #end = 1000;
  #cpuMs = 500;
  #cpuAt: number;
  #child: { startedAt: number; running: boolean } | null = null;
  #lines: string[] = ['begun'];
  #notices = 0;
  #byRule = false;
  readonly #bornAt: number;
  readonly #id: string;
  readonly #clock: Clock;
  readonly #attention: Attention;
  readonly #random: Random;

  constructor(id: string, clock: Clock, attention: Attention, random: Random) {
    this.#id = id;
    this.#clock = clock;
    this.#attention = attention;
    this.#random = random;
    const roll = random();
    this.style = roll < 0.5 ? 'hook' : roll < 0.75 ? 'notice' : 'none';
    [this.#bornAt, this.#lastOutputAt, this.restsSince, this.#cpuAt] = [clock.now(), clock.now(), clock.now(), clock.now()];
    this.become('working');
  }

  get shows(): readonly string[] {
    return this.#lines;
  }

  print(...lines: string[]): void {
    this.#lines = [...this.#lines, ...lines].slice(-30);
    this.#end += lines.join('\n').length + 1;
    this.#lastOutputAt = this.#clock.now();
    this.restsSince = this.#clock.now();
  }

  become(mode: Mode): void {
    this.#spend();
    this.mode = mode;
    this.restsSince = this.#clock.now();
    this.#child = null;
    switch (mode) {
      case 'working':
        this.#say('working');
        return this.print(`step ${Math.floor(this.#random() * 1000)}`);
      case 'silent':
        return this.#say('working');
      case 'network':
        this.#child = { startedAt: this.#clock.now(), running: false };
        return this.#say('working');
      case 'asking':
        this.known = this.#random() < 0.5;
        return this.#say('needs-input');
      case 'permission': {
        if (this.style === 'none') this.known = this.#random() < 0.5;
        const questions = this.known ? KNOWN_QUESTIONS : UNKNOWN_QUESTIONS;
        return this.print(questions[Math.floor(this.#random() * questions.length)] ?? '');
      }
      case 'idle':
        this.print('> ');
        return this.#say('idle');
      case 'done':
        this.print('all of it is there', '> ');
        return this.#say('done');
      case 'foreign':
        return this.print('~', '~', 'NORMAL');
      case 'hung':
        return undefined;
    }
  }

  /** A person types in the terminal itself. */
  personTypes(): void {
    this.lastPersonAt = this.#clock.now();
    this.#lastInputAt = this.#clock.now();
    this.restsSince = this.#clock.now();
    this.#attention.typed(this.#id);
  }

  /** Keys of the orchestrator arrive. */
  receive(data: string, enter: boolean): void {
    const violate = (what: Violation['what']): void => void this.violations.push({ what, mode: this.mode, data });
    if (this.mode === 'permission' || this.mode === 'asking') violate('permission');
    // A person may well give more work to a program that works, unless it says so.
    this.#byRule = enter ? this.#byRule : data === RULE_TEXT;
    const works = this.mode === 'working' || this.mode === 'silent' || this.mode === 'network';
    if (works && (this.#byRule || this.style === 'hook')) violate('working');
    if (this.mode === 'foreign') violate('foreign');
    if (this.#clock.now() - this.lastPersonAt < 10_000) violate('person');
    this.#lastInputAt = this.#clock.now();
    if (!enter) return this.print(`> ${data}`);
    this.entered += 1;
    this.#attention.typed(this.#id);
    this.become('working');
  }

  watched(): Watched {
    this.#spend();
    const work: Work = {
      prompt: false,
      front: { pid: 7, start: '7', name: this.mode === 'foreign' ? 'vim' : 'node', startedAt: this.#bornAt },
      cwd: '/work',
      cpuMs: this.#cpuMs,
      children: this.#child === null ? [] : [this.#child],
    };
    const saying = this.#attention.saying(this.#id);
    return {
      id: this.#id,
      name: 'fake',
      agent: this.mode !== 'foreign',
      lastOutputAt: this.#lastOutputAt,
      lastPersonAt: this.lastPersonAt,
      lastInputAt: this.#lastInputAt,
      end: this.#end,
      saying,
      work,
    };
  }

  scene(): Scene {
    return { lines: this.#lines, cursor: this.#end, alternate: this.mode === 'foreign' };
  }

  /** It does, without a word of it, what its mode is: processor time while it works. */
  #spend(): void {
    const now = this.#clock.now();
    const share = this.mode === 'working' || this.mode === 'silent' ? 0.3 : 0.002;
    this.#cpuMs += (now - this.#cpuAt) * share;
    this.#cpuAt = now;
  }

  #say(state: 'working' | 'idle' | 'done' | 'needs-input'): void {
    if (this.style === 'hook') this.#attention.says(this.#id, state);
    if (this.style !== 'notice' || state === 'working') return;
    this.#notices += 1;
    const notice = { idle: 'is waiting for your input', done: 'Task complete', 'needs-input': 'needs your permission' }[state];
    this.#attention.signalled(this.#id, { ...noSignals(), notices: this.#notices, notice });
  }
}

/** One terminal with a fake program in it, as orchestrators see it. Each answer takes a while, in which the program goes on. */
export function fakeSources(id: string, fake: FakeAgent, attention: Attention): Sources {
  const later = async <T>(answer: () => T): Promise<T> => {
    await Promise.resolve();
    const value = answer();
    await Promise.resolve();
    fake.meanwhile?.();
    return value;
  };
  return {
    running: () => [id],
    watched: () => later(() => fake.watched()),
    scene: () => later(() => fake.scene()),
    printed: () => later(() => [...fake.shows]),
    moment: () => {
      const { end, saying, lastPersonAt } = fake.watched();
      return { end, saying, lastPersonAt };
    },
    pasted: (_, text) => text,
    type: (_, data, entered) => {
      fake.receive(data, entered);
      return Promise.resolve();
    },
    stalls: (_, stalled, tell) => attention.stalls(id, stalled, tell),
    note: () => undefined,
  };
}
