import type { InputValue, InputValues } from '../../shared/input-values.ts';
import type { ActionInput } from '../../shared/inputs.ts';
import { MAX_REMEMBERED_CHARS } from '../../shared/limits.ts';
import type { Database } from '../store/database.ts';
import { ownTables } from '../store/own-tables.ts';
import { ACTIONS_STEPS } from './actions-tables.ts';

/** What each person answered the last time, for the form to begin with: of the inputs that say `remember`. The host itself fills in nothing from it. */
export class Remembered {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    ownTables(database, 'actions', ACTIONS_STEPS);
  }

  /** Those that the action still asks and remembers. */
  of(user_id: string, action: { id: string; inputs: readonly ActionInput[] }): InputValues {
    const names = namesOf(action.inputs);
    if (names.size === 0) return {};
    const kept = this.#database
      .prepare<[string, string], string>('SELECT answers FROM actions_remembered WHERE user_id = ? AND action = ?')
      .pluck()
      .get(user_id, action.id);
    if (kept === undefined) return {};
    // `keep` wrote it.
    const answers: InputValues = JSON.parse(kept);
    return Object.fromEntries(Object.entries(answers).filter(([name]) => names.has(name)));
  }

  /** The answers of a press, in place of those before. Whoever is no user of this host (a plugin, the local socket) has none. @param values secrets masked. */
  keep(user_id: string, action: { id: string; inputs: readonly ActionInput[] }, values: InputValues): void {
    const names = namesOf(action.inputs);
    if (names.size === 0) return;
    const answers = Object.entries(values).filter(([name, value]) => names.has(name) && isShort(value));
    this.#database
      .prepare(
        `INSERT INTO actions_remembered (user_id, action, answers, updated_at)
         SELECT users.id, quick_actions.id, @answers, @now FROM users, quick_actions WHERE users.id = @user_id AND quick_actions.id = @action
         ON CONFLICT (user_id, action) DO UPDATE SET answers = excluded.answers, updated_at = excluded.updated_at`,
      )
      .run({ user_id, action: action.id, answers: JSON.stringify(Object.fromEntries(answers)), now: Date.now() });
  }

  forget(user_id: string, action: string): void {
    this.#database.prepare('DELETE FROM actions_remembered WHERE user_id = ? AND action = ?').run(user_id, action);
  }
}

function namesOf(inputs: readonly ActionInput[]): ReadonlySet<string> {
  return new Set(inputs.flatMap(({ type, name, remember }) => (remember === true && type !== 'secret' && type !== 'file' ? [name] : [])));
}

function isShort(value: InputValue): boolean {
  return JSON.stringify(value).length <= MAX_REMEMBERED_CHARS;
}
