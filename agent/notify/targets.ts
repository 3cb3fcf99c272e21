import { randomBytes } from 'node:crypto';
import { ToruError } from '../../shared/errors.ts';
import type { ActionTargets, NtfyTarget, TargetKind, TargetShown, TellWhen, WebhookSaved, WebhookTarget } from '../../shared/notify.ts';
import { tellWhen } from '../../shared/notify.ts';
import type { Audit } from '../audit/audit.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';

/** An address as the host keeps it. Times in ms since 1970. */
export interface Target {
  /** Null: the host’s own, which is told of its thresholds. */
  action: string | null;
  kind: TargetKind;
  url: string;
  tell_when: TellWhen;
  secret: string | null;
  sent_at: number | null;
  problem: string | null;
  gave_up_at: number | null;
  gave_up: number;
}

type Row = Omit<Target, 'tell_when'> & { tell_when: string };

interface TargetsOptions {
  db: Database;
  audit: Pick<Audit, 'record'>;
  actions: { get(id: string): { label: string } | null };
  settings: { readonly host_name: string };
  /** How many messages wait for a target. */
  waiting: (target: string) => number;
  changed: (target: string) => void;
}

/** How the journal and the delivery call an address: `ntfy/backup`, or `ntfy/` for the host’s own. */
export function targetName({ kind, action }: Pick<Target, 'kind' | 'action'>): string {
  return `${kind}/${action ?? ''}`;
}

/** The addresses of each action and of the host itself: a topic of ntfy, and a signed webhook. Where an action is named, null means the host. */
export class Targets {
  readonly #o: TargetsOptions;

  constructor(options: TargetsOptions) {
    this.#o = options;
  }

  get(action: string | null, kind: TargetKind): Target | null {
    const row = this.#o.db
      .prepare<[string | null, string], Row>('SELECT * FROM notify_targets WHERE action IS ? AND kind = ?')
      .get(action, kind);
    return row === undefined ? null : { ...row, tell_when: tellWhen.parse(row.tell_when) };
  }

  /** Both of an action, without their secrets. @throws ToruError unknown_action */
  of(action: string | null): ActionTargets {
    this.#known(action);
    return { ntfy: this.#shown(action, 'ntfy'), webhook: this.#shown(action, 'webhook') };
  }

  /** @throws ToruError unknown_action */
  setNtfy(caller: Caller, action: string | null, { url, when, token }: NtfyTarget): ActionTargets {
    const kept = this.get(action, 'ntfy')?.secret ?? null;
    this.#put(caller, { action, kind: 'ntfy', url, when, secret: token === undefined ? kept : token });
    return this.of(action);
  }

  /** @returns with the secret, where one was made now. @throws ToruError unknown_action */
  setWebhook(caller: Caller, action: string | null, { url, when, new_secret }: WebhookTarget): WebhookSaved {
    const kept = this.get(action, 'webhook')?.secret ?? null;
    const made = kept === null || new_secret === true ? `whsec_${randomBytes(24).toString('base64')}` : null;
    this.#put(caller, { action, kind: 'webhook', url, when, secret: made ?? kept });
    return { ...this.of(action), ...(made === null ? {} : { secret: made }) };
  }

  /** @throws ToruError not_found */
  remove(caller: Caller, action: string | null, kind: TargetKind): void {
    const { changes } = this.#o.db.prepare('DELETE FROM notify_targets WHERE action IS ? AND kind = ?').run(action, kind);
    if (changes === 0) throw new ToruError('not_found', 'Nobody is told that way.');
    this.#o.audit.record({ event: 'notify.remove', caller, target: action, outcome: 'ok', detail: { kind } });
    this.#o.changed(targetName({ kind, action }));
  }

  /** @param problem why the last message was not taken; null when it was, just now. */
  note({ action, kind }: Target, problem: string | null): void {
    const now = problem === null ? 'sent_at = ?, problem = NULL' : 'problem = ?';
    this.#o.db.prepare(`UPDATE notify_targets SET ${now} WHERE action IS ? AND kind = ?`).run(problem ?? Date.now(), action, kind);
  }

  gaveUp({ action, kind }: Target, messages: number): void {
    this.#o.db
      .prepare('UPDATE notify_targets SET gave_up_at = ?, gave_up = gave_up + ? WHERE action IS ? AND kind = ?')
      .run(Date.now(), messages, action, kind);
  }

  /** It wants no more: nothing is sent until somebody saves it again. */
  turnOff({ action, kind }: Target): void {
    this.#o.db.prepare(`UPDATE notify_targets SET tell_when = 'never' WHERE action IS ? AND kind = ?`).run(action, kind);
  }

  #put(
    caller: Caller,
    { action, kind, url, when, secret }: { action: string | null; kind: TargetKind; url: string; when: TellWhen; secret: string | null },
  ): void {
    const { label } = this.#known(action);
    this.#o.db
      .prepare(
        `INSERT INTO notify_targets (action, kind, url, tell_when, secret) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (ifnull(action, ''), kind) DO UPDATE SET url = excluded.url, tell_when = excluded.tell_when, secret = excluded.secret, problem = NULL`,
      )
      .run(action, kind, url, when, secret);
    // The origin only: what stands behind it is often a secret by itself, as a topic of ntfy.
    const detail = { label, kind, to: new URL(url).origin, when };
    this.#o.audit.record({ event: 'notify.set', caller, target: action, outcome: 'ok', detail });
    this.#o.changed(targetName({ kind, action }));
  }

  #shown(action: string | null, kind: TargetKind): TargetShown | null {
    const target = this.get(action, kind);
    if (target === null) return null;
    const { url, tell_when, secret, sent_at, problem, gave_up_at, gave_up } = target;
    const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
    return {
      url,
      when: tell_when,
      secret: secret !== null,
      waiting: this.#o.waiting(targetName({ kind, action })),
      sent_at: iso(sent_at),
      problem,
      gave_up_at: iso(gave_up_at),
      gave_up,
    };
  }

  #known(action: string | null): { label: string } {
    if (action === null) return { label: this.#o.settings.host_name };
    const known = this.#o.actions.get(action);
    if (known === null) throw new ToruError('unknown_action', `There is no action “${action.slice(0, 64)}”.`);
    return known;
  }
}
