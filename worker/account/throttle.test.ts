import { describe, expect, it } from 'vitest';
import { accountKey, networkOf, Throttle } from './throttle.ts';

const stranger = (account: string, address: string) => ({ account, address, device: null });

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

  it('lets strangers try sixty times a minute in all', () => {
    const throttle = new Throttle();
    const admitted = Array.from({ length: 100 }, (_, n) => throttle.admit(stranger(`user${n}`, `10.0.0.${n}`), 0)).filter(
      (wait) => wait === 0,
    );
    expect(admitted).toHaveLength(60);
    expect(throttle.admit({ account: 'admin', address: '10.0.0.200', device: 'known' }, 0)).toBe(0);
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
