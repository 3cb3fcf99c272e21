import { expect, test } from 'vitest';
import { actionCreate } from './actions.ts';
import { inviteCreate, memberName } from './pairing.ts';
import { settingsPatch } from './settings.ts';
import { withoutUnseen } from './visible-name.ts';

const ESCAPE = '\x1b';
const BAD = ['nas\u202egpj', 'a\u2066b', 'a\nb', `${ESCAPE}[2Jnas`, 'nas\u200b', 'na\u0000s', 'a\u2028b', 'n\ufeffas', ' ', ''];
const GOOD = ['nas', '屋根裏', 'مخزن', 'Dach 2 – links', '👨\u200d🔧 shed', 'bücher'];

test.each([
  ['a host', (name: string) => memberName.safeParse(name).success],
  ['an invite', (name: string) => inviteCreate.safeParse({ name }).success],
  ['this host', (name: string) => settingsPatch.safeParse({ host_name: name }).success],
  ['an action', (name: string) => actionCreate.safeParse({ label: name, script: 'x.sh' }).success],
])('the name of %s is what is seen of it', (_, takes) => {
  expect(BAD.filter(takes)).toEqual([]);
  expect(GOOD.filter((name) => !takes(name))).toEqual([]);
});

test('what the system gives as a name is taken without them', () => {
  expect(withoutUnseen('na\u202es\n')).toBe('nas');
});
