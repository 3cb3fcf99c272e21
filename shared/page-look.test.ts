import { expect, it } from 'vitest';
import { lookCookie, PLAIN_LOOK, readLook, writeLook } from './page-look.ts';

it('reads what it wrote, and writes nothing for a browser in which nothing was chosen', () => {
  const chosen = { theme: 'dark', language: 'de', density: 'list', folded: true } as const;
  expect(readLook(writeLook(chosen) ?? '')).toEqual(chosen);
  expect(writeLook(PLAIN_LOOK)).toBeNull();
});

it.each([undefined, '', 'x', 'dark"><script>.de', '....', `system.${'a'.repeat(500)}.large.`, 'a.<b>.c.d'])(
  'takes %j, which anybody can send, for a look with nothing strange in it',
  (value) => {
    const { theme, language, density, folded } = readLook(value);
    expect(['system', 'light', 'dark']).toContain(theme);
    expect(['large', 'small', 'list']).toContain(density);
    expect([language, folded]).toEqual(['', false].map((plain, i) => (i === 0 && value?.includes('.de') === true ? 'de' : plain)));
  },
);

it('names the port on plain http alone', () => {
  expect(lookCookie({ https: true, port: '' })).toBe('__Host-toru_look');
  expect(lookCookie({ https: false, port: '3000' })).toBe('toru_look_3000');
  expect(lookCookie({ https: false, port: '' })).toBe('toru_look_80');
});
