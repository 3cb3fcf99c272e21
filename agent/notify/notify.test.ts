import { randomBytes, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SystemAlert } from '../../shared/system.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';
import { TestReceiver, TestSubscription, vapidClaims } from './receiver-harness.ts';

/** Everything that a message must not hold: what was given to the script, and what it printed. */
const SECRETS = ['an-argument', 'typed-in', 'printed-text', 'job.sh'];
const JOB = '#!/bin/sh\necho printed-text\n[ "$INPUT_HOW" != fail ]\n';
const ACTION = {
  id: 'backup',
  label: 'Nightly backup ✓',
  script: 'job.sh',
  args: ['an-argument'],
  allow: 'everyone',
  inputs: [
    { type: 'text', name: 'how', label: 'How', pass: { by: 'environment', variable: 'INPUT_HOW' } },
    { type: 'text', name: 'note', label: 'Note', pass: { by: 'environment', variable: 'INPUT_NOTE' } },
  ],
};

let receiver: TestReceiver;
let h: ApiHarness;
let linked: boolean;
let admin: Caller;

beforeEach(async () => {
  linked = true;
  receiver = await TestReceiver.listen();
  h = await makeApi({ testPushOrigin: receiver.origin, linked: () => linked });
  h.services.grants.setInstallation(randomUUID());
  h.script('job.sh', JOB);
  admin = session(h.admin);
  expect((await h.ask(admin, 'POST', '/api/actions', ACTION)).status).toBe(201);
});
afterEach(async () => {
  receiver.close();
  await h.close();
});

/** The same user, logged in again. */
function session(user: Caller): Caller {
  const sid = randomBytes(32).toString('hex');
  h.services.grants.mint({ user: { id: user.user_id }, sid, auth_time: Date.now() });
  return { ...user, sid };
}

interface Registered {
  phone: TestSubscription;
  id: string;
}

async function register(caller: Caller, patch: object = {}): Promise<Registered> {
  const phone = new TestSubscription(receiver.origin);
  const made = await h.ask(caller, 'POST', '/api/notify/devices', phone.registration);
  expect([made.status, made.text]).toEqual([201, expect.any(String)]);
  const { id } = Object(made.json);
  if (Object.keys(patch).length > 0) expect((await h.ask(caller, 'PATCH', `/api/notify/devices/${id}`, patch)).status).toBe(200);
  return { phone, id };
}

const run = (caller: Caller, how = 'well') => h.finished(caller, { action: 'backup', inputs: { how, note: 'typed-in' } });
const devices = async (caller: Caller): Promise<Record<string, unknown>[]> =>
  Object((await h.ask(caller, 'GET', '/api/notify')).json).items;
const arrived = (count: number) => expect.poll(() => receiver.received.length).toBe(count);
const messages = (): Record<string, unknown>[] =>
  h.db.prepare<[], Record<string, unknown>>('SELECT * FROM notify_messages ORDER BY created_at, id').all();
const states = (): unknown[] => messages().map(({ state }) => state);

describe('Web Push', () => {
  it('tells who started a run of its label and state, and of nothing else', async () => {
    const { phone } = await register(admin);
    const { task_id } = await run(admin, 'fail');
    await arrived(1);
    const [message] = receiver.received;
    if (message === undefined) throw new Error('unreachable');
    const { web_push, notification } = phone.read(message);
    expect([web_push, notification]).toEqual([
      8030,
      {
        title: 'Nightly backup ✓',
        body: 'Failed',
        navigate: `https://toru.test/runs/${task_id}`,
        tag: task_id.replaceAll('-', ''),
        lang: 'en',
        dir: 'auto',
      },
    ]);
    for (const secret of SECRETS) expect(JSON.stringify([notification, message.headers, messages()])).not.toContain(secret);
    const claims = vapidClaims(message);
    expect(claims.aud).toBe(receiver.origin);
    expect(claims.exp * 1000 - Date.now()).toBeLessThanOrEqual(24 * 3_600_000);
    expect(message.headers).toMatchObject({ ttl: '86400', topic: task_id.replaceAll('-', '') });
    await expect.poll(states).toEqual(['sent']);
  });

  it('tells a device in the language of its page, as it was or as it is changed', async () => {
    const first = new TestSubscription(receiver.origin);
    const registered = await h.ask(admin, 'POST', '/api/notify/devices', { ...first.registration, language: 'de' });
    expect(registered).toMatchObject({ status: 201, json: { language: 'de' } });
    const { id } = Object(registered.json);
    const other = await register(session(admin), { host: true });
    await run(admin, 'fail');
    await arrived(2);
    const told = (of: TestSubscription): object[] =>
      receiver.received.flatMap((message) => {
        try {
          return [of.read(message)['notification']];
        } catch {
          return [];
        }
      });
    expect(told(first)).toMatchObject([{ title: 'Nightly backup ✓', body: 'Gescheitert', lang: 'de' }]);
    expect(told(other.phone)).toMatchObject([{ body: 'Failed', lang: 'en' }]);
    // The same session again, without a word on the language: its service worker renews a subscription so.
    const again = await h.ask(admin, 'POST', '/api/notify/devices', first.registration);
    expect(again.json).toMatchObject({ id, language: 'de' });
    expect((await h.ask(admin, 'PATCH', `/api/notify/devices/${id}`, { language: 'en' })).json).toMatchObject({ language: 'en' });
    await h.ask(admin, 'POST', `/api/notify/devices/${id}/test`);
    await arrived(3);
    expect(told(first)[1]).toMatchObject({ body: 'A test: this device is told when a run ends.', lang: 'en' });
    // One that nobody has written yet, one of a region, and what is none.
    for (const [language, body] of [
      ['tlh', 'A test: this device is told when a run ends.'],
      ['de-AT', 'Ein Versuch: Dieses Gerät erfährt, wenn ein Lauf endet.'],
    ]) {
      await h.ask(admin, 'PATCH', `/api/notify/devices/${id}`, { language });
      const before = receiver.received.length;
      await h.ask(admin, 'POST', `/api/notify/devices/${id}/test`);
      await arrived(before + 1);
      expect(told(first).at(-1)).toMatchObject({ body, lang: language });
    }
    for (const language of ['../de', 'de.json', '', 'x'.repeat(40)])
      expect((await h.ask(admin, 'PATCH', `/api/notify/devices/${id}`, { language })).status).toBe(400);
  });

  it('follows an action always, or when it fails; a client hears of their own runs only', async () => {
    const client = session(await h.caller('cleo', 'client'));
    await register(admin, { own_runs: 'never' }).then(({ id }) =>
      h.ask(admin, 'PUT', `/api/notify/devices/${id}/actions/backup`, { when: 'failure' }),
    );
    await register(client, { own_runs: 'never' }).then(({ id }) =>
      h.ask(client, 'PUT', `/api/notify/devices/${id}/actions/backup`, { when: 'always' }),
    );
    await run(admin);
    await run(admin, 'fail');
    await run(client);
    await expect.poll(states).toEqual(['sent', 'sent']);
    const [first, second] = messages();
    expect(JSON.parse(String(first?.['about']))).toMatchObject({ run: { exit_code: 1, user_id: admin.user_id } });
    expect(JSON.parse(String(second?.['about']))).toMatchObject({ run: { exit_code: 0, user_id: client.user_id } });
  });

  it('tells once of a run that somebody waits for, and not of one that is another’s or over', async () => {
    const client = session(await h.caller('cleo', 'client'));
    const { id } = await register(client, { own_runs: 'never' });
    h.script('job.sh', '#!/bin/sh\nread -r line\n');
    await h.ask(admin, 'PATCH', '/api/actions/backup', { stdin: true });
    const start = async (who: Caller) => (await h.runs.start(who, { source: 'api', action: 'backup', inputs: {} })).task_id;
    const [mine, theirs] = [await start(client), await start(admin)];
    const watch = (task: string) => h.ask(client, 'PUT', `/api/notify/devices/${id}/runs/${task}`, { tell: true });
    expect((await watch(theirs)).json).toMatchObject({ error: { code: 'unknown_task' } });
    expect((await watch(mine)).json).toMatchObject({ runs: [mine] });
    await h.runs.input(client, mine, 'go\n');
    await h.runs.input(admin, theirs, 'go\n');
    await arrived(1);
    await expect.poll(async () => (await watch(mine)).json).toMatchObject({ error: { code: 'not_running' } });
    expect(await devices(client)).toMatchObject([{ runs: [] }]);
    await expect.poll(states).toEqual(['sent']);
  });

  it.each([
    ['http://169.254.169.254/latest', 'plain http'],
    ['https://127.0.0.1/push', 'this machine'],
    ['https://fcm.googleapis.com.example.org/x', 'a name that only begins like one'],
    ['https://evilpush.apple.com.example/x', 'a name that only looks like one'],
    ['https://fcm.googleapis.com:8443/x', 'another port'],
    ['https://a:b@fcm.googleapis.com/x', 'credentials'],
    ['https://push.apple.com/x', 'the bare domain'],
  ])('refuses to send to %s: %s', async (endpoint) => {
    const { registration } = new TestSubscription(receiver.origin);
    const answer = await h.ask(admin, 'POST', '/api/notify/devices', { ...registration, endpoint });
    expect([answer.status, answer.json]).toMatchObject([400, { error: { code: 'bad_request', field: 'endpoint' } }]);
    expect(await devices(admin)).toEqual([]);
  });

  it.each([
    ['logs out', () => h.services.grants.revokeSession(admin.sid ?? '')],
    ['changes the password', () => h.users.change(admin.user_id, { password: 'another good password' })],
    [
      'is made a client',
      async () => {
        await h.caller('second', 'admin');
        await h.users.change(admin.user_id, { role: 'client' });
      },
    ],
    [
      'is removed',
      async () => {
        await h.caller('second', 'admin');
        h.users.remove(admin.user_id, { ...admin, user_id: 'local:0', via: 'local' });
      },
    ],
  ])('dies with the session of whoever %s', async (_what, end) => {
    await register(admin);
    await end();
    expect(h.db.prepare('SELECT count(*) FROM notify_devices').pluck().get()).toBe(0);
    await h.finished(h.admin, { action: 'backup', inputs: {} }).catch(() => undefined);
    expect(messages()).toEqual([]);
    expect(receiver.received).toEqual([]);
  });

  it('tells once that a run waits for an answer, and not where somebody answers at once', async () => {
    const { phone } = await register(admin, { own_runs: 'always' });
    const { notify, runs } = h.services;
    h.script('asks.sh', '#!/bin/sh\nread -r a\nread -r b\n');
    await h.ask(admin, 'POST', '/api/actions', { ...ACTION, id: 'asks', label: 'Asks', script: 'asks.sh', inputs: [], tty: true });
    const start = async (): Promise<string> => Object((await h.ask(admin, 'POST', '/api/runs', { action: 'asks' })).json).task_id;
    const waits = (task: string) => expect.poll(() => runs.waitsForInput(task), { timeout: 60_000 }).toBe(true);
    notify.asksAfterMs = 600_000;
    const quick = await start();
    await waits(quick);
    await runs.cancel(admin, quick);
    await arrived(1);
    notify.asksAfterMs = 1;
    const slow = await start();
    await arrived(2);
    await runs.input(admin, slow, 'x\r');
    await waits(slow);
    await runs.input(admin, slow, 'y\r');
    await arrived(3);
    const bodies = receiver.received.map((message) => phone.read(message).notification['body']);
    expect(bodies).toEqual(['Cancelled', 'Waits for an answer', 'Succeeded']);
  });

  it('does not outlive a session that grew too old, though nobody ended it', async () => {
    await register(admin);
    h.db.prepare('UPDATE grants SET last_seen = last_seen - ?').run(8 * 24 * 3_600_000);
    await run(admin);
    await expect.poll(states).toEqual(['dropped']);
    expect([receiver.received, await devices(admin)]).toEqual([[], []]);
  });

  it('waits for the link, since only then it is known which sessions ended', async () => {
    await register(admin);
    linked = false;
    await run(admin);
    h.services.grants.revokeSession(admin.sid ?? '');
    linked = true;
    await expect.poll(states).toEqual(['dropped']);
    expect(receiver.received).toEqual([]);
  });

  it('keeps silent in quiet hours, and then tells of many at once', async () => {
    const quiet = { from: '00:00', to: '00:00', time_zone: 'Europe/Berlin' };
    const { phone, id } = await register(admin, { quiet });
    for (const how of ['well', 'fail', 'well', 'fail', 'well']) await run(admin, how);
    expect(states()).toEqual(Array(5).fill('waiting'));
    expect(receiver.received).toEqual([]);
    await h.ask(admin, 'PATCH', `/api/notify/devices/${id}`, { quiet: null });
    await arrived(1);
    const [message] = receiver.received;
    expect(message === undefined ? null : phone.read(message).notification).toMatchObject({ title: '5 runs ended', body: '2 failed' });
    await expect.poll(states).toEqual(Array(5).fill('sent'));
  });

  it('keeps silent until a time that was chosen once, and tells then by itself, or when it is told to go on', async () => {
    const { id } = await register(admin, { silent_until: new Date(Date.now() + 3_600_000).toISOString() });
    await run(admin);
    expect(states()).toEqual(['waiting']);
    expect(receiver.received).toEqual([]);
    await h.ask(admin, 'PATCH', `/api/notify/devices/${id}`, { silent_until: null });
    await arrived(1);
    await h.ask(admin, 'PATCH', `/api/notify/devices/${id}`, { silent_until: new Date(Date.now() + 2000).toISOString() });
    await run(admin);
    await arrived(2);
    expect(await devices(admin)).toMatchObject([{ silent_until: null }]);
  });

  it('forgets a device that its service calls gone, waits as it asks, and gives up what it refuses', async () => {
    await register(admin);
    receiver.answer = (response) => response.writeHead(429, { 'retry-after': '1' }).end();
    await run(admin);
    await arrived(1);
    receiver.answer = null;
    await arrived(2);
    await expect.poll(states).toEqual(['sent']);
    receiver.answer = (response) => response.writeHead(403).end();
    await run(admin);
    await expect.poll(states).toEqual(['sent', 'given_up']);
    expect(await devices(admin)).toMatchObject([{ problem: 'It answered 403.' }]);
    receiver.answer = (response) => response.writeHead(410).end();
    await run(admin);
    await expect.poll(states).toEqual(['sent', 'given_up', 'dropped']);
    expect(await devices(admin)).toEqual([]);
  });

  it('sends a test, and says why it could not', async () => {
    const { phone, id } = await register(admin);
    const test = () => h.ask(admin, 'POST', `/api/notify/devices/${id}/test`);
    expect((await test()).status).toBe(204);
    const [message] = receiver.received;
    expect(message === undefined ? null : phone.read(message).notification).toMatchObject({ title: 'Toru' });
    receiver.answer = (response) => response.writeHead(500).end();
    expect((await test()).json).toMatchObject({ error: { code: 'not_delivered', message: 'It answered 500.' } });
    const other = session(await h.caller('cleo', 'client'));
    expect((await h.ask(other, 'POST', `/api/notify/devices/${id}/test`)).status).toBe(404);
    const answers = await Promise.all(Array.from({ length: 6 }, test));
    expect(answers.map(({ status }) => status)).toContain(429);
  });

  it('is one device a session, and moves with a subscription whose secrets it knows', async () => {
    const { phone, id } = await register(admin, { own_runs: 'failure' });
    const again = await h.ask(admin, 'POST', '/api/notify/devices', new TestSubscription(receiver.origin).registration);
    expect(again.json).toMatchObject({ id, own_runs: 'failure' });
    await h.ask(admin, 'POST', '/api/notify/devices', phone.registration);
    const newer = session(h.admin);
    const stolen = { ...new TestSubscription(receiver.origin).registration, endpoint: phone.endpoint };
    expect((await h.ask(newer, 'POST', '/api/notify/devices', stolen)).status).toBe(409);
    expect((await h.ask(newer, 'POST', '/api/notify/devices', phone.registration)).status).toBe(201);
    expect(await devices(newer)).toMatchObject([{ current: true }]);
    expect((await h.ask({ ...admin, sid: null, via: 'local' }, 'POST', '/api/notify/devices', phone.registration)).status).toBe(403);
  });
});

describe('an action’s addresses', () => {
  const put = (kind: string, body: object, who = admin) => h.ask(who, 'PUT', `/api/notify/actions/backup/${kind}`, body);
  const shown = async (): Promise<Record<string, Record<string, unknown>>> =>
    Object((await h.ask(admin, 'GET', '/api/notify/actions/backup')).json);

  it('a webhook is signed as the standard says, and holds nothing that a run was given or printed', async () => {
    const saved = await put('webhook', { url: `${receiver.origin}/hook?key=1`, when: 'always' });
    const { secret, webhook } = Object(saved.json);
    expect([saved.status, secret, webhook]).toMatchObject(
      [200, /^whsec_/, { secret: true }].map((one) => (one instanceof RegExp ? expect.stringMatching(one) : one)),
    );
    const { task_id } = await run(admin, 'fail');
    await arrived(1);
    const [message] = receiver.received;
    if (message === undefined) throw new Error('unreachable');
    const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]));
    const event = new Webhook(secret).verify(message.body.toString(), headers);
    expect(event).toMatchObject({
      type: 'run.ended',
      data: { task_id, action: 'backup', label: ACTION.label, state: 'exited', outcome: 'Failed', failed: true, exit_code: 1 },
    });
    for (const hidden of SECRETS) expect(message.body.toString()).not.toContain(hidden);
    expect(JSON.stringify([await shown(), h.services.audit.list()])).not.toContain(secret);
    const other = await put('webhook', { url: `${receiver.origin}/hook`, when: 'failure' });
    expect(Object(other.json)).not.toHaveProperty('secret');
    expect(Object((await put('webhook', { url: `${receiver.origin}/hook`, when: 'failure', new_secret: true })).json).secret).not.toBe(
      secret,
    );
  });

  it('a topic of ntfy gets the label as the title, the state as the text, and its token', async () => {
    await put('ntfy', { url: `${receiver.origin}/my-topic`, when: 'failure', token: 'tk_secret' });
    expect(JSON.stringify([await shown(), h.services.audit.list()])).not.toContain('tk_secret');
    await put('ntfy', { url: `${receiver.origin}/my-topic`, when: 'always' });
    await run(admin);
    await arrived(1);
    const [message] = receiver.received;
    expect(message).toMatchObject({
      path: '/my-topic',
      headers: {
        title: `=?UTF-8?B?${Buffer.from(ACTION.label).toString('base64')}?=`,
        priority: 'default',
        tags: 'white_check_mark',
        authorization: 'Bearer tk_secret',
      },
    });
    expect(message?.body.toString()).toBe('Succeeded');
    await run(admin, 'fail');
    await arrived(2);
    expect([receiver.received[1]?.body.toString(), receiver.received[1]?.headers['priority']]).toEqual(['Failed', 'high']);
  });

  it('is an admin’s with a password typed lately, and names no address that can only be a trap', async () => {
    const url = `${receiver.origin}/x`;
    const stale = { ...admin, auth_time: Date.now() - 3_600_000 };
    expect((await put('ntfy', { url, when: 'always' }, stale)).json).toMatchObject({ error: { code: 'reauth_required' } });
    expect((await put('ntfy', { url, when: 'always' }, session(await h.caller('cleo', 'client')))).status).toBe(403);
    for (const bad of [
      'ftp://a/b',
      'http://169.254.169.254/',
      'http://2852039166/',
      'http://0251.0376.0251.0376/',
      'http://169.254.169.254./',
      'http://[::ffff:169.254.169.254]/',
      'http://[::ffff:0:169.254.169.254]/',
      'http://[::169.254.169.254]/',
      'http://[64:ff9b::169.254.169.254]/',
      'http://[2002:a9fe:a9fe::1]/',
      'http://[fd00:ec2::254]/',
      'http://[fe80::1]/',
      'https://user:pass@a.example/',
      'nonsense',
      'https://a/#b',
    ])
      expect([bad, (await put('webhook', { url: bad, when: 'always' })).status]).toEqual([bad, 400]);
    expect((await h.ask(admin, 'PUT', '/api/notify/actions/none/ntfy', { url, when: 'always' })).status).toBe(404);
  });

  it('is tried again after failures, redirects and silence, once for each run, and by the next agent', async () => {
    await put('webhook', { url: `${receiver.origin}/hook`, when: 'always' });
    receiver.answer = (response) => response.writeHead(307, { location: '/elsewhere' }).end();
    const { task_id } = await run(admin);
    await arrived(1);
    await expect.poll(async () => (await shown())['webhook']).toMatchObject({ waiting: 1, problem: expect.stringContaining('redirect') });
    await h.close(true);
    const { home } = h;
    receiver.answer = null;
    h = await makeApi({ home, linked: () => linked });
    await arrived(2);
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook', '/hook']);
    const [first, second] = receiver.received;
    // The receiver tells by its id that it is the same message.
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    await expect.poll(messages).toMatchObject([{ event: task_id, target: 'webhook/backup', state: 'sent', attempts: 1 }]);
    expect((await shown())['webhook']).toMatchObject({ waiting: 0, problem: null, sent_at: expect.any(String) });
  });

  it('may answer without end: nothing of it is read', async () => {
    await put('ntfy', { url: `${receiver.origin}/t`, when: 'always' });
    receiver.answer = (response) => {
      response.writeHead(200);
      const flood = (): void => void (response.destroyed || response.write(Buffer.alloc(65_536), () => setImmediate(flood)));
      flood();
    };
    await run(admin);
    await expect.poll(states).toEqual(['sent']);
  });

  it('that is dead is given up after a day, which the page and the audit say', async () => {
    await put('webhook', { url: `${receiver.origin}/hook`, when: 'always' });
    receiver.answer = (response) => response.writeHead(503).end();
    await run(admin);
    await arrived(1);
    await expect.poll(() => messages()[0]?.['attempts']).toBe(1);
    h.db.prepare('UPDATE notify_messages SET created_at = created_at - ?').run(25 * 3_600_000);
    // As its next try does.
    await put('webhook', { url: `${receiver.origin}/hook`, when: 'always' });
    await expect.poll(states).toEqual(['given_up']);
    expect((await shown())['webhook']).toMatchObject({ waiting: 0, gave_up: 1, gave_up_at: expect.any(String) });
    expect(h.services.audit.list({ event: 'notify.give_up' }).items).toMatchObject([
      { target: 'backup', detail: { kind: 'webhook', messages: 1, reason: expect.stringContaining('24 hours'), to: receiver.origin } },
    ]);
  });

  it('that says 410 is asked no more', async () => {
    await put('webhook', { url: `${receiver.origin}/hook`, when: 'always' });
    receiver.answer = (response) => response.writeHead(410).end();
    await run(admin);
    await expect.poll(states).toEqual(['given_up']);
    expect((await shown())['webhook']).toMatchObject({ when: 'never', gave_up: 1 });
    await run(admin);
    expect(states()).toEqual(['given_up']);
  });

  it('goes with its action', async () => {
    await put('webhook', { url: `${receiver.origin}/hook`, when: 'always' });
    await h.ask(admin, 'DELETE', '/api/actions/backup');
    await h.ask(admin, 'POST', '/api/actions', ACTION);
    expect(await shown()).toEqual({ ntfy: null, webhook: null });
  });
});

describe('a threshold of the host', () => {
  const disk = (mount: string, percent: number, over = false): SystemAlert => ({ what: 'disk', mount, percent, threshold: 90, over });
  const put = (kind: string, body: object, who = admin) => h.ask(who, 'PUT', `/api/notify/host/${kind}`, body);
  const bodies = (phone: TestSubscription): unknown[] => receiver.received.map((one) => phone.read(one).notification['body']);
  afterEach(() => void vi.useRealTimers());

  it('that the agent sees crossed is told to the devices that ask for it, once, and once that it is over, by the next agent too', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'], now: Date.now() });
    const { phone, id } = await register(admin, { thresholds: true, own_runs: 'never' });
    await register(session(h.admin));
    await h.ask(admin, 'PUT', '/api/settings', { alert_memory_percent: 1, alert_disk_percent: 0 });
    let stop = h.services.system.record();
    // Minutes of the host, as fast as it reads its counters.
    const afterMinutes = (look: () => number) =>
      expect.poll(
        () => {
          vi.advanceTimersByTime(60_000);
          return look();
        },
        { timeout: 30_000, interval: 100 },
      );
    const minutes = (count: number) => afterMinutes(() => receiver.received.length).toBe(count);
    await minutes(1);
    expect(bodies(phone)).toEqual([expect.stringMatching(/^\d+ % of the memory has been used for five minutes$/)]);
    const [message] = receiver.received;
    expect(message === undefined ? null : phone.read(message).notification).toMatchObject({
      title: h.settings.host_name,
      navigate: 'https://toru.test/system',
    });
    // What an agent has not yet written down as sent is sent again by the next one.
    await expect.poll(states).toEqual(['sent']);
    stop();
    await h.close(true);
    h = await makeApi({ home: h.home, testPushOrigin: receiver.origin, linked: () => linked });
    stop = h.services.system.record();
    const samples = () => h.services.system.day(1).length;
    const before = samples();
    await afterMinutes(() => samples() - before).toBeGreaterThan(6);
    expect(receiver.received).toHaveLength(1);
    await h.ask(admin, 'PUT', '/api/settings', { alert_memory_percent: 0 });
    await minutes(2);
    expect(bodies(phone)[1]).toMatch(/^The memory in use is down to \d+ %$/);
    expect(await devices(admin)).toContainEqual(expect.objectContaining({ id, thresholds: true }));
    stop();
  }, 90_000);

  it('is an admin’s business: a client’s device can’t ask for it', async () => {
    const client = session(await h.caller('cleo', 'client'));
    const { id } = await register(client);
    expect((await h.ask(client, 'PATCH', `/api/notify/devices/${id}`, { thresholds: true })).json).toMatchObject({
      error: { code: 'forbidden' },
    });
    // Not even where the table says so.
    h.db.exec('UPDATE notify_devices SET thresholds = 1');
    h.services.notify.alerted(disk('/', 91));
    expect(messages()).toEqual([]);
  });

  it('waits for the end of quiet hours, and is then told as it stands', async () => {
    const quiet = { from: '00:00', to: '00:00', time_zone: 'Europe/Berlin' };
    const { phone, id } = await register(admin, { quiet, thresholds: true });
    for (const alert of [disk('/', 91), disk('/', 84, true), disk('/srv', 95)]) h.services.notify.alerted(alert);
    await run(admin);
    expect([states(), receiver.received]).toEqual([Array(4).fill('waiting'), []]);
    await h.ask(admin, 'PATCH', `/api/notify/devices/${id}`, { quiet: null });
    await arrived(3);
    expect(bodies(phone)).toEqual(['The disk / is down to 84 %', 'The disk /srv is 95 % full', 'Succeeded']);
    await expect.poll(states).toEqual(Array(4).fill('sent'));
  });

  it('goes to the addresses of the host, signed, and tried again', async () => {
    const { secret } = Object((await put('webhook', { url: `${receiver.origin}/hook`, when: 'always' })).json);
    await put('ntfy', { url: `${receiver.origin}/topic`, when: 'failure', token: 'tk_secret' });
    const hooks = () => receiver.received.filter(({ path }) => path === '/hook');
    receiver.answer = (response, { path }) => response.writeHead(path === '/hook' && hooks().length === 1 ? 503 : 200).end();
    h.services.notify.alerted(disk('/', 91));
    await expect.poll(() => hooks().length).toBe(1);
    // As the next agent does.
    await put('webhook', { url: `${receiver.origin}/hook`, when: 'always' });
    await expect.poll(states).toEqual(['sent', 'sent']);
    const [first, again] = hooks();
    const headers = Object.fromEntries(Object.entries(again?.headers ?? {}).map(([name, value]) => [name, String(value)]));
    expect([again?.headers['webhook-id'], new Webhook(secret).verify(String(again?.body), headers)]).toEqual([
      first?.headers['webhook-id'],
      {
        type: 'host.threshold',
        timestamp: expect.any(String),
        data: { host: h.settings.instance_id, host_name: h.settings.host_name, ...disk('/', 91) },
      },
    ]);
    const topic = () => receiver.received.filter(({ path }) => path === '/topic');
    expect([topic()[0]?.body.toString(), topic()[0]?.headers]).toMatchObject([
      'The disk / is 91 % full',
      { title: h.settings.host_name, priority: 'high', tags: 'warning', authorization: 'Bearer tk_secret' },
    ]);
    h.services.notify.alerted(disk('/', 84, true));
    await expect.poll(() => hooks().length).toBe(3);
    expect(topic()).toHaveLength(1);
    const shown = await h.ask(admin, 'GET', '/api/notify/host');
    expect(shown.json).toMatchObject({ ntfy: { when: 'failure', secret: true }, webhook: { secret: true, waiting: 0 } });
    expect(JSON.stringify([shown.json, h.services.audit.list()])).not.toMatch(/tk_secret|whsec_/);
    // An action has its own.
    expect((await h.ask(admin, 'GET', '/api/notify/actions/backup')).json).toEqual({ ntfy: null, webhook: null });
    expect((await h.ask(admin, 'POST', '/api/notify/host/ntfy/test')).status).toBe(204);
    expect((await h.ask(admin, 'DELETE', '/api/notify/host/ntfy')).status).toBe(204);
    expect((await h.ask(admin, 'POST', '/api/notify/host/ntfy/test')).status).toBe(404);
  });

  it('has addresses that an admin names with a password typed lately', async () => {
    const body = { url: `${receiver.origin}/x`, when: 'always' };
    for (const kind of ['ntfy', 'webhook']) {
      const stale = { ...admin, auth_time: Date.now() - 3_600_000 };
      expect((await put(kind, body, stale)).json).toMatchObject({ error: { code: 'reauth_required' } });
      expect((await put(kind, body, session(await h.caller('cleo', 'client')))).status).toBe(403);
    }
    expect((await h.ask(session(await h.caller('cleo', 'client')), 'GET', '/api/notify/host')).status).toBe(403);
  });
});
