import type { Action, ActionCreate, ActionFields, ActionOrder, ActionPatch, ClientAction, ShownCard } from '../../shared/actions.ts';
import { ToruError } from '../../shared/errors.ts';
import { slugOf } from '../../shared/ids.ts';
import { checkVariables } from '../../shared/input-declaration.ts';
import { type InputValues, isStored } from '../../shared/input-values.ts';
import type { ActionInput } from '../../shared/inputs.ts';
import type { Database } from '../store/database.ts';
import { ownTables } from '../store/own-tables.ts';
import type { Caller } from '../users/caller.ts';
import { adminLately, authorize } from '../users/permissions.ts';
import { checkAction } from './action-check.ts';
import { type ActionRow, ActionTable } from './action-row.ts';
import { ACTIONS_STEPS } from './actions-tables.ts';
import { codeOf } from './code-of-action.ts';
import { ContentHashes } from './content-hash.ts';
import { Favourites } from './favourites.ts';
import { HomeCards } from './home-cards.ts';
import { LastRuns, type TileRuns } from './last-runs.ts';
import { RegexBudget } from './regex-budget.ts';
import { Remembered } from './remembered.ts';

export type { ActionRow } from './action-row.ts';

/** The services that actions need. */
export interface ActionsOptions {
  database: Database;
  /** @throws ToruError as Scripts.resolve does. */
  scripts: { resolve(name: string): Promise<string> };
  /** Whether a run waits for something that a viewer types. */
  waitsForInput?: (taskId: string) => boolean;
  /** When schedules start actions next, ms since 1970, by their ids. */
  nextRuns?: () => ReadonlyMap<string, number>;
  /** The plugins that have a card to show to somebody, by id. */
  cardPlugins?: (caller: Caller) => readonly string[];
  /** Hears of an action that was made, changed or removed. */
  changed?: (id: string) => void;
  audit: {
    record(entry: {
      event: string;
      caller: Caller | null;
      target?: string;
      outcome: 'ok' | 'refused';
      detail?: Record<string, unknown>;
    }): void;
  };
}

/** Quick actions: scripts behind a button, with what they ask and who may press them. */
export class Actions {
  /** The time that checks of inputs with patterns may take, at a press as when an action is saved. */
  readonly patterns = new RegexBudget();
  readonly #table: ActionTable;
  readonly #runs: LastRuns;
  /** The last answers of each person, for the form. */
  readonly remembered: Remembered;
  readonly #favourites: Favourites;
  readonly #cards: HomeCards;
  readonly #hashes = new ContentHashes();
  readonly #scripts: ActionsOptions['scripts'];
  readonly #audit: ActionsOptions['audit'];
  readonly #nextRuns: NonNullable<ActionsOptions['nextRuns']>;
  readonly #cardPlugins: NonNullable<ActionsOptions['cardPlugins']>;
  readonly #changed: NonNullable<ActionsOptions['changed']>;

  constructor(options: ActionsOptions) {
    const { database, scripts, audit, waitsForInput = () => false, nextRuns = () => new Map(), changed = () => undefined } = options;
    const { cardPlugins = () => [] } = options;
    ownTables(database, 'actions', ACTIONS_STEPS);
    this.#table = new ActionTable(database);
    this.#favourites = new Favourites(database);
    this.#cards = new HomeCards(database);
    this.#runs = new LastRuns(database, waitsForInput);
    this.remembered = new Remembered(database);
    this.#scripts = scripts;
    this.#audit = audit;
    this.#nextRuns = nextRuns;
    this.#cardPlugins = cardPlugins;
    this.#changed = changed;
  }

  /** Admins may press everything; a client what is for everyone, or for them by name. */
  mayUse(caller: Pick<Caller, 'role' | 'user_id'>, action: Pick<ActionRow, 'allow'>): boolean {
    return caller.role === 'admin' || action.allow === 'everyone' || action.allow.includes(caller.user_id);
  }

  /** The full definition, for the agent itself. */
  get(id: string): ActionRow | null {
    return this.#table.get(id);
  }

  /** How many there are. */
  get size(): number {
    return this.#table.ids().length;
  }

  /** The caller's tiles, in order. A client sees neither script, arguments nor who else may. */
  async list(caller: Caller): Promise<(Action | ClientAction)[]> {
    return this.#show(
      caller,
      this.#table.all().filter((row) => this.mayUse(caller, row)),
    );
  }

  /** The cards of plugins that stand among the caller's tiles, in the order of their places. A favourite has left its place, and takes no card along. */
  cards(caller: Caller): ShownCard[] {
    const cards = this.#cards.of(this.#cardPlugins(caller));
    if (cards.length === 0) return [];
    const favourites = this.#favourites.of(caller.user_id);
    const rows = this.#table.all().filter((row) => this.mayUse(caller, row) && !favourites.has(row.id));
    return cards.map((card) => ({ ...card, before: rows.find(({ position }) => position >= card.position)?.id ?? null }));
  }

  /** @throws ToruError unknown_action, also for one that the caller may not use: they can't tell the two apart. */
  async view(caller: Caller, id: string): Promise<Action | ClientAction> {
    const [shown] = await this.#show(caller, [this.usable(caller, id)]);
    if (shown === undefined) throw unknownAction(id);
    return shown;
  }

  /** One that the caller may press, as the host keeps it. @throws ToruError unknown_action, as `view`. */
  usable(caller: Caller, id: string): ActionRow {
    const row = this.#table.get(id);
    if (row === null || !this.mayUse(caller, row)) throw unknownAction(id);
    return row;
  }

  /**
   * Makes an action, at the end of the order. Its id is the label as a slug, unless one is given.
   * @throws ToruError reauth_required, action_invalid, script_outside; conflict when the given id is taken.
   */
  async create(caller: Caller | null, fields: ActionCreate): Promise<Action> {
    if (caller !== null) authorize(caller, adminLately);
    await this.#check(caller, fields);
    if (fields.id !== undefined && this.#table.has(fields.id)) {
      throw new ToruError('conflict', `There is an action with the id “${fields.id}”. Choose another one.`, { extra: { field: 'id' } });
    }
    const now = Date.now();
    const row: ActionRow = {
      ...fields,
      id: fields.id ?? this.#freeId(fields.label),
      position: this.#table.nextPosition(),
      size: 'normal',
      revision: 1,
      created_at: now,
      updated_at: now,
    };
    this.#table.insert(row);
    this.#record('action.create', caller, row);
    return this.#full(caller, row);
  }

  /**
   * Changes what the patch names, and nothing else. A change for nothing is none: the revision stays.
   * A field that decides which code runs, what the code sees or who may start it needs a newly typed password; a label or a colour
   * does not.
   * @throws ToruError unknown_action, reauth_required, action_invalid, script_outside; conflict when the patch was made for another revision.
   */
  async update(caller: Caller | null, id: string, patch: ActionPatch): Promise<Action> {
    const proposed = this.#existing(id);
    mayChange(caller, proposed, patch);
    await this.#check(caller, merged(proposed, patch));
    // Read again: somebody else may have changed or removed it while the script was looked at.
    const before = this.#existing(id);
    if (before.revision !== (patch.revision ?? proposed.revision)) {
      throw new ToruError('conflict', 'Somebody else changed this action in the meantime. Reload it, then make your change again.', {
        extra: { revision: before.revision },
      });
    }
    mayChange(caller, before, patch);
    const row = merged(before, patch);
    if (JSON.stringify(row) === JSON.stringify(before)) return this.#full(caller, before);
    row.revision += 1;
    row.updated_at = Date.now();
    this.#table.update(row);
    this.#record('action.update', caller, row);
    return this.#full(caller, row);
  }

  /** Its history stays, and what runs goes on. @throws ToruError unknown_action. */
  remove(caller: Caller | null, id: string): void {
    const row = this.#existing(id);
    this.#table.remove(id);
    this.#favourites.forget(id);
    this.#record('action.delete', caller, row);
  }

  /** The caller's own mark: no change of the action. @throws ToruError unknown_action, as `view`. */
  markFavourite(caller: Caller, id: string, favourite: boolean): void {
    const row = this.#table.get(id);
    if (row === null || !this.mayUse(caller, row)) throw unknownAction(id);
    this.#favourites.set(caller.user_id, id, favourite);
  }

  /**
   * Places the tiles, for everyone. @param ids every action’s id, once. @param sizes of those whose size changes.
   * @param cards all of plugins that stand among them; absent: as before. @throws ToruError conflict when the actions are others than there are, bad_request.
   */
  arrange(caller: Caller, { ids, sizes = {}, cards }: ActionOrder): void {
    const given = new Set(ids);
    if (given.size !== ids.length)
      throw new ToruError('bad_request', '“ids”: every action stands in the order once.', { extra: { field: 'ids' } });
    const known = this.#table.ids();
    if (known.length !== ids.length || known.some((id) => !given.has(id))) {
      throw new ToruError(
        'conflict',
        'The order must name every action. There are others now than you saw: reload, then order them again.',
      );
    }
    if (Object.keys(sizes).some((id) => !given.has(id)))
      throw new ToruError('bad_request', '“sizes” names an action that does not stand in “ids”.', { extra: { field: 'sizes' } });
    const plugins = this.#cardPlugins(caller);
    const stranger = cards?.find(({ plugin }) => !plugins.includes(plugin));
    if (stranger !== undefined)
      throw new ToruError('bad_request', `“cards”: the plugin “${stranger.plugin}” has no card to show. Enable it first.`, {
        extra: { field: 'cards' },
      });
    this.#table.order(ids, sizes);
    if (cards !== undefined) this.#cards.place(cards, plugins);
    const detail = { ...(Object.keys(sizes).length > 0 ? { sizes } : {}), ...(cards === undefined ? {} : { cards }) };
    this.#audit.record({ event: 'action.order', caller, outcome: 'ok', ...(Object.keys(detail).length > 0 ? { detail } : {}) });
  }

  #check(caller: Caller | null, fields: ActionFields): Promise<void> {
    return checkAction(
      fields,
      (script) => this.#scripts.resolve(script),
      (check) => this.patterns.spend(caller?.user_id ?? 'agent', null, check),
    );
  }

  #existing(id: string): ActionRow {
    const row = this.#table.get(id);
    if (row === null) throw unknownAction(id);
    return row;
  }

  /** “hello”, or “hello-2” when that is taken. */
  #freeId(label: string): string {
    const slug = slugOf(label) || 'action';
    for (let n = 1; ; n += 1) {
      const suffix = n === 1 ? '' : `-${n}`;
      const id = slug.slice(0, 64 - suffix.length).replace(/-+$/, '') + suffix;
      if (!this.#table.has(id)) return id;
    }
  }

  async #show(caller: Caller, rows: readonly ActionRow[]): Promise<(Action | ClientAction)[]> {
    const looks = await Promise.all(rows.map((row) => this.#look(row)));
    const runs = this.#runs.of(
      rows.map((row) => row.id),
      caller.role === 'admin' ? null : caller.user_id,
      caller.user_id,
    );
    const favourites = this.#favourites.of(caller.user_id);
    const next = this.#nextRuns();
    return rows.map((row, i) => {
      const shown = { ...runs(row.id), favourite: favourites.has(row.id), next_run_at: timeOf(next.get(row.id)) };
      const full = actionOf(row, shown, looks[i] ?? NOTHING_SEEN, this.remembered.of(caller.user_id, row));
      return caller.role === 'admin' ? full : clientActionOf(full);
    });
  }

  async #full(caller: Caller | null, row: ActionRow): Promise<Action> {
    const remembered = caller === null ? {} : this.remembered.of(caller.user_id, row);
    const asker = caller?.user_id ?? null;
    const favourite = asker !== null && this.#favourites.of(asker).has(row.id);
    const next_run_at = timeOf(this.#nextRuns().get(row.id));
    return actionOf(row, { ...this.#runs.of([row.id], null, asker)(row.id), favourite, next_run_at }, await this.#look(row), remembered);
  }

  /** Why a press would fail now, in a sentence, and what it would run; one of them is null. */
  async #look(row: ActionRow): Promise<Look> {
    try {
      checkVariables(row.inputs);
      return { problem: null, content_hash: await this.#hashes.of(row, await this.#scripts.resolve(row.script)) };
    } catch (error) {
      if (error instanceof ToruError) return { problem: error.message, content_hash: null };
      throw error;
    }
  }

  #record(event: string, caller: Caller | null, row: ActionRow, detail: Record<string, unknown> = {}): void {
    this.#changed(row.id);
    this.#audit.record({
      event,
      caller,
      target: row.id,
      outcome: 'ok',
      detail: { label: row.label, script: row.script, revision: row.revision, ...detail },
    });
  }
}

/** @throws ToruError reauth_required */
function mayChange(caller: Caller | null, before: ActionRow, patch: ActionPatch): void {
  if (caller !== null && codeOf(merged(before, patch)) !== codeOf(before)) authorize(caller, adminLately);
}

function unknownAction(id: string): ToruError {
  return new ToruError('unknown_action', `There is no action “${id.slice(0, 64)}” for you.`);
}

type Look = Pick<Action, 'problem' | 'content_hash'>;
const NOTHING_SEEN: Look = { problem: null, content_hash: null };

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function actionOf(row: ActionRow, runs: TileRuns & Pick<Action, 'favourite' | 'next_run_at'>, look: Look, remembered: InputValues): Action {
  return {
    ...row,
    ...runs,
    remembered,
    ...look,
    created_at: new Date(row.created_at).toISOString(),
    updated_at: new Date(row.updated_at).toISOString(),
  };
}

function clientActionOf(action: Action): ClientAction {
  const { script: _script, args: _args, env: _env, stop_signal: _signal, grace_s: _grace, allow: _allow, problem, ...rest } = action;
  const inputs = rest.inputs.filter((input) => !isStored(input)).map(withoutScript);
  return { ...rest, inputs, problem: problem === null ? null : 'This can’t run at the moment. Tell an administrator of this host.' };
}

/** A question without what stands behind it. */
function withoutScript(input: ActionInput): ActionInput {
  if (input.type !== 'choice' || input.options_from === undefined) return input;
  return { ...input, options_from: { ...input.options_from, script: '', args: [] } };
}

/** The fields that the patch names change, the rest stays. No field of an action can be undefined, and only `grace_s` null. */
function merged(before: ActionRow, patch: ActionPatch): ActionRow {
  return {
    ...before,
    label: patch.label ?? before.label,
    description: patch.description ?? before.description,
    script: patch.script ?? before.script,
    args: patch.args ?? before.args,
    env: patch.env ?? before.env,
    group: patch.group ?? before.group,
    icon: patch.icon ?? before.icon,
    color: patch.color ?? before.color,
    inputs: patch.inputs ?? before.inputs,
    confirm: patch.confirm ?? before.confirm,
    timeout_s: patch.timeout_s ?? before.timeout_s,
    stop_signal: patch.stop_signal ?? before.stop_signal,
    grace_s: patch.grace_s === undefined ? before.grace_s : patch.grace_s,
    max_concurrent: patch.max_concurrent ?? before.max_concurrent,
    when_full: patch.when_full ?? before.when_full,
    allow: patch.allow ?? before.allow,
    stdin: patch.stdin ?? before.stdin,
    tty: patch.tty ?? before.tty,
  };
}
