import * as z from 'zod';
import type { ProgramState, Terminal } from '../../shared/terminals.ts';
import { attention, programState } from '../../shared/terminals.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';
import type { Database } from '../store/database.ts';
import { ownTables } from '../store/own-tables.ts';
import { ATTENTION_TABLES } from './attention-tables.ts';
import type { Signals } from './host/host-protocol.ts';
import { noSignals } from './host/signals.ts';

export type AttentionKind = Terminal['attention'];

/** What people are told of a terminal. `note`: its program's own text, which it asked to be told. */
export interface TerminalNotice {
  terminal_id: string;
  what: Exclude<AttentionKind, 'none'> | 'note';
  text: string | null;
}

/** Of one terminal, told so often at most: a program that asks for permission all the time is told of no more. */
const NOTICES = { burst: 5, perS: 0.05 };
/** Of bells less: one a minute. */
const BELLS = { burst: 1, perS: 1 / 60 };
/** Who typed just now hears the bell that answers it: a shell rings for a completion that it does not find. */
const AT_HAND_MS = 10_000;

/** What a program last said of itself, and by which way: its hooks know, a notification is guessed from its text. */
interface Saying {
  state: ProgramState | null;
  by: 'hook' | 'notice' | null;
  at: number;
}

const row = z.object({
  terminal: z.string(),
  attention,
  state: programState.nullable(),
  state_by: z.enum(['hook', 'notice']).nullable(),
  state_at: z.int(),
  bells: z.int(),
  notices: z.int(),
  ends: z.int(),
});
type Row = z.infer<typeof row>;

interface Known extends Row {
  /** Of the program's modes; not kept, its host knows them. */
  signals: Signals;
  bucket: TokenBucket;
  bellBucket: TokenBucket;
  /** When a person typed last, as far as this agent knows. */
  typedAt: number;
}

interface Options {
  db: Database;
  /** The terminal shows another attention than before. */
  changed: (id: string) => void;
  told: (notice: TerminalNotice) => void;
  now?: (() => number) | undefined;
}

/**
 * What each terminal wants of a person, and what its program last said of itself. Attention goes when a person looks or types; what the
 * program said stays until it says something else, because a question is not answered by being seen.
 */
export class Attention {
  readonly #o: Options;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  constructor(options: Options) {
    this.#o = options;
    this.#now = options.now ?? Date.now;
    ownTables(options.db, 'terminal_attention', ATTENTION_TABLES);
  }

  of(id: string): AttentionKind {
    return this.#of(id).attention;
  }

  /** @returns what the program said of itself, while nobody typed since that it waits for input. */
  saying(id: string): Saying {
    const { state, state_by, state_at } = this.#of(id);
    return { state, by: state_by, at: state_at };
  }

  /** The modes that its program set, as far as its host tells. */
  modes(id: string): Pick<Signals, 'alternate' | 'paste' | 'progress'> {
    return this.#of(id).signals;
  }

  /** What a host tells, counted since the program began. */
  signalled(id: string, signals: Signals): void {
    const known = this.#of(id);
    const rang = signals.bells > known.bells;
    const noticed = signals.notices > known.notices;
    const ended = signals.ends > known.ends;
    known.signals = signals;
    Object.assign(known, { bells: signals.bells, notices: signals.notices, ends: signals.ends });
    if (noticed) {
      const means = meaningOf(signals.notice ?? '');
      // A hook's word is better than a guess, but for a question.
      if (means !== null && (known.state_by !== 'hook' || means === 'needs-input')) this.#say(known, means, 'notice');
      else this.#raise(known, 'bell');
    } else if (ended && known.state_by !== 'hook') this.#raise(known, 'done');
    else if (rang) this.#raise(known, 'bell');
  }

  /** The program says how it is, by a hook. */
  says(id: string, state: ProgramState): void {
    this.#say(this.#of(id), state, 'hook');
  }

  /** The program wants people to read this. @returns false when it was told too often. */
  notes(id: string, text: string): boolean {
    const known = this.#of(id);
    if (!known.bucket.take(this.#now())) return false;
    this.#raise(known, 'bell');
    this.#o.told({ terminal_id: id, what: 'note', text });
    return true;
  }

  /** It does not go on. @param stalled false: it does again. @param tell people, too. */
  stalls(id: string, stalled: boolean, tell: boolean): void {
    const known = this.#of(id);
    if (stalled && known.attention !== 'permission') {
      if (tell) this.#raise(known, 'stalled');
      else this.#set(known, 'stalled');
    }
    if (!stalled && known.attention === 'stalled') this.#set(known, 'none');
  }

  /** A person looks at it. */
  looked(id: string): void {
    const known = this.#of(id);
    if (known.attention !== 'none') this.#set(known, 'none');
  }

  /** Somebody typed into it. Whether its program works now is its own to say; a question that its hooks told of is open until they say otherwise. */
  typed(id: string): void {
    const known = this.#of(id);
    known.typedAt = this.#now();
    const open = known.state === 'needs-input' && known.state_by === 'hook';
    if (known.state !== null && known.state !== 'working' && !open) {
      Object.assign(known, { state: null, state_by: null, state_at: this.#now() });
      this.#write(known);
    }
    this.looked(id);
  }

  /** Its program ended, or another one began. */
  reset(id: string): void {
    const known = this.#of(id);
    Object.assign(known, { state: null, state_by: null, state_at: this.#now(), signals: noSignals(), bells: 0, notices: 0, ends: 0 });
    this.#set(known, 'none');
  }

  /** The terminal was removed. */
  forget(id: string): void {
    this.#known.delete(id);
  }

  #say(known: Known, state: ProgramState, by: 'hook' | 'notice'): void {
    const same = known.state === state && known.state_by === by;
    Object.assign(known, { state, state_by: by, state_at: this.#now() });
    if (!same) this.#write(known);
    switch (state) {
      case 'needs-input':
        return this.#raise(known, 'permission');
      case 'idle':
        return this.#raise(known, 'idle');
      case 'done':
        return this.#raise(known, 'done');
      case 'working':
        if (known.attention !== 'none') this.#set(known, 'none');
    }
  }

  #raise(known: Known, kind: Exclude<AttentionKind, 'none'>): void {
    // A bell says less than what stands there already.
    if (known.attention === kind || (kind === 'bell' && known.attention !== 'none')) return;
    this.#set(known, kind);
    const now = this.#now();
    if (kind === 'bell' && now - known.typedAt < AT_HAND_MS) return;
    if ((kind === 'bell' ? known.bellBucket : known.bucket).take(now))
      this.#o.told({ terminal_id: known.terminal, what: kind, text: null });
  }

  #set(known: Known, kind: AttentionKind): void {
    const changed = known.attention !== kind;
    known.attention = kind;
    this.#write(known);
    if (changed) this.#o.changed(known.terminal);
  }

  #write({ terminal, attention: kind, state, state_by, state_at, bells, notices, ends }: Known): void {
    this.#o.db
      .prepare(
        `INSERT INTO terminal_attention SELECT @terminal, @kind, @state, @state_by, @state_at, @bells, @notices, @ends
         WHERE EXISTS (SELECT 1 FROM terminals WHERE id = @terminal)
         ON CONFLICT (terminal) DO UPDATE SET attention = excluded.attention, state = excluded.state, state_by = excluded.state_by,
           state_at = excluded.state_at, bells = excluded.bells, notices = excluded.notices, ends = excluded.ends`,
      )
      .run({ terminal, kind, state, state_by, state_at, bells, notices, ends });
  }

  #of(id: string): Known {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const found = this.#o.db.prepare('SELECT * FROM terminal_attention WHERE terminal = ?').get(id);
    const nothing: Row = { terminal: id, attention: 'none', state: null, state_by: null, state_at: 0, bells: 0, notices: 0, ends: 0 };
    const kept = found === undefined ? nothing : row.parse(found);
    const now = this.#now();
    const bucket = new TokenBucket(NOTICES.burst, NOTICES.perS, now);
    const bellBucket = new TokenBucket(BELLS.burst, BELLS.perS, now);
    const made = { ...kept, signals: noSignals(), bucket, bellBucket, typedAt: Number.NEGATIVE_INFINITY };
    this.#known.set(id, made);
    return made;
  }
}

/** What a notification's text says of its program: those of Claude Code and Codex are known. Null: nothing. */
function meaningOf(text: string): ProgramState | null {
  if (/permission|approv|allow|confirm|needs? (?:your )?(?:input|attention)/i.test(text)) return 'needs-input';
  if (/waiting for (?:your )?input|is waiting|\bidle\b/i.test(text)) return 'idle';
  if (/\b(?:complete|completed|finished|done)\b/i.test(text)) return 'done';
  return null;
}
