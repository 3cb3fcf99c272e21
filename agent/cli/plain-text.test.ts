import { expect, it } from 'vitest';
import { EXITED_RUN } from '../../shared/fixtures/exited-run.ts';
import { checkNode, checkPlatform } from './doctor/checks.ts';
import { endingOf, exitCodeOf } from './follow.ts';
import { bytes, duration, table, when } from './plain-text.ts';

it('aligns columns, and cuts only for a terminal', () => {
  expect(
    table(
      ['A', 'LONG'],
      [
        ['ü', 'x'.repeat(30)],
        ['bcd', ''],
      ],
      null,
    ),
  ).toBe(`A    LONG\nü    ${'x'.repeat(30)}\nbcd`);
  expect(table(['A', 'LONG'], [['ü', 'x'.repeat(30)]], 10).split('\n')[1]).toBe('ü  xxxxxx…');
  expect(table(['A'], [['a\x1b[31m\nb']], null)).toBe('A\na [31m b');
});

it.each([
  [0, '0 s'],
  [59_499, '59 s'],
  [60_000, '1 min 0 s'],
  [3_725_000, '1 h 2 min'],
  [90_000_000, '1 d 1 h'],
  [-5, '0 s'],
])('says %i ms as %s', (ms, text) => expect(duration(ms)).toBe(text));

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [200 * 1024 ** 2, '200 MiB'],
  [5 * 1024 ** 5, '5120 TiB'],
])('says %i bytes as %s', (n, text) => expect(bytes(n)).toBe(text));

it('says a time in the local zone', () => expect(when(new Date(2026, 0, 2, 3, 4, 5).toISOString())).toBe('2026-01-02 03:04:05'));

it.each([
  [{ state: 'exited', exit_code: 0, signal: null }, 0],
  [{ state: 'exited', exit_code: 200, signal: null }, 200],
  [{ state: 'exited', exit_code: null, signal: 'SIGKILL' }, 137],
  [{ state: 'cancelled', exit_code: null, signal: 'TERM' }, 143],
  [{ state: 'interrupted', exit_code: null, signal: null }, 125],
  [{ state: 'refused', exit_code: null, signal: null }, 125],
] as const)('ends with %j as %i', (run, code) => expect(exitCodeOf(run)).toBe(code));

it('tells how a run ended where the code alone does not', () => {
  expect(endingOf(EXITED_RUN)).toBe('');
  expect(endingOf({ ...EXITED_RUN, exit_code: null, signal: 'SIGKILL' })).toBe('ended by SIGKILL after 3 s');
  expect(endingOf({ ...EXITED_RUN, state: 'cancelled' })).toBe('cancelled after 3 s');
  expect(endingOf({ ...EXITED_RUN, state: 'timed_out' })).toBe('timed out after 3 s');
  expect(endingOf({ ...EXITED_RUN, state: 'refused', reason: 'No room.' })).toBe('No room.');
  expect(endingOf({ ...EXITED_RUN, state: 'running' })).toContain('toru logs -f');
});

it('knows which Node and which system will do', () => {
  expect(['20.20.2', '22.11.0', '18.0.0'].map((version) => checkNode(version).level)).toEqual(['bad', 'bad', 'bad']);
  expect(['22.12.0', '24.0.0', '26.10.0'].map((version) => checkNode(version).level)).toEqual(['ok', 'ok', 'ok']);
  expect([checkPlatform('linux'), checkPlatform('darwin'), checkPlatform('win32')].map(({ level }) => level)).toEqual(['ok', 'ok', 'bad']);
});
