import { expect, test } from 'vitest';
import { DrawnIcons } from './drawn-icons.ts';
import { iconAt } from './icon.ts';

const NAMES = ['red', 'blue', 'teal'].flatMap((colour) =>
  [...'abcdefghijklmnopqrstuvwxyz'].map((letter) => `/icons/${colour}/letter-${letter}/96.png`),
);

test('a stranger who wants every icon gets some at once, then some a second; those that are drawn are there for everybody', async () => {
  const icons = new DrawnIcons();
  const want = (name: string, now: number) => {
    const look = iconAt(name);
    if (look === null) throw new Error(name);
    return icons.get(name, look, now);
  };
  const first = await want(NAMES[0] ?? '', 0);
  const refused = NAMES.filter((name) => {
    try {
      want(name, 0).catch(() => undefined);
      return false;
    } catch (error) {
      expect(error).toMatchObject({ code: 'too_many_requests', extra: { retry_after: 1 } });
      return true;
    }
  });
  expect(refused).toHaveLength(NAMES.length - 60);
  for (let n = 0; n < 1000; n += 1) expect(await want(NAMES[0] ?? '', 0)).toBe(first);
  expect((await want(refused[0] ?? '', 200)).length).toBeGreaterThan(100);
});
