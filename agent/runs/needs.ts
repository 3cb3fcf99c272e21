import type { ActionFields } from '../../shared/actions.ts';
import type { Role } from '../../shared/users.ts';
import type { RegexBudget } from '../actions/regex-budget.ts';
import type { Caller } from '../users/caller.ts';

/** What runs need of the other rooms: the smallest seams, which those rooms' classes satisfy. */

export interface ScriptsSeam {
  /** The real absolute path to spawn. @throws ToruError unknown_script, script_outside, script_not_executable, script_unsafe. */
  resolve(name: string): Promise<string> | string;
}

/** What a press needs of an action. */
export type RunnableAction = Pick<
  ActionFields,
  | 'label'
  | 'script'
  | 'args'
  | 'env'
  | 'inputs'
  | 'timeout_s'
  | 'stop_signal'
  | 'grace_s'
  | 'max_concurrent'
  | 'when_full'
  | 'allow'
  | 'stdin'
> & { id: string; revision: number };

export interface ActionsSeam {
  get(id: string): RunnableAction | null;
  mayUse(caller: Pick<Caller, 'role' | 'user_id'>, action: Pick<RunnableAction, 'allow'>): boolean;
  /** What checks of inputs may take that have patterns. */
  readonly patterns: Pick<RegexBudget, 'spend'>;
}

export interface UsersSeam {
  get(id: string): { id: string; role: Role; disabled: boolean } | null;
}

export interface PluginsSeam {
  /** Is this plugin enabled, and does what was accepted of it name this action? */
  mayStart(plugin: string, action: string): boolean;
}

export interface AuditSeam {
  record(entry: {
    event: string;
    caller: Caller | null;
    target?: string | null;
    outcome: 'ok' | 'refused';
    detail?: Record<string, unknown>;
  }): void;
}

export interface SettingsSeam {
  readonly instance_id: string;
  readonly keep_days: number;
  readonly keep_runs: number;
  readonly keep_mb: number;
  readonly output_limit_mb: number;
  readonly when_output_full: 'halt' | 'truncate';
  readonly compress_after_minutes: number;
  readonly env_allow: readonly string[];
}

export interface RunsLog {
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}
