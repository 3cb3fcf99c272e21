import { expect, test } from 'vitest';
import { asksForSecret } from './secret-prompt.ts';

test.each(['Password: ', '[sudo] password for ada:', 'Enter passphrase for key ‘/home/ada/.ssh/id’:', 'Passwort?', 'API key: ', 'PIN:'])(
  'asks for a secret: %s',
  (line) => expect(asksForSecret(line)).toBe(true),
);

test.each(['Name: ', 'Continue? [y/N]', 'password changed', 'Spinning:', '', `${'password '.repeat(60)}:`])('asks for none: %s', (line) =>
  expect(asksForSecret(line)).toBe(false),
);
