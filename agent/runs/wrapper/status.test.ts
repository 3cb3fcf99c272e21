import { describe, expect, it } from 'vitest';
import { parseStatus } from './status.ts';

const STAT = 'stat 42 (a) b) c) S 1 42 42 0 -1 4194304 101 0 1 0 0 0 0 0 20 0 1 0 192686 2654208 397';

describe('a status file', () => {
  it('is blank at first', () => {
    expect(parseStatus(' '.repeat(512), null)).toEqual({
      identity: null,
      leader: null,
      cgroup: null,
      pipes: [],
      exit: null,
      core: false,
      endedAt: null,
      ends: null,
      token: null,
      drained: false,
      settled: false,
      limit: null,
      cut: [],
      full: [],
    });
  });

  it('names the wrapper, whatever it is called', () => {
    expect(parseStatus(`boot b-1\n${STAT}\n   `, null).identity).toEqual({ pid: 42, start: '192686', boot: 'b-1' });
    expect(parseStatus('boot b-1\nps 42 Sat Nov 21 09:30:00 2026\n', null).identity).toEqual({
      pid: 42,
      start: 'Sat Nov 21 09:30:00 2026',
      boot: 'b-1',
    });
  });

  it('tells how the script ended', () => {
    expect(parseStatus('exit 3\n', null).exit).toEqual({ code: 3, signal: null });
    expect(parseStatus('Killed\nexit 137\n', null).exit).toEqual({ code: null, signal: 'SIGKILL' });
    expect(parseStatus('exit 137\n', null).exit).toEqual({ code: 137, signal: null });
    expect(parseStatus('toru: line 9: 77 Segmentation fault (core dumped) ( exec "$@" )\nexit 139\n', null).exit).toEqual({
      code: null,
      signal: 'SIGSEGV',
    });
    // A note of another death than the code's says nothing about it.
    expect(parseStatus('Terminated\nexit 137\n', null).exit).toEqual({ code: 137, signal: null });
  });

  it('takes 128 + n for a signal where the shell never notes one', () => {
    expect(parseStatus('unnoted\nexit 137\n', null).exit).toEqual({ code: null, signal: 'SIGKILL' });
    expect(parseStatus('unnoted\nexit 130\n', null).exit).toEqual({ code: 130, signal: null });
    expect(parseStatus('unnoted\nexit 3\n', null).exit).toEqual({ code: 3, signal: null });
  });

  it('does not read a line that is still being written', () => {
    expect(parseStatus('exit 13', null).exit).toBeNull();
    expect(parseStatus(`boot b\n${STAT.slice(0, 30)}`, null).identity).toBeNull();
    expect(parseStatus('exit 0\ndrai', null).drained).toBe(false);
  });

  it('remembers which streams lost output', () => {
    expect(parseStatus('cut out\ncut out\ncut err\nexit 0\ndrained\n', null)).toMatchObject({ cut: ['out', 'err'], drained: true });
  });
});
