import { randomUUID } from 'node:crypto';
import { ToruError } from '../../shared/errors.ts';
import type { DeviceCreate, DevicePatch, NotifyDevice, TellWhen } from '../../shared/notify.ts';
import { MAX_DEVICES, MAX_DEVICES_PER_USER, MAX_FOLLOWS, MAX_WATCHED_RUNS, quietHours, tellWhen } from '../../shared/notify.ts';
import { isPushService } from '../../shared/push-services.ts';
import type { QuietHours } from '../../shared/quiet-hours.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';

/** A browser that is told by Web Push, as the host keeps it. Times in ms since 1970. */
export interface Device {
  id: string;
  sid: string;
  user_id: string;
  name: string;
  endpoint: string;
  p256dh: string;
  auth: string;
  /** Where it opens the page. */
  origin: string;
  own_runs: TellWhen;
  host: boolean;
  thresholds: boolean;
  jobs: TellWhen;
  terminals: boolean;
  bells: boolean;
  quiet: QuietHours | null;
  /** Nothing is told before that, once. */
  silent_until: number | null;
  /** Of its messages; null: English. */
  language: string | null;
  created_at: number;
  sent_at: number | null;
  problem: string | null;
}

type Row = Omit<Device, 'own_runs' | 'host' | 'thresholds' | 'jobs' | 'terminals' | 'bells' | 'quiet'> & {
  own_runs: string;
  jobs: string;
  host: number;
  thresholds: number;
  terminals: number;
  bells: number;
  quiet: string | null;
};

/** The devices, and what each of them follows. A person reaches their own only: anybody else’s is not there for them. */
export class Devices {
  readonly #db: Database;
  readonly #testOrigin: string | null;
  readonly #changed: (id: string) => void;

  /** @param testOrigin see isPushService. @param changed hears of every device that came, changed or went. */
  constructor(db: Database, testOrigin: string | null, changed: (id: string) => void) {
    this.#db = db;
    this.#testOrigin = testOrigin;
    this.#changed = changed;
  }

  /**
   * Registers the browser of the caller’s session. The same session again keeps its choices, and gets the new subscription.
   * @throws ToruError forbidden without a session, bad_request for another address than a push service’s, conflict, quota_exceeded.
   */
  register(caller: Caller, { endpoint, keys, origin, name, language }: DeviceCreate): NotifyDevice {
    const { sid, user_id } = caller;
    if (sid === null) throw new ToruError('forbidden', 'Only a browser that is logged in can be told.');
    if (!isPushService(endpoint, this.#testOrigin))
      throw new ToruError('bad_request', 'That address belongs to none of the push services that Toru sends to (docs/security.md).', {
        extra: { field: 'endpoint' },
      });
    const id = this.#db
      .transaction((): string => {
        const other = this.#db
          .prepare<[string, string], Row>('SELECT * FROM notify_devices WHERE endpoint = ? AND sid <> ?')
          .get(endpoint, sid);
        if (other !== undefined) {
          // Whoever knows the secrets of a subscription has it: the same browser, in a newer session.
          if (other.p256dh !== keys.p256dh || other.auth !== keys.auth)
            throw new ToruError('conflict', 'That subscription is registered with other keys. Turn notifications off and on again.');
          this.#db.prepare('DELETE FROM notify_devices WHERE id = ?').run(other.id);
        }
        const own = this.#db.prepare<[string], Row>('SELECT * FROM notify_devices WHERE sid = ?').get(sid);
        if (own !== undefined) {
          this.#db
            .prepare(
              'UPDATE notify_devices SET endpoint = ?, p256dh = ?, auth = ?, origin = ?, language = ifnull(?, language), problem = NULL WHERE id = ?',
            )
            .run(endpoint, keys.p256dh, keys.auth, origin, language ?? null, own.id);
          return own.id;
        }
        this.#makeRoom(user_id);
        const made = randomUUID();
        this.#db
          .prepare(
            `INSERT INTO notify_devices (id, sid, user_id, name, endpoint, p256dh, auth, origin, own_runs, host, language, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'always', 0, ?, ?)`,
          )
          .run(made, sid, user_id, name, endpoint, keys.p256dh, keys.auth, origin, language ?? null, Date.now());
        return made;
      })
      .immediate();
    this.#changed(id);
    return this.shown(caller, id);
  }

  /** @throws ToruError not_found, forbidden for what only an admin may know. */
  update(caller: Caller, id: string, patch: DevicePatch): NotifyDevice {
    const device = this.#own(caller, id);
    if (patch.thresholds === true && caller.role !== 'admin')
      throw new ToruError('forbidden', 'Only an admin is told of the host’s load and disks.');
    if (patch.jobs !== undefined && caller.role !== 'admin') throw new ToruError('forbidden', 'Only an admin is told of everybody’s jobs.');
    if ((patch.terminals === true || patch.bells === true) && caller.role !== 'admin')
      throw new ToruError('forbidden', 'Only an admin is told of the host’s terminals.');
    const quiet = patch.quiet === undefined ? device.quiet : patch.quiet;
    const silent =
      patch.silent_until === undefined ? device.silent_until : patch.silent_until === null ? null : Date.parse(patch.silent_until);
    this.#db
      .prepare(
        'UPDATE notify_devices SET name = ?, own_runs = ?, host = ?, thresholds = ?, jobs = ?, terminals = ?, bells = ?, quiet = ?, silent_until = ?, language = ? WHERE id = ?',
      )
      .run(
        patch.name ?? device.name,
        patch.own_runs ?? device.own_runs,
        Number(patch.host ?? device.host),
        Number(patch.thresholds ?? device.thresholds),
        patch.jobs ?? device.jobs,
        Number(patch.terminals ?? device.terminals),
        Number(patch.bells ?? device.bells),
        quiet === null ? null : JSON.stringify(quiet),
        silent,
        patch.language ?? device.language,
        id,
      );
    this.#changed(id);
    return this.shown(caller, id);
  }

  /** @throws ToruError not_found */
  remove(caller: Caller, id: string): void {
    this.#own(caller, id);
    this.forget(id);
  }

  /** Its push service, its session or its user is gone. */
  forget(id: string): void {
    this.#db.prepare('DELETE FROM notify_devices WHERE id = ?').run(id);
    this.#changed(id);
  }

  sessionsEnded(sids: readonly string[]): void {
    const of = this.#db.prepare<[string], string>('DELETE FROM notify_devices WHERE sid = ? RETURNING id').pluck();
    for (const sid of sids) {
      const id = of.get(sid);
      if (id !== undefined) this.#changed(id);
    }
  }

  /** @param when `never`: no more. @throws ToruError not_found, quota_exceeded */
  follow(caller: Caller, id: string, action: string, when: TellWhen): NotifyDevice {
    this.#own(caller, id);
    if (when === 'never') this.#db.prepare('DELETE FROM notify_follows WHERE device = ? AND action = ?').run(id, action);
    else {
      this.#db
        .prepare('INSERT INTO notify_follows VALUES (?, ?, ?) ON CONFLICT (device, action) DO UPDATE SET tell_when = excluded.tell_when')
        .run(id, action, when);
      const follows = this.#db.prepare<[string], number>('SELECT count(*) FROM notify_follows WHERE device = ?').pluck().get(id) ?? 0;
      if (follows > MAX_FOLLOWS) {
        this.#db.prepare('DELETE FROM notify_follows WHERE device = ? AND action = ?').run(id, action);
        throw new ToruError('quota_exceeded', `A device follows ${MAX_FOLLOWS} actions at most. Stop following another one first.`);
      }
    }
    return this.shown(caller, id);
  }

  /** Tells this device once, when this run has ended. The caller has checked who may see it. @throws ToruError not_found */
  watch(caller: Caller, id: string, taskId: string, tell: boolean): NotifyDevice {
    this.#own(caller, id);
    if (tell) this.#db.prepare('INSERT OR IGNORE INTO notify_watches VALUES (?, ?)').run(id, taskId);
    else this.#db.prepare('DELETE FROM notify_watches WHERE device = ? AND task_id = ?').run(id, taskId);
    // Those of runs that were removed before they ended.
    this.#db.prepare('DELETE FROM notify_watches WHERE device = ? AND task_id NOT IN (SELECT task_id FROM task_history)').run(id);
    const watched = this.#db.prepare<[string], number>('SELECT count(*) FROM notify_watches WHERE device = ?').pluck().get(id) ?? 0;
    if (watched > MAX_WATCHED_RUNS) {
      this.#db.prepare('DELETE FROM notify_watches WHERE device = ? AND task_id = ?').run(id, taskId);
      throw new ToruError('quota_exceeded', `A device waits for ${MAX_WATCHED_RUNS} runs at most.`);
    }
    return this.shown(caller, id);
  }

  /** The caller’s own, newest first. */
  list(caller: Caller): NotifyDevice[] {
    return this.#db
      .prepare<[string], Row>('SELECT * FROM notify_devices WHERE user_id = ? ORDER BY created_at DESC, id')
      .all(caller.user_id)
      .map((row) => this.#show(caller, deviceOf(row)));
  }

  /** @throws ToruError not_found */
  shown(caller: Caller, id: string): NotifyDevice {
    return this.#show(caller, this.#own(caller, id));
  }

  get(id: string): Device | null {
    const row = this.#db.prepare<[string], Row>('SELECT * FROM notify_devices WHERE id = ?').get(id);
    return row === undefined ? null : deviceOf(row);
  }

  /** Those that want to know when the host is away. */
  forHost(): Device[] {
    return this.#db.prepare<[], Row>('SELECT * FROM notify_devices WHERE host = 1 ORDER BY created_at, id').all().map(deviceOf);
  }

  /** @param problem why the last message was not taken; null when it was, just now. */
  note(id: string, problem: string | null): void {
    if (problem === null) this.#db.prepare('UPDATE notify_devices SET sent_at = ?, problem = NULL WHERE id = ?').run(Date.now(), id);
    else this.#db.prepare('UPDATE notify_devices SET problem = ? WHERE id = ?').run(problem, id);
  }

  /** The user’s oldest device goes when there are too many of them. @throws ToruError quota_exceeded */
  #makeRoom(userId: string): void {
    this.#db
      .prepare(
        `DELETE FROM notify_devices WHERE id IN
         (SELECT id FROM notify_devices WHERE user_id = ? ORDER BY created_at DESC, id LIMIT -1 OFFSET ${MAX_DEVICES_PER_USER - 1})`,
      )
      .run(userId);
    const all = this.#db.prepare<[], number>('SELECT count(*) FROM notify_devices').pluck().get() ?? 0;
    if (all >= MAX_DEVICES) throw new ToruError('quota_exceeded', `This host tells ${MAX_DEVICES} devices at most.`);
  }

  #own(caller: Caller, id: string): Device {
    const device = this.get(id);
    if (device === null || device.user_id !== caller.user_id)
      throw new ToruError('not_found', 'There is no such device of yours. It may have gone with its session.');
    return device;
  }

  #show(caller: Caller, device: Device): NotifyDevice {
    const { id, name, own_runs, host, thresholds, jobs, terminals, bells, quiet, silent_until: silent, language, problem } = device;
    const follows = this.#db
      .prepare<[string], { action: string; tell_when: string }>(
        'SELECT action, tell_when FROM notify_follows WHERE device = ? ORDER BY action',
      )
      .all(id);
    return {
      id,
      name,
      current: device.sid === caller.sid,
      created_at: new Date(device.created_at).toISOString(),
      own_runs,
      host,
      thresholds,
      jobs,
      terminals,
      bells,
      quiet,
      silent_until: silent === null || silent <= Date.now() ? null : new Date(silent).toISOString(),
      language,
      follows: follows.map(({ action, tell_when }) => ({ action, when: tellWhen.parse(tell_when) })),
      runs: this.#db.prepare<[string], string>('SELECT task_id FROM notify_watches WHERE device = ? ORDER BY task_id').pluck().all(id),
      sent_at: device.sent_at === null ? null : new Date(device.sent_at).toISOString(),
      problem,
    };
  }
}

function deviceOf(row: Row): Device {
  return {
    ...row,
    own_runs: tellWhen.parse(row.own_runs),
    jobs: tellWhen.parse(row.jobs),
    host: row.host !== 0,
    thresholds: row.thresholds !== 0,
    terminals: row.terminals !== 0,
    bells: row.bells !== 0,
    quiet: row.quiet === null ? null : quietHours.parse(JSON.parse(row.quiet)),
  };
}
