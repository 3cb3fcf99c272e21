import { describe, expect, it } from 'vitest';
import { errorOf, isAction, isHost, isMe, isRun, isRunSummary, listOf } from './guards.ts';
import { isAuditEntry, isScript, isSession, isUser } from './place-guards.ts';

const ID = '6a1f0a6e-95a5-4c39-8a55-27b0a9a5cf3e';
const TIME = '2026-01-01T00:00:00.000Z';
const summary = {
  task_id: ID,
  user_id: ID,
  action: 'backup',
  label: 'Backup',
  state: 'running',
  exit_code: null,
  created_at: TIME,
  started_at: TIME,
  ended_at: null,
};
const run = {
  ...summary,
  inputs: {},
  user: 'admin',
  source: 'page',
  address: null,
  reason: null,
  signal: null,
  output_bytes: 0,
  stdin: false,
};
const action = {
  id: 'backup',
  label: 'Backup',
  description: '',
  icon: 'play',
  color: 'slate',
  inputs: [],
  confirm: 'none',
  position: 0,
  revision: 1,
  running: 1,
  queued: 0,
  problem: null,
  last_run: summary,
};

const SHAPES: [string, (value: unknown) => boolean, Record<string, unknown>, optional?: string[]][] = [
  ['a run’s summary', isRunSummary, summary],
  ['a run', isRun, run, ['action']],
  ['an action', isAction, action],
  ['a script', isScript, { name: 'a.sh', size: 1, modified_at: TIME, description: '', runnable: true, problem: null }],
  ['a user', isUser, { id: ID, username: 'a', role: 'client', disabled: false, created_at: TIME, last_login_at: null }],
  [
    'a session',
    isSession,
    { id: ID, created_at: TIME, last_seen_at: TIME, expires_at: TIME, address: '::1', user_agent: '', current: true },
  ],
  [
    'a host',
    isHost,
    {
      id: ID,
      name: 'home',
      home: true,
      presence: 'online',
      role: 'admin',
      online: true,
      last_seen: null,
      recent_runs: [summary],
      pending_runs: [],
      duplicate: null,
    },
    ['duplicate'],
  ],
  ['the session’s user', isMe, { user: { id: ID, username: 'a', role: 'admin' }, session: {}, host: null }],
  [
    'an entry of the audit',
    isAuditEntry,
    { id: 1, time: TIME, event: 'login', user: null, address: null, target: null, outcome: 'ok', detail: {} },
  ],
];

describe.each(SHAPES)('%s', (_, guard, value, optional = []) => {
  it('is known as it is, and with more than this page knows', () => {
    expect(guard(value)).toBe(true);
    expect(guard({ ...value, later: 1 })).toBe(true);
    expect(listOf((each): each is unknown => guard(each))({ items: [value, value], next_cursor: null })).toBe(true);
  });

  it('is not known with anything missing or of another kind', () => {
    for (const name of Object.keys(value)) {
      if (!optional.includes(name)) expect([name, guard({ ...value, [name]: undefined })]).toEqual([name, false]);
      expect([name, guard({ ...value, [name]: Symbol('other') })]).toEqual([name, false]);
    }
    for (const other of [null, undefined, 7, 'x', [], [value]]) expect(guard(other)).toBe(false);
    expect(listOf((each): each is unknown => guard(each))({ items: [value, null] })).toBe(false);
    expect(listOf((each): each is unknown => guard(each))({ items: value })).toBe(false);
  });
});

it('looks into what a value holds', () => {
  expect(isAction({ ...action, last_run: null })).toBe(true);
  expect(isAction({ ...action, last_run: { ...summary, state: 'gone' } })).toBe(false);
  expect(isRun({ ...run, state: 'toString' })).toBe(false);
  expect(isMe({ user: { id: ID, username: 'a', role: 'owner' }, session: {}, host: null })).toBe(false);
});

it('reads an error’s code, words and the rest; a code that it does not know is our fault', () => {
  expect(errorOf({ error: { code: 'busy', message: 'Later.', field: 'x' } })).toEqual({
    code: 'busy',
    message: 'Later.',
    extra: { field: 'x' },
  });
  expect(errorOf({ error: { code: 'from the future' } })).toEqual({ code: 'internal', message: 'The server gave no reason.', extra: {} });
  for (const none of [null, 'x', {}, { error: 'x' }]) expect(errorOf(none)).toBeNull();
});
