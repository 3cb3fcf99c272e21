import { expect, test } from 'vitest';
import { nameFrom } from './workspace-name.ts';

test.each([
  ['/home/ada/My Flows/', 'my-flows'],
  ['https://example.org/ada/home-flows.git', 'home-flows'],
  ['git@example.org:ops.git', 'ops'],
  ['~/workflows', 'workflows'],
  ['/', ''],
  ['', ''],
  [`/${'a'.repeat(63)}-b`, 'a'.repeat(63)],
])('a workspace at %s is called %s', (place, name) => {
  expect(nameFrom(place)).toBe(name);
});
