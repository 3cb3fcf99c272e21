import { expect, test } from 'vitest';
import { isLoopback, isServedHost } from './served-host.ts';

test('addresses and loopback names are served, and nothing that only looks like one', () => {
  const served = [
    '127.0.0.1',
    '127.0.0.1:3000',
    '192.168.1.5:80',
    '[::1]',
    '[fe80::1]:3000',
    '[0:0:0:0:0:0:0:1]',
    'localhost',
    'a.localhost:1',
    'Toru.Lan',
  ];
  expect(served.filter((host) => !isServedHost(host, 'toru.lan'))).toEqual([]);
  const refused = [
    '999.1.1.1',
    '127.1',
    '1.2.3',
    '256.0.0.1:80',
    '[::1',
    '127.0.0.1:65536',
    'localhost:99999',
    '[zz]',
    '[::1]x',
    '0x7f.0.0.1',
    '127.0.0.1.evil.example',
    'evil.example',
    '',
  ];
  expect(refused.filter((host) => isServedHost(host, 'toru.lan'))).toEqual([]);
  expect(['127.0.0.1', '127.9.9.9', '[::1]', 'localhost'].filter((name) => !isLoopback(name))).toEqual([]);
  expect(['127.0.0.999', '128.0.0.1', '[::2]', '127.evil.example'].filter(isLoopback)).toEqual([]);
});
