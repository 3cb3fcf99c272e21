import { afterEach, expect, test } from 'vitest';
import { bytes, counted, duration } from './amounts.ts';
import { relativeTime, shortTime } from './time.ts';
import { fromServer, languageFor, plural, shown, t } from './translate.ts';

const GERMAN = {
  Save: 'Speichern',
  'Runs of {name}': 'Läufe von {name}',
  '{count} runs': { one: '{count} Lauf', other: '{count} Läufe' },
  '{d} d {h} h': '{d} T {h} h',
  '{n} min. ago': 'vor {n} Min.',
  yesterday: 'gestern',
  'error:busy': 'Viel los.',
  'error:“{label}”: at most {max}.': '„{label}“: höchstens {max}.',
};
const POLISH = { '{count} runs': { one: '{count} bieg', few: '{count} biegi', many: '{count} biegów', other: '{count} biegu' } };

afterEach(() => {
  shown.value = { locale: undefined, texts: {} };
});

test('English stands in the code', () => {
  expect([t('Runs of {name}', { name: 'ada' }), plural(1, '1 run', '{count} runs'), plural(1204, '1 run', '{count} runs')]).toEqual([
    'Runs of ada',
    '1 run',
    '1,204 runs',
  ]);
});

test('a language says what it has, and the rest is English', () => {
  shown.value = { locale: 'de-DE', texts: GERMAN };
  expect([t('Save'), t('Runs of {name}', { name: '{x} $& <b>' }), t('Stop'), t('constructor')]).toEqual([
    'Speichern',
    'Läufe von {x} $& <b>',
    'Stop',
    'constructor',
  ]);
  expect([1, 2, 1204].map((count) => plural(count, '1 run', '{count} runs'))).toEqual(['1 Lauf', '2 Läufe', '1.204 Läufe']);
  expect(plural(1, '1 user', '{count} users')).toBe('1 user');
});

test('every plural of a language', () => {
  shown.value = { locale: 'pl', texts: POLISH };
  expect([1, 3, 5, 1.5].map((count) => plural(count, '1 run', '{count} runs'))).toEqual(['1 bieg', '3 biegi', '5 biegów', '1,5 biegu']);
});

test('sentences of the server: by themselves, by the code of their error, else as they came', () => {
  expect(fromServer('busy', 'Try again.')).toBe('Try again.');
  shown.value = { locale: 'de', texts: GERMAN };
  expect([
    fromServer('busy', 'Try again.'),
    fromServer('input_invalid', '“Level (1+)”: at most 10.'),
    fromServer('input_invalid', '“Level”: a text is expected.'),
  ]).toEqual(['Viel los.', '„Level (1+)“: höchstens 10.', '“Level”: a text is expected.']);
});

test('times, sizes and numbers follow the language', () => {
  shown.value = { locale: 'de-DE', texts: GERMAN };
  const now = Date.parse('2026-11-29T12:00:00Z');
  expect([
    relativeTime(now - 3 * 60_000, now),
    relativeTime(now - 86_400_000, now),
    duration(400),
    duration(4 * 86_400_000),
    bytes(1_400_000),
    counted(1204),
  ]).toEqual(['vor 3 Min.', 'gestern', '0,4 s', '4 T 0 h', '1,4 MB', '1.204']);
  expect(shortTime(now - 9 * 86_400_000, now)).toMatch(/20\.11\.2026/);
});

test.each([
  [['de-AT', 'en'], 'de'],
  [['fr', 'de'], 'de'],
  [['fr-CA'], 'en'],
  [['pt'], 'pt-BR'],
  [['EN-gb', 'de'], 'en'],
  [[], 'en'],
])('of %j it speaks %s', (wanted, code) => {
  expect(languageFor(wanted, ['en', 'de', 'pt-BR'])).toBe(code);
});
