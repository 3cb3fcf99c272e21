import { expect, test } from 'vitest';
import { greeting } from './greeting.ts';

const said = { port: 3000, linked: true, first_admin: null, command: '/toru', scripts_problem: null, home: '/home/toru' };

test.each([
  ['127.0.0.1', false, false],
  ['::1', false, false],
  ['localhost', false, false],
  ['0.0.0.0', false, true],
  ['::', false, true],
  ['192.168.0.9', false, true],
  ['toru.home.lan', false, true],
  ['0.0.0.0', true, false],
])('on %s, behind TLS: %s, it warns of what passes in clear: %s', (host, behindTls, warns) => {
  expect(greeting({ ...said, host, behindTls }).includes('without TLS')).toBe(warns);
});
