import { chmodSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadIdentity, verifyWith } from './identity.ts';

const bytes = new TextEncoder().encode('toru/link/v1\0something');

test('the key is made once, is for its owner only, and signs what verifies', () => {
  const home = mkdtempSync(join(tmpdir(), 'toru-identity-'));
  const first = loadIdentity(home);
  const again = loadIdentity(home);
  expect(again.kid).toBe(first.kid);
  expect(statSync(join(home, 'agent.key')).mode & 0o777).toBe(0o600);
  const signature = first.sign(bytes);
  expect(verifyWith(again.publicKey, bytes, signature)).toBe(true);
});

test('another key, other bytes or a bent signature do not verify', () => {
  const one = loadIdentity(mkdtempSync(join(tmpdir(), 'toru-identity-')));
  const other = loadIdentity(mkdtempSync(join(tmpdir(), 'toru-identity-')));
  const signature = one.sign(bytes);
  expect(verifyWith(other.publicKey, bytes, signature)).toBe(false);
  expect(verifyWith(one.publicKey, bytes.subarray(1), signature)).toBe(false);
  expect(
    verifyWith(
      one.publicKey,
      bytes,
      signature.map((byte, at) => (at === 5 ? byte ^ 1 : byte)),
    ),
  ).toBe(false);
  expect(verifyWith(one.publicKey, bytes, signature.subarray(1))).toBe(false);
  expect(verifyWith(one.publicKey.subarray(1), bytes, signature)).toBe(false);
});

test('a key that others can read is refused, with the command that fixes it', () => {
  const home = mkdtempSync(join(tmpdir(), 'toru-identity-'));
  loadIdentity(home);
  chmodSync(join(home, 'agent.key'), 0o644);
  expect(() => loadIdentity(home)).toThrow(/chmod 600/);
});

test('a file that is no key is not replaced by a new identity', () => {
  const home = mkdtempSync(join(tmpdir(), 'toru-identity-'));
  writeFileSync(join(home, 'agent.key'), 'not a key', { mode: 0o600 });
  expect(() => loadIdentity(home)).toThrow();
});
