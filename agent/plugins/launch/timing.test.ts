import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PLUGIN_TIMING } from './timing.ts';

/** Every other test has times of its own: these are what plugins live with, and what their authors read. */

const protocol = readFileSync(join(import.meta.dirname, '../../../docs/plugin-protocol.md'), 'utf8').replace(/\s+/g, ' ');

test('the supervisor’s times are those of the documentation', () => {
  expect(PLUGIN_TIMING).toMatchObject({
    connectMs: 5000,
    readyMs: 10_000,
    pingMs: 30_000,
    misses: 3,
    graceMs: 5000,
    backoffMs: [1000, 2000, 4000, 8000, 16_000],
    maxCrashes: 10,
    healthyMs: 600_000,
    metadataMs: 5000,
  });
  for (const promise of [
    'has to print the manifest within 5 seconds',
    'send `hello` within 5 seconds of your start',
    'at most 10 seconds, and say `ready`',
    'Every 30 seconds you are asked',
    'Three unanswered in a row',
    '"grace_ms":5000',
    'after 1, 2, 4, 8, then 16 seconds, and after 10 crashes not any more',
    'Ten healthy minutes',
  ])
    expect(protocol).toContain(promise);
});
