import { describe, expect, it } from 'vitest';
import { networkOf } from '../../shared/network-of.ts';
import { accountKey, Throttle } from './throttle.ts';

/** Each with a password of its own, unless one is given. */
let passwords = 0;
function stranger(account: string, address: string, password?: string) {
  passwords += 1;
  return { account, address, device: null, guess: `${account} ${password ?? passwords}`, reserved: false };
}

/** As Account does: the usual turn, else the reserved one. @returns null when it was put off. */
function turn(throttle: Throttle, attempt: ReturnType<typeof stranger>, now: number): ReturnType<typeof stranger> | null {
  if (throttle.admit(attempt, now) === 0) return attempt;
  return throttle.admitReserved(attempt, now) === 0 ? { ...attempt, reserved: true } : null;
}

describe('Throttle', () => {
  it('never keeps an account shut for longer than one interval, however long somebody hammers', () => {
    const throttle = new Throttle();
    let now = 0;
    for (let n = 0; n < 10_000; n += 1) {
      now += 100;
      expect(throttle.admit(stranger('admin', `10.0.${n >> 8}.${n & 255}`), now)).toBeLessThanOrEqual(30_000);
    }
    expect(throttle.admit(stranger('admin', '192.0.2.1'), now + 30_000)).toBe(0);
  });

  it('lets strangers try sixty times a minute in all: 45, and 15 who come back', () => {
    const throttle = new Throttle();
    const admitted = Array.from({ length: 100 }, (_, n) => throttle.admit(stranger(`user${n}`, `10.0.0.${n}`), 0)).filter(
      (wait) => wait === 0,
    );
    expect(admitted).toHaveLength(45);
    const back = Array.from({ length: 100 }, (_, n) => stranger(`user${n}`, `10.0.1.${n}`));
    for (const attempt of back) expect(throttle.admitReserved(attempt, 0)).toBe(1000);
    expect(back.filter((attempt) => throttle.admitReserved(attempt, 0) === 0)).toHaveLength(15);
    expect(throttle.admit({ ...stranger('admin', '10.0.0.200'), device: 'known' }, 0)).toBe(0);
  });

  it('takes nothing from anybody for an attempt that it refuses', () => {
    const throttle = new Throttle();
    for (let n = 0; n < 10; n += 1) throttle.admit(stranger('admin', `10.0.0.${n}`), 0);
    for (let n = 0; n < 100; n += 1) throttle.admit(stranger('admin', '192.0.2.1'), 0);
    expect(throttle.admit(stranger('other', '192.0.2.1'), 0)).toBe(0);
  });

  it('gives back what nobody looked at', () => {
    const throttle = new Throttle();
    for (let n = 0; n < 1000; n += 1) {
      expect(throttle.admit(stranger('admin', '192.0.2.1'), 0)).toBe(0);
      throttle.unasked(stranger('admin', '192.0.2.1'), 0);
    }
  });

  it.each([null, 'known'])('lets an account log in a hundred times at once, then every other second (device %s)', (device) => {
    const throttle = new Throttle();
    const owner = { ...stranger('admin', '192.0.2.1'), device };
    const logins = (now: number): number => {
      let count = 0;
      for (; throttle.admit(owner, now) === 0; count += 1) throttle.succeeded(owner, now);
      return count;
    };
    expect(logins(0)).toBe(100);
    expect(throttle.admit(owner, 0)).toBe(2_000);
    expect(logins(2_000)).toBe(1);
    expect(logins(60_000)).toBe(29);
    expect(throttle.admit(stranger('other', '192.0.2.1'), 60_000)).toBe(0);
  });

  it('counts wrong passwords as guesses alone', () => {
    const throttle = new Throttle();
    for (let n = 0; n < 1000; n += 1) {
      if (throttle.admit(stranger('admin', `10.0.${n >> 8}.${n & 255}`), n * 1000) === 0)
        throttle.failed(stranger('admin', '10.0.0.1'), n * 1000);
    }
    const owner = { ...stranger('admin', '192.0.2.1'), device: 'known' };
    for (let n = 0; n < 30; n += 1) {
      expect(throttle.admit(owner, 1_000_000)).toBe(0);
      throttle.succeeded(owner, 1_000_000);
    }
  });
});

describe('a flood, and the owner with the right password from the same address', () => {
  const OWNER = stranger('admin', '192.0.2.1', 'right');

  /** 20 a second for two minutes, all wrong; the owner tries every third second. @returns the number of the try that got in. */
  function triesNeeded(throttle: Throttle, flood: (n: number) => ReturnType<typeof stranger>): number | null {
    let tries = 0;
    for (let n = 0; n < 2400; n += 1) {
      const now = n * 50;
      const attempt = turn(throttle, flood(n), now);
      if (attempt !== null) throttle.failed(attempt, now);
      if (n < 200 || n % 60 > 0) continue;
      tries += 1;
      if (turn(throttle, OWNER, now) !== null) return tries;
    }
    return null;
  }

  it.each([
    ['random names', (n: number) => stranger(`nobody${n}`, '192.0.2.1')],
    ['the owner’s name with ever other passwords', () => stranger('admin', '192.0.2.1')],
    ['the owner’s name with one password', () => stranger('admin', '192.0.2.1', 'wrong')],
    ['the owner’s name with a few passwords', (n: number) => stranger('admin', '192.0.2.1', `wrong${n % 10}`)],
    ['a few names with one password', (n: number) => stranger(`nobody${n % 10}`, '192.0.2.1', 'x')],
    ['the owner’s name from everywhere', (n: number) => stranger('admin', `10.${n >> 8}.${n & 255}.1`)],
    ['random names from everywhere', (n: number) => stranger(`nobody${n}`, `10.${n >> 8}.${n & 255}.1`)],
  ])('%s: the owner gets in at the second try', (_, flood) => {
    expect(triesNeeded(new Throttle(), flood)).toBeLessThanOrEqual(2);
  });

  it('a thousand names that all come back use up the reserve: who logged in from there before still gets in', () => {
    const flood = (n: number) => stranger(`nobody${n % 1000}`, '192.0.2.1', 'x');
    const throttle = new Throttle();
    throttle.loggedIn(OWNER);
    expect(triesNeeded(throttle, flood)).toBeLessThanOrEqual(2);
  });

  it('who knows of the reserve gets few guesses at an account by it', () => {
    const throttle = new Throttle();
    let looked = 0;
    for (let n = 0; n < 12_000; n += 1) {
      // Each password twice in a row: put off, then back.
      const attempt = turn(throttle, stranger('admin', '192.0.2.1', `guess${n >> 1}`), n * 50);
      if (attempt === null) continue;
      looked += 1;
      throttle.failed(attempt, n * 50);
    }
    // Ten minutes: 10 and 20 by the usual turns, 3 and 40 by the reserve.
    expect(looked).toBeLessThanOrEqual(75);
  });

  it('a password that was looked at has no reserved turn', () => {
    const throttle = new Throttle();
    const guess = stranger('admin', '192.0.2.1', 'wrong');
    for (let n = 0; n < 12; n += 1) if (throttle.admit(guess, 0) === 0) throttle.failed(guess, 0);
    expect(throttle.admitReserved(guess, 0)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('accountKey', () => {
  it('is one for all spellings of a name, and does not show it', async () => {
    const [one, other, another, elsewhere] = await Promise.all([
      accountKey('here', 'Admin'),
      accountKey('here', 'aDMIN'),
      accountKey('here', 'admin2'),
      accountKey('there', 'admin'),
    ]);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(other).toBe(one);
    expect(new Set([one, another, elsewhere]).size).toBe(3);
  });
});

describe('networkOf', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::9', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['unknown', 'unknown'],
  ])('%s → %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
