import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { homeOf, socketOf } from './home-of.ts';

it('finds the agent that a script runs under, unless a home is named', () => {
  expect(homeOf({})).toBe(join(homedir(), '.toru'));
  expect(socketOf({ TORU_SOCKET: '/srv/toru/api.sock' })).toBe('/srv/toru/api.sock');
  expect(homeOf({ TORU_SOCKET: '/srv/toru/api.sock', TORU_HOME: '/other' })).toBe('/other');
  expect(homeOf({ TORU_HOME: '' })).toBe(join(homedir(), '.toru'));
});
