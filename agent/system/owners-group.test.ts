import { expect, it } from 'vitest';
import { isOwnersGroup } from './owners-group.ts';

const GROUPS =
  '# a remark\nroot:x:0:\nada:x:1000:\nada2:x:1005:ada,root\nwww-data:x:33:\nstaff:x:50:ada,bob\nghost:x:60:nobody-here\nshared:x:70:\n';
const USERS =
  'root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\nbob:x:1001:70::/home/bob:/bin/sh\nwww:x:33:33::/:/bin/false\n';

it.each([
  [1000, true],
  [1005, true],
  [0, true],
  [33, false],
  [50, false],
  [60, false],
  [70, false],
  [12345, false],
])('group %i is ada’s alone: %s', (gid, own) => {
  expect(isOwnersGroup(gid, 1000, GROUPS, USERS)).toBe(own);
});

it('counts every line of a group that has several names', () => {
  expect(isOwnersGroup(1000, 1000, `${GROUPS}alias:x:1000:bob\n`, USERS)).toBe(false);
});
