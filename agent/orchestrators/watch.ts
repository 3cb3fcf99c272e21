import type { Insight } from '../../shared/orchestrators.ts';
import type { Log } from '../logger.ts';
import type { Finding } from './findings.ts';
import { conflictsAmong, errorLoopIn, findingsOf } from './findings.ts';
import type { Injector } from './injector.ts';
import type { InsightRow, OrchestratorRow, OrchestratorStore } from './orchestrator-store.ts';
import { shownInsight } from './orchestrator-store.ts';
import type { Clock, Sources } from './sources.ts';
import type { Noted, Watched } from './watched.ts';
import { noted, stallOf } from './watched.ts';

/** A look that is due sooner comes after so long, at least. */
const LEAST_MS = 1000;
/** What was refused, as while somebody types, is tried at the next looks. */
const MOST_TRIES = 3;

interface Options {
  sources: Sources;
  store: OrchestratorStore;
  injector: Injector;
  clock: Clock;
  log: Pick<Log, 'warn'>;
  /** An insight is new, or was settled. */
  told: (insight: Insight) => void;
}

/** The looks of one orchestrator: every `interval_s`, and when something will have stalled. */
export class Watch {
  readonly #o: Options;
  readonly #row: OrchestratorRow;
  readonly #notes = new Map<string, Noted>();
  readonly #seenEnd = new Map<string, number>();
  /** Insights after which something was typed, or tried often enough. */
  readonly #nudges = new Map<string, number>();
  #stop: (() => void) | null = null;
  #ended = false;

  constructor(options: Options, row: OrchestratorRow) {
    this.#o = options;
    this.#row = row;
  }

  start(): void {
    this.#again(0);
  }

  stop(): void {
    this.#ended = true;
    this.#stop?.();
  }

  #again(ms: number): void {
    this.#stop = this.#o.clock.after(ms, () => {
      this.look().then(
        (next) => {
          if (!this.#ended) this.#again(next);
        },
        (error: unknown) => {
          this.#o.log.warn({ err: error, orchestrator: this.#row.id }, 'an orchestrator could not look');
          if (!this.#ended) this.#again(this.#row.interval_s * 1000);
        },
      );
    });
  }

  /** @returns when to look again, in ms from now. */
  async look(): Promise<number> {
    const { sources, clock } = this.#o;
    const { folder, interval_s, stall_s, long_s, rule } = this.#row;
    const limits = { stallMs: stall_s * 1000, longMs: long_s * 1000, suggestion: rule.text };
    const running = sources.running(folder);
    for (const id of [...this.#notes.keys()]) if (!running.includes(id)) this.#forget(id);
    const all: Watched[] = [];
    let next = clock.now() + interval_s * 1000;
    for (const id of running) {
      const now = await sources.watched(id);
      if (now === null || this.#ended) continue;
      all.push(now);
      const at = clock.now();
      const note = noted(this.#notes.get(id) ?? null, now, at);
      this.#notes.set(id, note);
      const found = findingsOf(now, note, at, limits);
      const loop = await this.#errorLoop(now);
      if (loop !== null) found.push(loop);
      this.#settle(now, found);
      for (const each of found) await this.#take(each, now);
      if (rule.enabled && isQuiet(note, at, limits.stallMs)) await this.#nudgeOpen(found);
      const due = stallOf(now, note, limits.stallMs)?.at ?? Number.POSITIVE_INFINITY;
      if (due > at) next = Math.min(next, due);
    }
    for (const each of conflictsAmong(all)) {
      const now = all.find(({ id }) => id === each.terminal);
      if (now !== undefined) await this.#take(each, now);
    }
    return Math.max(LEAST_MS, next - clock.now());
  }

  /** Only what is new since the last look is worth reading. */
  async #errorLoop({ id, end }: Watched): Promise<Finding | null> {
    if (this.#seenEnd.get(id) === end) return null;
    this.#seenEnd.set(id, end);
    return errorLoopIn(id, await this.#o.sources.printed(id));
  }

  /** What holds no longer is over: somebody acted, or it went on by itself. */
  #settle(now: Watched, found: readonly Finding[]): void {
    for (const open of this.#o.store.openOf(this.#row.id)) {
      if (open.terminal !== now.id || (open.kind !== 'stalled' && open.kind !== 'permission')) continue;
      if (found.some(({ kind, same }) => kind === open.kind && same === open.same)) continue;
      if (open.kind === 'stalled') this.#o.sources.stalls(now.id, false, false);
      const settled = this.#o.store.settle(open.id, Math.max(now.lastInputAt, now.lastPersonAt) > open.created_at ? 'acted' : 'dismissed');
      if (settled !== null) this.#o.told(shownInsight(settled));
    }
  }

  async #take(finding: Finding, now: Watched): Promise<void> {
    const { store, injector, sources, clock, told } = this.#o;
    const { id: orchestrator, notify } = this.#row;
    if (store.has({ ...finding, orchestrator })) return;
    // Without its screen it is told all the same.
    const evidence = await injector.evidence(now.id).catch(() => ({ lines: [], cursor: now.end, digest: '' }));
    const made = store.addInsight({ ...finding, orchestrator, evidence, created_at: clock.now() });
    if (made === null) return;
    told(shownInsight(made));
    if (finding.kind === 'stalled') sources.stalls(now.id, true, notify);
    else if (notify && (finding.kind === 'error_loop' || finding.kind === 'long_command' || finding.kind === 'conflict'))
      sources.note(now.id, finding.reason);
  }

  /** What stalled by its program's own word, and by what its processes do. */
  async #nudgeOpen(found: readonly Finding[]): Promise<void> {
    for (const open of this.#o.store.openOf(this.#row.id)) {
      const stalled = found.some(({ kind, terminal, same }) => kind === 'stalled' && terminal === open.terminal && same === open.same);
      const tries = this.#nudges.get(open.id) ?? 0;
      if (!stalled || open.kind !== 'stalled' || tries >= MOST_TRIES) continue;
      this.#nudges.set(open.id, tries + 1);
      await this.#nudge(open);
    }
  }

  /** By rule: the text, and, when it is seen to stand there, Enter. Whatever refuses it, the insight stays open for a person. */
  async #nudge({ id: insight, terminal, evidence: { digest } }: InsightRow): Promise<void> {
    const { injector, store, told } = this.#o;
    const { text } = this.#row.rule;
    try {
      const pasted = await injector.inject('rule', this.#row, { terminal, digest, text });
      // Not a second time: the text may stand there already.
      this.#nudges.set(insight, MOST_TRIES);
      if (!stands(text, pasted.lines)) return;
      await injector.inject('rule', this.#row, { terminal, digest: pasted.digest, enter: true });
    } catch {
      // The audit has the reason.
      return;
    }
    const settled = store.settle(insight, 'acted');
    if (settled !== null) told(shownInsight(settled));
    this.#o.sources.stalls(terminal, false, false);
  }

  #forget(id: string): void {
    this.#notes.delete(id);
    this.#seenEnd.delete(id);
  }
}

/** Whatever its program says of itself: nothing in it works, for as long. */
function isQuiet({ quietSince, measured }: Noted, at: number, stallMs: number): boolean {
  return measured && quietSince !== null && at - quietSince >= stallMs;
}

/** Is it seen on the screen, wherever lines were wrapped? */
function stands(text: string, lines: readonly string[]): boolean {
  const plain = (each: string): string => each.replaceAll(/\s+/g, '');
  return plain(lines.join('')).includes(plain(text).slice(-60));
}
