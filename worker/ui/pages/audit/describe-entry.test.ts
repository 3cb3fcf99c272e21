import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AuditEntry } from '../../../../shared/audit.ts';
import { describeEntry, isDescribed } from './describe-entry.ts';

const TASK = '0b0f8a52-6d9b-4f0b-8a39-0d6a1f7f5c11';
const USER = '6d1e1b0e-31cc-4c0b-bb43-2a9a4d9a1f00';

function entry(event: string, more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id: 1,
    time: '2026-11-21T09:00:00.000Z',
    event,
    user: 'anna',
    user_id: USER,
    address: null,
    target: null,
    outcome: 'ok',
    detail: {},
    ...more,
  };
}

test.each([
  [entry('login'), 'anna logged in'],
  [
    entry('login', { user: null, target: 'anna', outcome: 'refused', detail: { reason: 'wrong password' } }),
    'Somebody tried to log in as anna (wrong password)',
  ],
  [
    entry('login', { user: null, outcome: 'refused', detail: { reason: 'unknown user' } }),
    'Somebody tried to log in with a name that nobody has',
  ],
  [entry('action.create', { user: null, target: 'hello', detail: { label: 'Hello' } }), 'Toru made the action Hello'],
  [entry('run.start', { target: TASK, detail: { label: 'Backup' } }), 'anna started Backup'],
  [entry('run.start', { target: 'backup', outcome: 'refused' }), 'anna could not start backup'],
  [entry('run.cancel', { target: TASK, detail: { label: 'Backup', user: 'ben' } }), 'anna cancelled Backup of ben'],
  [entry('run.cancel', { target: TASK, detail: { label: 'Backup', user: 'anna' } }), 'anna cancelled Backup'],
  [entry('run.note', { target: TASK, detail: { label: 'Backup' } }), 'anna wrote a note on Backup'],
  [entry('run.note', { target: TASK, detail: { label: 'Backup', removed: true } }), 'anna removed the note from Backup'],
  [entry('run.delete', { target: TASK, detail: { label: 'Backup', user: 'ben', result: 'failed' } }), 'anna deleted the run Backup of ben'],
  [entry('runs.clean_up', { detail: { runs: 1204 } }), 'anna deleted 1,204 runs'],
  [
    entry('system.alert', { user: null, target: '/home', detail: { what: 'disk', percent: 91, threshold: 90 } }),
    'The host crossed a threshold: disk /home, 91 %',
  ],
  [
    entry('system.alert_over', { user: null, target: 'cpu', detail: { what: 'cpu', percent: 12, threshold: 80 } }),
    'The host is below its threshold again: processor, 12 %',
  ],
  [
    entry('notify.set', { detail: { kind: 'ntfy', to: 'https://ntfy.sh', when: 'always' } }),
    'anna set who is told of this host (ntfy, https://ntfy.sh)',
  ],
  [
    entry('notify.give_up', { user: null, outcome: 'refused', detail: { kind: 'webhook', messages: 1, reason: 'It answered 400.' } }),
    'Toru gave up a message to the address (webhook) of this host (It answered 400)',
  ],
  [entry('action.update', { target: 'backup', detail: { label: 'Backup' } }), 'anna changed the action Backup'],
  [
    entry('user.create', { user: null, target: 'admin', detail: { by: 'first start', role: 'admin' } }),
    'The first start added the user admin as an admin',
  ],
  [entry('user.update', { target: 'ben', detail: { id: USER, role: 'client' } }), 'anna made ben a client'],
  [entry('user.update', { target: 'ben', detail: { id: USER, disabled: true } }), 'anna disabled ben'],
  [entry('user.update', { target: 'ben', detail: { id: USER, password: true } }), 'anna set a new password for ben'],
  [entry('user.update', { target: 'anna', detail: { id: USER, password: true } }), 'anna changed their own password'],
  [
    entry('user.update', { target: 'anna', outcome: 'refused', detail: { id: USER, reason: 'wrong current password' } }),
    'anna could not change their own password (wrong current password)',
  ],
  [
    entry('settings.change', { detail: { keep_days: { from: 90, to: 0 }, host_name: { from: 'a', to: 'b' } } }),
    'anna changed how long runs are kept and the host’s name',
  ],
  [
    entry('agent.restart', { user: null, detail: { reason: 'the one before, pid 7, did not answer for 30 s' } }),
    'The agent started again (the one before, pid 7, did not answer for 30 s)',
  ],
  [entry('plugin.enable', { target: 'tides' }), 'anna enabled the plugin tides'],
  [entry('plugin.uninstall', { target: 'tides', detail: { data: 'keep', version: '1.2.0' } }), 'anna removed the plugin tides (1.2.0)'],
  [entry('tide.turned', { target: 'moon' }), 'anna tide turned moon'],
  [entry('toString', { outcome: 'refused' }), 'anna was refused: toString'],
])('$event', (one, sentence) => {
  const { who, text, what, rest } = describeEntry(one);
  expect([text.replace('{who}', who).replace('{what}', what?.text ?? ''), rest].filter(Boolean).join(' ')).toBe(sentence);
});

test('what can be looked at is linked', () => {
  expect(describeEntry(entry('run.start', { target: TASK, detail: { label: 'Backup' } })).what?.href).toBe(`/runs/${TASK}`);
  expect(describeEntry(entry('run.start', { target: 'backup', outcome: 'refused' })).what?.href).toBeUndefined();
  expect(describeEntry(entry('user.update', { target: 'ben', detail: { id: USER, disabled: true } })).what?.href).toBe(`/users/${USER}`);
});

test('all that the host writes down has a sentence of its own', () => {
  const agent = join(import.meta.dirname, '../../../../agent');
  const written = globSync('**/*.ts', { cwd: agent })
    .filter((name) => !/\.test\.ts$|harness/.test(name))
    .flatMap((name) => {
      const text = readFileSync(join(agent, name), 'utf8');
      const records = text.matchAll(/(?:record\(\{\s*event: |#audit\(caller, |#record\(|event: over \? )'([a-z_.]+)'(?: : '([a-z_.]+)')?/g);
      return [...records].flatMap(([, one, other]) => [one, other]).filter((event) => event !== undefined);
    });
  expect(written.length).toBeGreaterThan(30);
  expect(written.filter((event) => !isDescribed(event))).toEqual([]);
});
