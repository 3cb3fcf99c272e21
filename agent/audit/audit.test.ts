import { describe, expect, test } from 'vitest';
import { callerOf, makeServices, refusal } from '../users/fixture.ts';
import { Audit } from './audit.ts';

const caller = callerOf({ id: 'u1', username: 'Ada', role: 'admin' }, 0);

test('newest first, page by page, nothing twice and nothing left out while more comes', () => {
  const { audit } = makeServices();
  for (let i = 0; i < 25; i += 1) audit.record({ event: 'run.start', caller, target: `t${i}`, outcome: 'ok' });
  const first = audit.list({ limit: 10 });
  audit.record({ event: 'run.start', caller, target: 'later', outcome: 'ok' });
  const second = audit.list({ limit: 10, cursor: first.next_cursor ?? '' });
  const third = audit.list({ limit: 10, cursor: second.next_cursor ?? '' });
  expect([...first.items, ...second.items, ...third.items].map((entry) => entry.target)).toEqual(
    Array.from({ length: 25 }, (_, i) => `t${24 - i}`),
  );
  expect(third.next_cursor).toBeNull();
});

test('filters: an event or its beginning, a user in any case, the outcome, a time', () => {
  const { audit, clock } = makeServices();
  audit.record({ event: 'user.create', caller, outcome: 'ok' });
  audit.record({ event: 'userx', caller, outcome: 'ok' });
  clock.now += 1000;
  audit.record({ event: 'login', caller: null, target: 'bob', outcome: 'refused', address: '192.0.2.1' });
  const events = (query: Parameters<Audit['list']>[0]): string[] => audit.list(query).items.map((entry) => entry.event);
  expect(events({ event: 'user' })).toEqual(['user.create']);
  expect(events({ event: 'user.create' })).toEqual(['user.create']);
  expect(events({ event: 'us' })).toEqual([]);
  expect(events({ user: 'ada' })).toEqual(['userx', 'user.create']);
  expect(events({ outcome: 'refused' })).toEqual(['login']);
  expect(events({ since: new Date(clock.now).toISOString() })).toEqual(['login']);
  expect(events({ event: "x' OR 1=1 --" })).toEqual([]);
});

test('an entry says who, from where, to what; and never a secret', () => {
  const { audit, db } = makeServices();
  audit.record({
    event: 'user.update',
    caller,
    target: 'bob',
    outcome: 'ok',
    detail: { password: 'swordfish', deep: { token: 'swordfish' }, role: 'client' },
  });
  expect(audit.list().items[0]).toMatchObject({
    user: 'Ada',
    user_id: 'u1',
    address: '203.0.113.7',
    target: 'bob',
    detail: { password: '[hidden]', role: 'client' },
  });
  expect(db.prepare('SELECT group_concat(detail) FROM audit').pluck().get()).not.toContain('swordfish');
});

test('what is too old or too much goes, a batch at a time, by itself; each class on its own', async () => {
  const { audit, clock, db } = makeServices();
  const count = () => db.prepare('SELECT count(*) FROM audit').pluck().get();
  for (let i = 0; i < 50; i += 1) audit.record({ event: 'user.old', caller, outcome: 'ok' });
  clock.now += 2 * 367 * 24 * 3_600_000;
  for (let i = 0; i < 60; i += 1) audit.record({ event: 'user.new', caller, outcome: 'ok' });
  expect(count()).toBe(60);
  const small = new Audit(db, { error: () => undefined }, { now: () => clock.now, keepRows: 10 });
  for (let i = 0; i < 20; i += 1) small.record({ event: 'run.start', caller, target: `t${i}`, outcome: 'ok' });
  expect(small.prune()).toBe(60);
  expect(small.list({ event: 'user' }).items).toHaveLength(10);
  expect(small.list({ event: 'run' }).items).toHaveLength(10);
  expect((await small.verify()).map(({ broken_at, entries }) => [broken_at, entries])).toEqual([
    [null, 10],
    [null, 10],
  ]);
});

test('a client that is refused a thousand times a second leaves a few entries, and pushes nothing out', () => {
  const { audit, clock, db } = makeServices();
  const client = callerOf({ id: 'u2', username: 'Eve', role: 'client' }, 0);
  audit.record({ event: 'user.create', caller, target: 'bob', outcome: 'ok' });
  for (let i = 0; i < 60_000; i += 1) {
    clock.now += 1;
    // The same one, and others that differ each time.
    audit.record({ event: 'run.start', caller: client, target: 'backup', outcome: 'refused' });
    audit.record({ event: 'run.foreign', caller: client, target: `run ${i}`, outcome: 'refused' });
  }
  audit.record({ event: 'user.update', caller, target: 'bob', outcome: 'ok' });
  audit.close();
  const rows = db.prepare(`SELECT count(*) FROM audit WHERE username = 'Eve'`).pluck().get();
  expect(rows).toBeLessThan(80);
  expect(audit.list({ event: 'user' }).items).toHaveLength(2);
  // Nothing is lost of how many they were.
  const repeated = audit
    .list({ user: 'Eve', limit: 200 })
    .items.reduce((sum, { detail }) => sum + 1 + Number(detail['repeated'] ?? 0) - (detail['repeated'] === undefined ? 0 : 1), 0);
  expect(repeated).toBe(120_000);
});

test('an edge that makes up an address for each thing that it says leaves a few entries', () => {
  const { audit, clock, db } = makeServices();
  audit.record({ event: 'user.create', caller, target: 'bob', outcome: 'ok' });
  for (let i = 0; i < 12_000; i += 1) {
    clock.now += 5;
    audit.record({
      event: 'link.duplicate',
      caller: null,
      address: `192.0.2.${i}`,
      outcome: 'refused',
      detail: { name: `${i}`, reason: 'r' },
    });
    audit.record({ event: 'login', caller: null, address: `198.51.100.${i}`, outcome: 'refused', detail: { reason: 'unknown user' } });
  }
  audit.close();
  expect(db.prepare('SELECT count(*) FROM audit').pluck().get()).toBeLessThan(650);
  expect(audit.list({ event: 'user' }).items).toHaveLength(1);
  const count = `SELECT sum(ifnull(detail ->> '$.repeated', 1)) FROM audit WHERE outcome = 'refused'`;
  expect(db.prepare(count).pluck().get()).toBe(24_000);
});

test('one user’s refusals do not hide another’s', () => {
  const { audit } = makeServices();
  const eve = callerOf({ id: 'u2', username: 'Eve', role: 'client' }, 0);
  const bob = callerOf({ id: 'u3', username: 'Bob', role: 'client' }, 0);
  for (let i = 0; i < 1000; i += 1) audit.record({ event: 'run.foreign', caller: eve, target: `r${i}`, outcome: 'refused' });
  audit.record({ event: 'request.refused', caller: bob, target: 'GET /api/users', outcome: 'refused' });
  expect(audit.list({ user: 'Bob' }).items).toHaveLength(1);
});

describe('the chain', () => {
  const breaks = [
    ['an entry is changed', `UPDATE audit SET username = 'Bob' WHERE id = 5`],
    ['an entry is taken away', 'DELETE FROM audit WHERE id = 5'],
    ['the newest entries are taken away', 'DELETE FROM audit WHERE id > 7'],
    ['the oldest entries are taken away', 'DELETE FROM audit WHERE id < 3'],
    ['an entry is added', `INSERT INTO audit (created_at, event, outcome, class, hash) VALUES (1, 'user.create', 'ok', 'security', x'00')`],
    ['a hash is taken away', 'UPDATE audit SET hash = NULL WHERE id = 5'],
    [
      'two entries change places',
      'UPDATE audit SET id = CASE id WHEN 4 THEN -5 WHEN 5 THEN 4 ELSE id END; UPDATE audit SET id = 5 WHERE id = -5',
    ],
  ] as const;
  test.each(breaks)('shows that %s', async (_what, sql) => {
    const { audit, db } = makeServices();
    for (let i = 0; i < 10; i += 1) audit.record({ event: 'user.create', caller, target: `u${i}`, outcome: 'ok' });
    const [before] = await audit.verify();
    expect(before).toMatchObject({ class: 'security', entries: 10, broken_at: null });
    db.exec(sql);
    const [after] = await audit.verify();
    expect(after?.broken_at).not.toBeNull();
  });

  test('goes on after a restart, and past a write that was rolled back', async () => {
    const { audit, db, clock } = makeServices();
    audit.record({ event: 'user.create', caller, outcome: 'ok' });
    db.exec('BEGIN');
    audit.record({ event: 'user.create', caller, outcome: 'ok' });
    db.exec('ROLLBACK');
    const next = new Audit(db, { error: () => undefined }, { now: () => clock.now });
    next.record({ event: 'user.create', caller, outcome: 'ok' });
    expect((await next.verify()).map(({ entries, broken_at }) => [entries, broken_at])).toEqual([
      [2, null],
      [0, null],
    ]);
  });

  test('is exported with its hashes, oldest first', async () => {
    const { audit } = makeServices();
    for (let i = 0; i < 600; i += 1) audit.record({ event: 'user.create', caller, target: `u${i}`, outcome: 'ok' });
    let text = '';
    for await (const lines of audit.export()) text += lines;
    const entries = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(entries.map((entry) => entry.target)).toEqual(Array.from({ length: 600 }, (_, i) => `u${i}`));
    expect(entries.at(-1)).toMatchObject({ class: 'security', hash: (await audit.verify())[0]?.head });
  });
});

test('a cursor that is none is refused', async () => {
  const { audit } = makeServices();
  expect(await refusal(() => audit.list({ cursor: '1; DROP TABLE audit' }))).toBe('bad_cursor');
});

test('what can’t be written goes to the log, and the act goes on', () => {
  const { audit, db, logged } = makeServices();
  db.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  audit.record({ event: 'run.cancel', caller, target: 't1', outcome: 'ok', detail: { token: 'swordfish' } });
  expect(logged.join()).toMatch(/could not be written.*run\.cancel/);
  expect(logged.join()).not.toContain('swordfish');
});
