import { expect, test } from 'vitest';
import { isPluginHeader } from './plugin-headers.ts';

test('a plugin’s own headers pass; what somebody trusts elsewhere does not', () => {
  for (const name of ['x-mine', 'x-request-id', 'x-total-count']) expect(isPluginHeader(name), name).toBe(true);
  for (const name of [
    'x-http-method-override',
    'x-method-override',
    'x-original-url',
    'x-rewrite-url',
    'x-remote-user',
    'x-forwarded-for',
    'x-toru-user',
    'x-dns-prefetch-control',
    'x-lighttpd-send-file',
    'cookie',
    'x-',
    'X-Mine',
    'x-a\r\nb',
    `x-${'a'.repeat(61)}`,
  ])
    expect(isPluginHeader(name), name).toBe(false);
});
