import { randomUUID } from 'node:crypto';
import { ToruError } from '../../shared/errors.ts';
import type { DeviceCreate, DevicePatch, NotifyDevice, NotifySelf, TargetKind, TellWhen } from '../../shared/notify.ts';
import { TARGET_KINDS } from '../../shared/notify.ts';
import type { Post, Posted } from '../../shared/post.ts';
import { isTaken, post, problemOf } from '../../shared/post.ts';
import { isGone, pushPost } from '../../shared/push.ts';
import { isPushService } from '../../shared/push-services.ts';
import { toldAgainAt } from '../../shared/quiet-hours.ts';
import { runOutcome } from '../../shared/run-outcome.ts';
import { isFinal } from '../../shared/run-state.ts';
import type { Run } from '../../shared/runs.ts';
import type { SystemAlert } from '../../shared/system.ts';
import type { Language, Texts } from '../../shared/texts.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';
import type { Audit } from '../audit/audit.ts';
import type { RunRow } from '../history/run-row.ts';
import type { Log } from '../logger.ts';
import type { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import { isDiskFull } from '../store/disk.ts';
import { ownTables } from '../store/own-tables.ts';
import type { Caller } from '../users/caller.ts';
import type { Grants } from '../users/grants.ts';
import type { Mark, Notice } from './compose.ts';
import {
  ENGLISH,
  eventOf,
  eventOfFlow,
  eventOfTerminal,
  noticeOf,
  noticeOfAlert,
  noticeOfAsks,
  noticeOfFlow,
  noticeOfMany,
  noticeOfTerminal,
  noticeOfTest,
  ntfyPost,
  sealedPush,
  subjectOf,
  webhookPost,
} from './compose.ts';
import type { Tried } from './delivery.ts';
import { Delivery, waitOf } from './delivery.ts';
import type { Device } from './devices.ts';
import { Devices } from './devices.ts';
import { HostAlerts } from './host-alerts.ts';
import { NOTIFY_TABLES } from './notify-tables.ts';
import type { FlowNotice, Message, TerminalMessage } from './outbox.ts';
import { Outbox } from './outbox.ts';
import type { Target } from './targets.ts';
import { Targets, targetName } from './targets.ts';
import { Vapid } from './vapid.ts';

export interface NotifyOptions {
  db: Database;
  settings: Pick<Settings, 'instance_id' | 'host_name' | 'onChange'>;
  grants: Pick<Grants, 'lives' | 'onRevoked'>;
  actions: {
    get(id: string): { label: string; allow: 'everyone' | string[] } | null;
    mayUse(caller: Pick<Caller, 'role' | 'user_id'>, action: { allow: 'everyone' | string[] }): boolean;
  };
  runs: { get(caller: Caller, taskId: string): Run; onChange(listener: (run: Run) => void): () => void };
  audit: Pick<Audit, 'record'>;
  log: Pick<Log, 'warn' | 'error'>;
  /** Is the link up? Only then does this host know which sessions have ended. */
  linked: () => boolean;
  /** Where people open the page; null when nobody said. */
  page_origin: string | null;
  /** See isPushService; null on every real host. */
  test_push_origin: string | null;
  /** What is said in a language, by its BCP 47 tag. */
  texts: (language: string) => Texts;
}

/** After so long nothing is tried any more. */
const GIVE_UP_MS = 24 * 3_600_000;
/** More than so many for one target: the oldest are given up. */
const MAX_WAITING = 1000;
/** More than so many at once are told in one message. */
const MANY = 3;
const UNLINKED_MS = 5000;
const ASKS_AFTER_MS = 30_000;
/** What is said at a link’s beginning, such as sessions that ended meanwhile, has come by then. */
const SETTLED_MS = 2000;
const TESTS = { burst: 5, perS: 0.1 };

/** Tells people that runs have ended, and that the host is full or busy, by the ways that they chose. */
export class Notify {
  readonly devices: Devices;
  readonly targets: Targets;
  /** For the edge: what it tells while this host is away. */
  readonly hostAlerts: HostAlerts;
  readonly #o: NotifyOptions;
  readonly #outbox: Outbox;
  readonly #vapid: Vapid;
  readonly #delivery: Delivery;
  readonly #tests = new Map<string, TokenBucket>();
  readonly #stops: (() => void)[] = [];
  /** The runs that wait for an answer, each with the timer after which that is told. */
  readonly #asking = new Map<string, NodeJS.Timeout>();
  /** A run waits for an answer so long before that is told. */
  asksAfterMs = ASKS_AFTER_MS;
  #wasUnlinked = false;

  constructor(options: NotifyOptions) {
    this.#o = options;
    const { db, settings, grants, test_push_origin } = options;
    ownTables(db, 'notify', NOTIFY_TABLES);
    this.#vapid = new Vapid(db);
    this.#outbox = new Outbox(db);
    this.#delivery = new Delivery({
      waits: (target) => this.#outbox.count(target) > 0,
      attempt: (target, stopped) => this.#attempt(target, stopped),
    });
    this.devices = new Devices(db, test_push_origin, (id) => {
      this.hostAlerts.changed();
      this.#delivery.hurry(`device/${id}`);
    });
    this.targets = new Targets({
      ...options,
      waiting: (target) => this.#outbox.count(target),
      changed: (target) => this.#delivery.hurry(target),
    });
    this.hostAlerts = new HostAlerts({
      devices: () => this.devices.forHost().filter((device) => this.#userOf(device) !== null),
      seal: (device, notice, now) => sealedPush(device, notice, this.#vapid, now),
      hostName: () => settings.host_name,
      languageOf: (device) => this.#languageOf(device),
    });
    // While the delivery stands still, too: a session that ended takes its device with it at once.
    this.#stops.push(grants.onRevoked((sids) => this.devices.sessionsEnded(sids)));
    this.#stops.push(settings.onChange(() => this.hostAlerts.changed()));
    if (test_push_origin !== null)
      options.log.warn(
        { origin: test_push_origin },
        'TORU_TEST_PUSH_ORIGIN is set: this address counts as a push service. It is for tests.',
      );
  }

  /** Begins to send: what waits from before, and what comes. */
  start(): void {
    this.#outbox.prune(Date.now());
    this.#stops.push(
      this.#o.runs.onChange((run) => {
        if (isFinal(run.state)) this.#delivery.notice(this.#outbox.targetsOf(run.task_id));
        this.#lookWhetherItAsks(run);
      }),
    );
    this.#delivery.notice(this.#outbox.targets());
  }

  /** Who is at hand answers before anybody is told. */
  #lookWhetherItAsks(run: Run): void {
    const { task_id } = run;
    const asks = run.waiting_for_input === true && run.stopping !== true;
    if (!asks) {
      clearTimeout(this.#asking.get(task_id));
      this.#asking.delete(task_id);
    } else if (!this.#asking.has(task_id)) {
      this.#asking.set(task_id, setTimeout(() => this.#tellThatItAsks(run), this.asksAfterMs).unref());
    }
  }

  #tellThatItAsks({ task_id, user_id, action, label, state, exit_code, created_at, started_at, ended_at }: Run): void {
    try {
      const summary = { task_id, user_id, action: action ?? null, label, state, exit_code, created_at, started_at, ended_at };
      this.#delivery.notice(this.#outbox.writeAsks(summary));
    } catch (error) {
      this.#o.log.error({ err: error, task_id }, 'who is to be told that a run waits could not be written down');
    }
  }

  stop(): void {
    for (const timer of this.#asking.values()) clearTimeout(timer);
    this.#delivery.stop();
    this.hostAlerts.stop();
    for (const stop of this.#stops) stop();
  }

  /** A run ends: called in the transaction in which that is written, which must not fail for a message’s sake. */
  ended(row: RunRow): void {
    try {
      this.#outbox.write(row);
    } catch (error) {
      if (isDiskFull(error)) throw error;
      this.#o.log.error({ err: error, task_id: row.task_id }, 'who is to be told of a run’s end could not be written down');
    }
  }

  /** A threshold was crossed, or that is over: called in the transaction in which that is written, which must not fail for a message’s sake. */
  alerted(alert: SystemAlert): void {
    try {
      const targets = this.#outbox.writeAlert(alert);
      // After the transaction.
      queueMicrotask(() => this.#delivery.notice(targets));
    } catch (error) {
      if (isDiskFull(error)) throw error;
      this.#o.log.error({ err: error, alert }, 'who is to be told of a threshold could not be written down');
    }
  }

  /** Something of a workflow: called in the transaction in which that is written, which must not fail for a message’s sake. */
  flow(flow: FlowNotice): void {
    try {
      const targets = this.#outbox.writeFlow(flow);
      // After the transaction.
      queueMicrotask(() => this.#delivery.notice(targets));
    } catch (error) {
      if (isDiskFull(error)) throw error;
      this.#o.log.error({ err: error, what: flow.what }, 'who is to be told of a workflow could not be written down');
    }
  }

  /** A terminal wants something of people. */
  terminal(terminal: TerminalMessage): void {
    try {
      this.#delivery.notice(this.#outbox.writeTerminal(terminal));
    } catch (error) {
      this.#o.log.error({ err: error, terminal: terminal.terminal_id }, 'who is to be told of a terminal could not be written down');
    }
  }

  self(caller: Caller): NotifySelf {
    return { public_key: this.#vapid.publicKey, items: this.devices.list(caller), test_origin: this.#o.test_push_origin };
  }

  register(caller: Caller, device: DeviceCreate): NotifyDevice {
    const before = new Set(this.devices.list(caller).map(({ id }) => id));
    const made = this.devices.register(caller, device);
    if (!before.has(made.id)) this.#o.audit.record({ event: 'notify.device', caller, target: made.name, outcome: 'ok' });
    return made;
  }

  update(caller: Caller, id: string, patch: DevicePatch): NotifyDevice {
    return this.devices.update(caller, id, patch);
  }

  /** @throws ToruError unknown_action for one that the caller may not use. */
  follow(caller: Caller, id: string, action: string, when: TellWhen): NotifyDevice {
    const known = this.#o.actions.get(action);
    // One that is gone can still be let go of.
    if (when !== 'never' && (known === null || !this.#o.actions.mayUse(caller, known)))
      throw new ToruError('unknown_action', `There is no action “${action}” for you.`);
    return this.devices.follow(caller, id, action, when);
  }

  /** @throws ToruError unknown_task, not_running when it has ended already. */
  watch(caller: Caller, id: string, taskId: string, tell: boolean): NotifyDevice {
    if (tell && isFinal(this.#o.runs.get(caller, taskId).state)) throw new ToruError('not_running', 'It has already ended.');
    return this.devices.watch(caller, id, taskId, tell);
  }

  /** Sends something now, once. @throws ToruError not_found, not_delivered, too_many_requests */
  async testDevice(caller: Caller, id: string): Promise<void> {
    this.devices.shown(caller, id);
    const device = this.devices.get(id);
    if (device === null) throw new ToruError('not_found', 'There is no such device of yours.');
    await this.#test(caller, `device/${id}`, this.#pushPost(device, noticeOfTest(this.#languageOf(device))), (posted) => {
      if ('status' in posted && isGone(posted.status)) this.devices.forget(id);
      else this.devices.note(id, problemOf(posted));
    });
  }

  /** As `testDevice`. @param action null: the host’s own address. */
  async testTarget(caller: Caller, action: string | null, kind: TargetKind): Promise<void> {
    const target = this.targets.get(action, kind);
    if (target === null) throw new ToruError('not_found', 'Nobody is told that way yet. Save an address first.');
    const of = action === null ? 'the host crosses a threshold' : 'a run ends';
    const notice = { title: 'Toru', body: `A test: this is told when ${of}.`, path: '/', topic: 'test' };
    const test =
      kind === 'ntfy'
        ? ntfyPost(target, notice, this.#o.page_origin, 'well')
        : webhookPost(target, randomUUID(), 'test', { host: this.#o.settings.instance_id, action }, Date.now());
    await this.#test(caller, targetName(target), test, (posted) => this.targets.note(target, problemOf(posted)));
  }

  async #test(caller: Caller, target: string, request: Post, note: (posted: Posted) => void): Promise<void> {
    const bucket = this.#tests.get(caller.user_id) ?? new TokenBucket(TESTS.burst, TESTS.perS, Date.now());
    this.#tests.set(caller.user_id, bucket);
    if (!bucket.take(Date.now())) throw new ToruError('too_many_requests', 'Wait ten seconds before the next test.');
    const posted = await post(request);
    note(posted);
    const problem = problemOf(posted);
    if (problem !== null) throw new ToruError('not_delivered', problem);
    this.#delivery.hurry(target);
  }

  async #attempt(target: string, stopped: AbortSignal): Promise<Tried> {
    try {
      const [kind = '', id = ''] = target.split('/');
      this.#giveUpOld(target);
      // A device hears of many at once, an address of each.
      const messages = this.#outbox.waiting(target, kind === 'device' ? MAX_WAITING : 1);
      // It was answered, or has ended.
      const over = messages.filter(({ about }) => 'asks' in about && !this.#asking.has(about.asks.task_id));
      if (over.length > 0) return this.#drop(over);
      if (messages.length === 0) return { is: 'done' };
      if (kind === 'device') return await this.#toDevice(id, messages, stopped);
      for (const one of TARGET_KINDS) if (one === kind) return await this.#toTarget(id === '' ? null : id, one, messages, stopped);
      return this.#drop(messages);
    } catch (error) {
      this.#o.log.error({ err: error, target }, 'a message could not be sent');
      return { is: 'later', ms: 60_000 };
    }
  }

  /** What is too old, or one too many, is not tried. Each gets one try, however old: the host itself may have been off for days. */
  #giveUpOld(target: string): void {
    const surplus = this.#outbox.count(target) - MAX_WAITING;
    if (surplus > 0) this.#giveUp(target, this.#outbox.waiting(target, surplus), `more than ${MAX_WAITING} waited`);
    const old = this.#outbox.triedBefore(target, Date.now() - GIVE_UP_MS);
    if (old.length > 0) this.#giveUp(target, old, 'it was not taken within 24 hours');
  }

  async #toDevice(id: string, messages: Message[], stopped: AbortSignal): Promise<Tried> {
    const device = this.devices.get(id);
    if (device === null) return this.#drop(messages);
    const user = this.#userOf(device);
    if (user === null) {
      this.devices.forget(id);
      return this.#drop(messages);
    }
    // What changed since it was written: who may see what is asked now.
    const seen = messages.filter(({ about }) => user.role === 'admin' || ownerOf(about) === user.id);
    const unseen = messages.filter((message) => !seen.includes(message));
    if (unseen.length > 0) this.#drop(unseen);
    const [first] = seen;
    if (first === undefined) return { is: 'done' };
    const now = Date.now();
    const quiet = toldAgainAt(device, now);
    if (quiet !== null) return { is: 'later', ms: quiet - now };
    if (!this.#o.linked()) {
      this.#wasUnlinked = true;
      return { is: 'later', ms: UNLINKED_MS };
    }
    if (this.#wasUnlinked) {
      this.#wasUnlinked = false;
      return { is: 'later', ms: SETTLED_MS };
    }
    const { batch, notice } = this.#toldTogether(first, seen, this.#languageOf(device));
    const posted = await post(this.#pushPost(device, notice), stopped);
    if (stopped.aborted) return { is: 'done' };
    if ('status' in posted && isGone(posted.status)) {
      this.devices.forget(id);
      return this.#drop(messages);
    }
    this.devices.note(id, problemOf(posted));
    // What a push service refuses, it refuses again.
    const refused = 'status' in posted && posted.status >= 400 && posted.status < 500 && posted.status !== 429 && posted.status !== 408;
    if (refused) {
      this.#giveUp(`device/${id}`, batch, problemOf(posted) ?? '');
      return { is: 'done' };
    }
    return this.#settled(batch, posted, first);
  }

  async #toTarget(action: string | null, kind: TargetKind, messages: Message[], stopped: AbortSignal): Promise<Tried> {
    const target = this.targets.get(action, kind);
    const [first] = messages;
    if (target === null || first === undefined || target.tell_when === 'never') return this.#drop(messages);
    const posted = await post(this.#postFor(target, first), stopped);
    if (stopped.aborted) return { is: 'done' };
    this.targets.note(target, problemOf(posted));
    if ('status' in posted && posted.status === 410) {
      this.targets.turnOff(target);
      const all = this.#outbox.waiting(targetName(target), MAX_WAITING);
      this.#giveUp(targetName(target), all, 'it answered 410: it wants no more messages');
      return { is: 'done' };
    }
    return this.#settled([first], posted, first);
  }

  /** Of what waits for a device, what one notification tells: many runs together, and of one threshold how it stands now. */
  #toldTogether(first: Message, seen: readonly Message[], language: Language): { batch: Message[]; notice: Notice } {
    const { about } = first;
    if ('run' in about) {
      const runs = seen.flatMap((message) => ('run' in message.about ? [{ message, run: message.about.run }] : []));
      return runs.length > MANY
        ? {
            batch: runs.map(({ message }) => message),
            notice: noticeOfMany(
              runs.map(({ run }) => run),
              language,
            ),
          }
        : { batch: [first], notice: noticeOf(about.run, language) };
    }
    if ('asks' in about) return { batch: [first], notice: noticeOfAsks(about.asks, language) };
    if ('flow' in about) return { batch: [first], notice: noticeOfFlow(about.flow, language) };
    if ('terminal' in about) return { batch: [first], notice: noticeOfTerminal(about.terminal, language) };
    const subject = subjectOf(about.alert);
    const alerts = seen.flatMap((message) =>
      'alert' in message.about && subjectOf(message.about.alert) === subject ? [{ message, alert: message.about.alert }] : [],
    );
    const { alert } = alerts.at(-1) ?? about;
    return { batch: alerts.map(({ message }) => message), notice: noticeOfAlert(alert, this.#o.settings.host_name, language) };
  }

  #postFor(target: Target, { id, about }: Message): Post {
    const { instance_id, host_name } = this.#o.settings;
    if (target.kind === 'webhook') {
      const { type, data } = webhookEventOf(about, instance_id, host_name);
      return webhookPost(target, id, type, data, Date.now());
    }
    const { notice, mark } = ntfyOf(about, host_name);
    const click = this.#o.page_origin === null ? null : new URL(notice.path, this.#o.page_origin).href;
    return ntfyPost(target, notice, click, mark);
  }

  #settled(messages: Message[], posted: Posted, first: Message): Tried {
    if (isTaken(posted)) {
      this.#outbox.settle(messages, 'sent');
      return { is: 'done' };
    }
    this.#outbox.tried(messages);
    return { is: 'failed', attempts: first.attempts, retryAfterMs: waitOf(posted) };
  }

  #drop(messages: Message[]): Tried {
    this.#outbox.settle(messages, 'dropped');
    return { is: 'done' };
  }

  #giveUp(target: string, messages: readonly Pick<Message, 'id'>[], reason: string): void {
    this.#outbox.settle(messages, 'given_up');
    const [kind = '', id = ''] = target.split('/');
    const known = kind === 'ntfy' || kind === 'webhook' ? this.targets.get(id === '' ? null : id, kind) : null;
    if (known !== null) this.targets.gaveUp(known, messages.length);
    const name = kind === 'device' ? (this.devices.get(id)?.name ?? id) : id === '' ? null : id;
    const detail = { kind, messages: messages.length, reason, ...(known === null ? {} : { to: new URL(known.url).origin }) };
    this.#o.audit.record({ event: 'notify.give_up', caller: null, target: name, outcome: 'refused', detail });
  }

  /** @throws where the endpoint is no push service’s: it was when it was registered. */
  #pushPost(device: Device, notice: Notice): Post {
    if (!isPushService(device.endpoint, this.#o.test_push_origin)) throw new Error('a device’s address is no push service’s');
    return pushPost(device.endpoint, sealedPush(device, notice, this.#vapid, Date.now()));
  }

  #languageOf({ language }: Device): Language {
    return language === null ? ENGLISH : { locale: language, texts: this.#o.texts(language) };
  }

  /** Whose device it is; null when its session is over. */
  #userOf({ sid, user_id }: Device): { id: string; role: 'admin' | 'client' } | null {
    const user = this.#o.grants.lives(sid);
    return user === null || user.id !== user_id ? null : user;
  }
}

/** Whose business a message is beside the admins'; null: nobody's. */
function ownerOf(about: Message['about']): string | null {
  if ('run' in about) return about.run.user_id;
  if ('asks' in about) return about.asks.user_id;
  return 'flow' in about && about.flow.what === 'job' ? about.flow.user_id : null;
}

function webhookEventOf(about: Message['about'], host: string, host_name: string): { type: string; data: object } {
  if ('run' in about) return { type: 'run.ended', data: eventOf(about.run, host) };
  if ('asks' in about) return { type: 'run.asks', data: eventOf(about.asks, host) };
  if ('flow' in about) return eventOfFlow(about.flow, host);
  if ('terminal' in about) return eventOfTerminal(about.terminal, host);
  return { type: 'host.threshold', data: { host, host_name, ...about.alert } };
}

function ntfyOf(about: Message['about'], hostName: string): { notice: Notice; mark: Mark } {
  if ('run' in about) return { notice: noticeOf(about.run, ENGLISH), mark: runOutcome(about.run)?.failed === true ? 'failed' : 'well' };
  if ('asks' in about) return { notice: noticeOfAsks(about.asks, ENGLISH), mark: 'warning' };
  if ('alert' in about) return { notice: noticeOfAlert(about.alert, hostName, ENGLISH), mark: about.alert.over ? 'well' : 'warning' };
  if ('terminal' in about)
    return { notice: noticeOfTerminal(about.terminal, ENGLISH), mark: about.terminal.what === 'done' ? 'well' : 'warning' };
  const { flow } = about;
  const isWell = flow.what === 'job' && (flow.state === 'completed' || flow.state === 'skipped');
  return { notice: noticeOfFlow(flow, ENGLISH), mark: flow.what === 'approval' ? 'warning' : isWell ? 'well' : 'failed' };
}
