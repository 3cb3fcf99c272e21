import { expect, it } from 'vitest';
import { isEmail } from './email.ts';

it.each(['ada@example.org', 'ada.lovelace+runs@mail.example.co.uk', 'ädä@exämple.org', `${'a'.repeat(64)}@example.org`])(
  'takes %s',
  (text) => {
    expect(isEmail(text)).toBe(true);
  },
);

it.each([
  '',
  'ada',
  '@example.org',
  'ada@',
  'ada@host',
  'a@b@example.org',
  'Ada <ada@example.org>',
  'ada @example.org',
  'ada@example.org\n',
  'ada@-.',
  `${'a'.repeat(65)}@example.org`,
  `ada@${'a.'.repeat(130)}org`,
])('refuses %j', (text) => {
  expect(isEmail(text)).toBe(false);
});
