import * as z from 'zod';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';

type Allow = 'everyone' | string[];

const stored = z.union([z.literal('everyone'), z.array(z.string())]);

/** Which clients may execute a task. Admins always may; nobody else, where nothing is said. */
export class TaskAllow {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  of(workspace: string, task: string): Allow {
    const text = this.#db
      .prepare<[string, string], string>('SELECT allow FROM task_allow WHERE workspace = ? AND task = ?')
      .pluck()
      .get(workspace, task);
    return text === undefined ? [] : stored.parse(JSON.parse(text));
  }

  mayUse({ role, user_id }: Pick<Caller, 'role' | 'user_id'>, workspace: string, task: string): boolean {
    if (role === 'admin') return true;
    const allow = this.of(workspace, task);
    return allow === 'everyone' || allow.includes(user_id);
  }

  set(workspace: string, task: string, allow: Allow): void {
    this.#db
      .prepare('INSERT INTO task_allow VALUES (?, ?, ?) ON CONFLICT (workspace, task) DO UPDATE SET allow = excluded.allow')
      .run(workspace, task, JSON.stringify(allow));
  }
}
