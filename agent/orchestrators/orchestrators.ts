import { randomUUID } from 'node:crypto';
import type { List } from '../../shared/api.ts';
import { ToruError } from '../../shared/errors.ts';
import type {
  InjectAnswer,
  InjectRequest,
  Insight,
  InsightsQuery,
  Orchestrator,
  OrchestratorCreate,
  OrchestratorFrame,
  OrchestratorPatch,
} from '../../shared/orchestrators.ts';
import { MAX_ORCHESTRATORS } from '../../shared/orchestrators.ts';
import type { Audit } from '../audit/audit.ts';
import type { Folders } from '../folders/folders.ts';
import type { Log } from '../logger.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';
import type { Guards } from './guard.ts';
import { Injector } from './injector.ts';
import type { OrchestratorRow } from './orchestrator-store.ts';
import { OrchestratorStore, shownInsight, shownOrchestrator } from './orchestrator-store.ts';
import type { Clock, Sources } from './sources.ts';
import { realClock } from './sources.ts';
import { Watch } from './watch.ts';

export interface OrchestratorsOptions {
  db: Database;
  folders: Pick<Folders, 'get' | 'onRemoved'>;
  sources: Sources;
  audit: Pick<Audit, 'record'>;
  log: Pick<Log, 'warn'>;
  clock?: Clock;
  /** See Injector. */
  guards?: Guards;
}

/** The orchestrators of this host: who watches which terminals, what was found, and the one guarded way to type into them. */
export class Orchestrators {
  readonly #o: OrchestratorsOptions;
  readonly #clock: Clock;
  readonly #store: OrchestratorStore;
  readonly #injector: Injector;
  readonly #watches = new Map<string, Watch>();
  readonly #listeners = new Set<(frame: OrchestratorFrame) => void>();
  #started = false;

  constructor(options: OrchestratorsOptions) {
    this.#o = options;
    this.#clock = options.clock ?? realClock;
    this.#store = new OrchestratorStore(options.db);
    const { sources, audit, guards } = options;
    this.#injector = new Injector({ sources, store: this.#store, audit, clock: this.#clock, guards });
    // What watched a folder that is gone watches nothing: never all terminals instead.
    options.folders.onRemoved((ids) => {
      for (const row of this.#store.list()) if (row.folder !== null && ids.includes(row.folder)) this.#put({ ...row, enabled: false });
    });
  }

  /** From now on they look. */
  start(): void {
    this.#started = true;
    for (const row of this.#store.list()) this.#follow(row);
  }

  close(): void {
    this.#started = false;
    for (const watch of this.#watches.values()) watch.stop();
    this.#watches.clear();
  }

  /** @returns the end of listening. */
  onChange(listener: (frame: OrchestratorFrame) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  list(): Orchestrator[] {
    return this.#store.list().map((row) => this.#shown(row));
  }

  /** @throws ToruError not_found */
  get(id: string): Orchestrator {
    return this.#shown(this.#store.get(id));
  }

  /** @throws ToruError not_found for the folder, quota_exceeded */
  create(caller: Caller, { name, ...rest }: OrchestratorCreate): Orchestrator {
    if (this.#store.list().length >= MAX_ORCHESTRATORS)
      throw new ToruError('quota_exceeded', `A host has ${MAX_ORCHESTRATORS} orchestrators at most. Remove one that is not needed.`);
    const folder = rest.folder === null ? null : this.#o.folders.get(rest.folder);
    const row = { ...rest, id: randomUUID(), name: name ?? folder?.name ?? 'All terminals', created_at: this.#clock.now() };
    this.#put(row);
    this.#note(caller, 'orchestrator.create', row, { folder: row.folder, rule: row.rule });
    return this.get(row.id);
  }

  /** @throws ToruError not_found */
  update(caller: Caller, id: string, patch: OrchestratorPatch): Orchestrator {
    const old = this.#store.get(id);
    if (patch.folder != null) this.#o.folders.get(patch.folder);
    const row: OrchestratorRow = {
      id,
      created_at: old.created_at,
      name: patch.name ?? old.name,
      folder: patch.folder === undefined ? old.folder : patch.folder,
      enabled: patch.enabled ?? old.enabled,
      interval_s: patch.interval_s ?? old.interval_s,
      stall_s: patch.stall_s ?? old.stall_s,
      long_s: patch.long_s ?? old.long_s,
      notify: patch.notify ?? old.notify,
      rule: patch.rule ?? old.rule,
      max_per_hour: patch.max_per_hour ?? old.max_per_hour,
    };
    this.#put(row);
    this.#note(caller, 'orchestrator.update', row, { ...patch });
    return this.get(id);
  }

  /** @throws ToruError not_found */
  remove(caller: Caller, id: string): void {
    const row = this.#store.get(id);
    this.#watches.get(id)?.stop();
    this.#watches.delete(id);
    this.#store.remove(id);
    this.#note(caller, 'orchestrator.remove', row, {});
    this.#tell({ type: 'orchestrators.removed', id });
  }

  /** @throws ToruError not_found, bad_cursor */
  insights(id: string, query: InsightsQuery): List<Insight> {
    this.#store.get(id);
    const { items, next_cursor } = this.#store.insights(id, query);
    return { items: items.map(shownInsight), next_cursor };
  }

  /** @throws ToruError not_found */
  settle(caller: Caller, id: string, insight: string, state: 'acted' | 'dismissed'): Insight {
    const row = this.#store.get(id);
    if (this.#store.insight(insight)?.orchestrator !== id) throw unknownInsight();
    const settled = this.#store.settle(insight, state);
    if (settled === null) throw unknownInsight();
    this.#note(caller, 'orchestrator.insight', row, { insight, state, kind: settled.kind, terminal: settled.terminal });
    this.#told(shownInsight(settled));
    return shownInsight(settled);
  }

  /** Types what a person decided. @throws ToruError not_found; conflict with its reason; too_many_requests */
  async inject(caller: Caller, id: string, request: InjectRequest): Promise<InjectAnswer> {
    const row = this.#store.get(id);
    if (!this.#o.sources.running(row.folder).includes(request.terminal))
      throw new ToruError('unknown_terminal', 'This orchestrator watches no such terminal that runs.');
    const answer = await this.#injector.inject(caller, row, request);
    const insight = request.insight === undefined ? null : this.#store.insight(request.insight);
    if ('enter' in request && insight?.orchestrator === id) {
      const settled = this.#store.settle(insight.id, 'acted');
      if (settled !== null) this.#told(shownInsight(settled));
    }
    return answer;
  }

  /** What a terminal shows now, for who types by an inject. @throws ToruError not_found, unknown_terminal, conflict */
  async look(id: string, terminal: string): Promise<InjectAnswer> {
    const row = this.#store.get(id);
    if (!this.#o.sources.running(row.folder).includes(terminal))
      throw new ToruError('unknown_terminal', 'This orchestrator watches no such terminal that runs.');
    return this.#injector.evidence(terminal);
  }

  #put(row: OrchestratorRow): void {
    this.#store.put(row);
    this.#follow(row);
    this.#tell({ type: 'orchestrators.orchestrator', orchestrator: this.#shown(row) });
  }

  #follow(row: OrchestratorRow): void {
    this.#watches.get(row.id)?.stop();
    this.#watches.delete(row.id);
    if (!row.enabled || !this.#started) return;
    const { sources, log } = this.#o;
    const settled = (insight: Insight): void => this.#told(insight);
    const watch = new Watch({ sources, store: this.#store, injector: this.#injector, clock: this.#clock, log, told: settled }, row);
    this.#watches.set(row.id, watch);
    watch.start();
  }

  #told(insight: Insight): void {
    this.#tell({ type: 'orchestrators.insight', insight });
    this.#tell({ type: 'orchestrators.orchestrator', orchestrator: this.get(insight.orchestrator) });
  }

  #tell(frame: OrchestratorFrame): void {
    for (const listener of [...this.#listeners]) listener(frame);
  }

  #shown(row: OrchestratorRow): Orchestrator {
    return shownOrchestrator(row, this.#store.open(row.id));
  }

  #note(caller: Caller, event: string, { id, name }: OrchestratorRow, detail: Record<string, unknown>): void {
    this.#o.audit.record({ event, caller, target: id, outcome: 'ok', detail: { name, ...detail } });
  }
}

function unknownInsight(): ToruError {
  return new ToruError('not_found', 'There is no such insight. It may have gone with its terminal.');
}
