import { expect, test } from 'vitest';
import { callerOf, makeRooms, refusal } from '../users/fixture.ts';
import { Audit } from './audit.ts';

const caller = callerOf({ id: 'u1', username: 'Ada', role: 'admin' }, 0);

test('newest first, page by page, nothing twice and nothing left out while more comes', () => {
  const { audit } = makeRooms();
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
  const { audit, clock } = makeRooms();
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
  const { audit, db } = makeRooms();
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

test('what is too old or too much goes, a batch at a time, by itself', () => {
  const { audit, clock, db } = makeRooms();
  const count = () => db.prepare('SELECT count(*) FROM audit').pluck().get();
  for (let i = 0; i < 50; i += 1) audit.record({ event: 'old', caller, outcome: 'ok' });
  clock.now += 367 * 24 * 3_600_000;
  for (let i = 0; i < 60; i += 1) audit.record({ event: 'new', caller, outcome: 'ok' });
  expect(count()).toBe(60);
  const small = new Audit(db, { error: () => undefined }, { now: () => clock.now, keepRows: 10 });
  expect(small.prune()).toBe(50);
  expect(small.list().items.map((entry) => entry.event)).toEqual(Array(10).fill('new'));
});

test('a cursor that is none is refused', async () => {
  const { audit } = makeRooms();
  expect(await refusal(() => audit.list({ cursor: '1; DROP TABLE audit' }))).toBe('bad_cursor');
});

test('what can’t be written goes to the log, and the act goes on', () => {
  const { audit, db, logged } = makeRooms();
  db.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  audit.record({ event: 'run.cancel', caller, target: 't1', outcome: 'ok', detail: { token: 'swordfish' } });
  expect(logged.join()).toMatch(/could not be written.*run\.cancel/);
  expect(logged.join()).not.toContain('swordfish');
});
