import type { List } from '../../shared/api.ts';
import { ToruError, toToruError } from '../../shared/errors.ts';
import type { Definitions } from '../../shared/flow/definition.ts';
import { definitions as definitionsSchema } from '../../shared/flow/definition.ts';
import type { Chain, ChainCreate, NextFires, Schedule, ScheduleCreate, SchedulePatch } from '../../shared/schedules.ts';
import type { Actions } from '../actions/actions.ts';
import type { Audit } from '../audit/audit.ts';
import type { Log } from '../logger.ts';
import type { Runs } from '../runs/runs.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';
import { isHostsOwn } from '../users/caller.ts';
import type { Users } from '../users/users.ts';
import { answersOfChain, type ChainRow, Chains, definitionsOfChains, titleOf } from './chains.ts';
import { nextDues } from './due-times.ts';
import { cronProblem } from './language/cron.ts';
import { definitionsOf, type ScheduleRow, Schedules } from './schedules.ts';
import type { Triggers } from './triggers.ts';
import type { Workspaces } from './workspaces.ts';

/** So many schedules, and so many chains, of one host. */
const MOST = 500;
/** So many next times are shown. */
const NEXT_FIRES = 3;

export interface QuickActionsOptions {
  db: Database;
  actions: Pick<Actions, 'get' | 'usable'>;
  users: Pick<Users, 'get'>;
  runs: Pick<Runs, 'prepareAction'>;
  secrets: Pick<Secrets, 'valueOf'>;
  workspaces: Pick<Workspaces, 'setOwn' | 'ownName'>;
  triggers: Pick<Triggers, 'find'>;
  audit: Pick<Audit, 'record'>;
  log: Pick<Log, 'error'>;
  /** In one transaction of the journal. */
  transact: (work: () => void) => Promise<void>;
}

/**
 * Schedules and chains of quick actions. They are rows, of which the definitions of a workspace of the host's own are made: triggers and tasks
 * there are as in any other workspace, and so is all that becomes of them.
 */
export class QuickActions {
  readonly #o: QuickActionsOptions;
  readonly #schedules: Schedules;
  readonly #chains: Chains;

  constructor(options: QuickActionsOptions) {
    this.#o = options;
    this.#schedules = new Schedules(options.db);
    this.#chains = new Chains(options.db);
  }

  /** To be called at boot: actions may have other names and questions than when the definitions were made. */
  async start(): Promise<void> {
    await this.#o.transact(() => this.#define());
  }

  /** Whose a scheduled run is. @throws ToruError forbidden, unknown_action where it can't be theirs any more. */
  callerOf(name: string): Caller {
    const row = this.#schedules.get(name);
    const caller = this.#ownerOf(row);
    for (const action of this.#actionsOf(row)) {
      if (this.#o.actions.get(action) === null)
        throw new ToruError('unknown_action', `The action “${action}” is gone. Remove its schedule, or make the action again.`);
      this.#o.actions.usable(caller, action);
    }
    return caller;
  }

  /** @param of of an action that runs alone, or of a chain; of all without both. */
  list({ action, chain }: { action?: string | undefined; chain?: string | undefined }): List<Schedule> {
    const rows = this.#schedules
      .list()
      .filter(
        (row) => (action === undefined || (row.action === action && row.chain === null)) && (chain === undefined || row.chain === chain),
      );
    return { items: rows.map((row) => this.#shown(row)), next_cursor: null };
  }

  /** @throws ToruError unknown_action, bad_request with `field`, input_…, quota_exceeded */
  async create(caller: Caller, asked: ScheduleCreate): Promise<Schedule> {
    if (this.#schedules.list().length >= MOST) throw tooMany('schedules');
    const timezone = asked.timezone ?? ownTimezone();
    const chain = 'chain' in asked ? this.#chains.get(asked.chain) : null;
    const what = { action: 'action' in asked ? asked.action : (chain?.first ?? ''), chain: chain?.name ?? null };
    await this.#check(caller, { ...asked, ...what, timezone });
    let made: ScheduleRow | null = null;
    await this.#o.transact(() => {
      made = this.#schedules.create(caller, what, asked, timezone, (name) => name !== what.chain && this.#chains.find(name) !== null);
      this.#define();
      this.#audit('schedule.create', caller, made);
    });
    if (made === null) throw new Error('a schedule was not made');
    return this.#shown(made);
  }

  /** @throws ToruError not_found, and as `create`. */
  async update(caller: Caller, name: string, patch: SchedulePatch): Promise<Schedule> {
    const before = this.#schedules.get(name);
    const { action, chain, cron, timezone, inputs, secrets } = before;
    await this.#check(caller, {
      action,
      chain,
      cron: patch.cron ?? cron,
      timezone: patch.timezone ?? timezone,
      inputs: patch.inputs ?? inputs,
      secrets: patch.secrets ?? secrets,
    });
    await this.#o.transact(() => {
      const row = this.#schedules.update(caller, name, patch);
      this.#define();
      this.#audit('schedule.update', caller, row);
    });
    return this.#shown(this.#schedules.get(name));
  }

  /** @throws ToruError not_found */
  async remove(caller: Caller, name: string): Promise<void> {
    const row = this.#schedules.get(name);
    await this.#o.transact(() => {
      this.#schedules.remove(name);
      this.#define();
      this.#audit('schedule.remove', caller, row);
    });
  }

  /** When an expression would fire. */
  next(cron: string, timezone: string = ownTimezone()): NextFires {
    const problem = cronProblem(cron, timezone);
    if (problem !== null) return { timezone, items: [], problem: `${problem.message} ${problem.next}` };
    const items = nextDues({ cron, timezone }, Date.now(), NEXT_FIRES).map((at) => new Date(at).toISOString());
    return { timezone, items, problem: null };
  }

  chains(action: string | null): List<Chain> {
    return { items: this.#chains.list(action).map((row) => this.#shownChain(row)), next_cursor: null };
  }

  /** @throws ToruError unknown_action, conflict, quota_exceeded */
  async createChain(caller: Caller, asked: ChainCreate): Promise<Chain> {
    if (this.#chains.list().length >= MOST) throw tooMany('chains');
    for (const action of [asked.first, asked.second]) {
      const needsFile = this.#o.actions.usable(caller, action).inputs.find((input) => input.type === 'file' && input.required);
      if (needsFile !== undefined) throw needsAFile(action, needsFile);
    }
    let made: ChainRow | null = null;
    await this.#o.transact(() => {
      made = this.#chains.create(asked, (name) => this.#schedules.find(name) !== null);
      this.#define();
      this.#o.audit.record({ event: 'chain.create', caller, target: made.name, outcome: 'ok', detail: { ...asked } });
    });
    if (made === null) throw new Error('a chain was not made');
    return this.#shownChain(made);
  }

  /** Is the task of this name made of two actions? */
  isChain(task: string): boolean {
    return this.#chains.find(task) !== null;
  }

  /** Its jobs stay. @throws ToruError not_found, conflict while a schedule starts it. */
  async removeChain(caller: Caller, name: string): Promise<void> {
    const starts = this.#schedules.list().find(({ chain }) => chain === name);
    if (starts !== undefined)
      throw new ToruError('conflict', `The schedule “${starts.name}” starts it. Remove that first: toru schedule remove ${starts.name}`);
    await this.#o.transact(() => {
      const { first, second, when } = this.#chains.remove(name);
      this.#define();
      this.#o.audit.record({ event: 'chain.remove', caller, target: name, outcome: 'ok', detail: { first, second, when } });
    });
  }

  /** An action has another name, or other questions: tasks that are made of it are others now. */
  actionChanged(action: string): void {
    if (this.#schedules.list().some((row) => row.action === action) || this.#chains.list(action).length > 0)
      this.#o
        .transact(() => this.#define())
        .catch((err: unknown) => this.#o.log.error({ err, action }, 'the definitions of quick actions could not be written'));
  }

  /** When an action's schedules start it next, ms since 1970, by its id. */
  nextByAction(): Map<string, number> {
    const next = new Map<string, number>();
    for (const { name, action } of this.#schedules.list()) {
      const due = this.#o.triggers.find(this.#o.workspaces.ownName() ?? '', name)?.next_fires[0];
      if (due !== undefined) next.set(action, Math.min(Date.parse(due), next.get(action) ?? Number.POSITIVE_INFINITY));
    }
    return next;
  }

  /** Within the caller's transaction. */
  #define(): void {
    const schedules = this.#schedules.list();
    const chains = this.#chains.list();
    if (schedules.length + chains.length === 0) return this.#o.workspaces.setOwn(null);
    const { actions } = this.#o;
    const ofSchedules = definitionsOf(schedules, (action) => actions.get(action)?.label ?? null);
    const ofChains = definitionsOfChains(chains, (action) => actions.get(action));
    const all: Definitions = definitionsSchema.parse({
      actions: { ...ofSchedules.actions, ...ofChains.actions },
      tasks: { ...ofChains.tasks, ...ofSchedules.tasks },
      triggers: ofSchedules.triggers,
    });
    this.#o.workspaces.setOwn(all);
  }

  #actionsOf({ action, chain }: Pick<ScheduleRow, 'action' | 'chain'>): string[] {
    if (chain === null) return [action];
    const { first, second } = this.#chains.get(chain);
    return [first, second];
  }

  /** Would presses with these answers begin? @throws ToruError */
  async #check(caller: Caller, asked: Pick<ScheduleRow, 'action' | 'chain' | 'cron' | 'timezone' | 'inputs' | 'secrets'>): Promise<void> {
    const problem = cronProblem(asked.cron, asked.timezone);
    if (problem !== null) throw new ToruError('bad_request', `${problem.message} ${problem.next}`, { extra: { field: problem.field } });
    if (asked.chain === null) return this.#checkPress(caller, asked);
    const answers = { ...asked.inputs, ...Object.fromEntries(Object.entries(asked.secrets).map(([name, stored]) => [name, { stored }])) };
    for (const { action, values, fieldOf } of answersOfChain(this.#chains.get(asked.chain), (id) => this.#o.actions.get(id), answers)) {
      const inputs: ScheduleRow['inputs'] = {};
      const secrets: ScheduleRow['secrets'] = {};
      for (const [name, value] of Object.entries(values))
        if (typeof value === 'object' && 'stored' in value) secrets[name] = value.stored;
        else inputs[name] = value;
      try {
        await this.#checkPress(caller, { action, inputs, secrets });
      } catch (error) {
        const { code, message, extra } = toToruError(error);
        const { input } = extra;
        throw new ToruError(code, message, {
          extra: { ...extra, ...(typeof input === 'string' ? { input: fieldOf(input) } : {}) },
          cause: error,
        });
      }
    }
  }

  /** Would a press with these answers begin? @throws ToruError */
  async #checkPress(caller: Caller, asked: Pick<ScheduleRow, 'action' | 'inputs' | 'secrets'>): Promise<void> {
    const action = this.#o.actions.usable(caller, asked.action);
    const needsFile = action.inputs.find((input) => input.type === 'file' && (input.required || Object.hasOwn(asked.inputs, input.name)));
    if (needsFile !== undefined) throw needsAFile(action.id, needsFile);
    const values: Record<string, unknown> = { ...asked.inputs };
    for (const [name, stored] of Object.entries(asked.secrets)) {
      const input = action.inputs.find((one) => one.name === name);
      if (input?.type !== 'secret')
        throw new ToruError('input_invalid', `“${input?.label ?? name}” is no secret: what it gets stands in the history.`, {
          extra: { input: name },
        });
      const value = this.#o.secrets.valueOf(stored, this.#o.workspaces.ownName());
      if (value === null)
        throw new ToruError('input_invalid', `This host keeps no secret ${stored}. Store it: toru secret set ${stored}`, {
          extra: { input: name },
        });
      values[name] = value;
    }
    const typed = action.inputs.find(({ type, name }) => type === 'secret' && Object.hasOwn(asked.inputs, name));
    if (typed !== undefined)
      throw new ToruError('input_invalid', `“${typed.label}” takes a stored secret here: a schedule keeps no secret itself.`, {
        extra: { input: typed.name },
      });
    await this.#o.runs.prepareAction(caller, { action: asked.action, inputs: values });
  }

  /** @throws ToruError forbidden */
  #ownerOf({ user_id, username }: ScheduleRow): Caller {
    const caller = { user_id, username, via: 'local', sid: null, address: null, auth_time: 0 } as const;
    if (isHostsOwn(user_id)) return { ...caller, role: 'admin' };
    const user = this.#o.users.get(user_id);
    if (user === null || user.disabled)
      throw new ToruError(
        'forbidden',
        `${username}, whose schedule this is, ${user === null ? 'is no user any more' : 'is disabled'}. Another admin can save it, and it is theirs then.`,
      );
    return { ...caller, username: user.username, role: user.role };
  }

  #shown(row: ScheduleRow): Schedule {
    const workspace = this.#o.workspaces.ownName() ?? '';
    const trigger = this.#o.triggers.find(workspace, row.name);
    const { name, action, chain, cron, timezone, catch_up, inputs, secrets, username, user_id, created_at } = row;
    const labelOf = (id: string): string => this.#o.actions.get(id)?.label ?? id;
    return {
      workspace,
      name,
      action,
      chain,
      label: chain === null ? labelOf(action) : titleOf(this.#chains.get(chain), labelOf),
      cron,
      timezone,
      catch_up,
      inputs,
      secrets,
      enabled: trigger?.enabled ?? false,
      user: username,
      user_id,
      next_fires: trigger?.next_fires ?? [],
      last_fired_at: trigger?.last_fired_at ?? null,
      last_job: trigger?.last_job ?? null,
      error: trigger?.error ?? null,
      failed_at: trigger?.failed_at ?? null,
      problem: problemOf(() => void this.callerOf(name)),
      created_at: new Date(created_at).toISOString(),
    };
  }

  #shownChain(row: ChainRow): Chain {
    const { actions, workspaces } = this.#o;
    const gone = [row.first, row.second].find((action) => actions.get(action) === null);
    return {
      workspace: workspaces.ownName() ?? '',
      task: row.name,
      title: titleOf(row, (action) => actions.get(action)?.label ?? action),
      first: row.first,
      second: row.second,
      when: row.when,
      problem: gone === undefined ? null : `The action “${gone}” is gone.`,
    };
  }

  #audit(event: string, caller: Caller, { name, action, cron, timezone }: ScheduleRow): void {
    this.#o.audit.record({ event, caller, target: name, outcome: 'ok', detail: { action, cron, timezone } });
  }
}

function problemOf(look: () => void): string | null {
  try {
    look();
    return null;
  } catch (error) {
    return toToruError(error).message;
  }
}

function ownTimezone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function tooMany(what: string): ToruError {
  return new ToruError('quota_exceeded', `A host has ${MOST} ${what} at most. Remove another one first.`);
}

function needsAFile(action: string, { label, name }: { label: string; name: string }): ToruError {
  return new ToruError('action_invalid', `“${action}” asks for a file (“${label}”), which nobody gives it here.`, {
    extra: { input: name },
  });
}
