import { expect, test } from 'vitest';
import { checkLanguage, readPage } from './languages.ts';
import { textsIn } from './texts.ts';

const catalogue = new Map([
  ['Save', null],
  ['Runs of {name}', null],
  ['{count} runs of {name}', '1 run of {name}'],
]);

test.each<[string, string, Record<string, unknown>, RegExp[]]>([
  [
    'a whole file',
    'de',
    { Save: 'Speichern', '{count} runs of {name}': { one: '1 Lauf von {name}', other: '{count} Läufe von {name}' } },
    [],
  ],
  ['a key that the page does not have', 'de', { Safe: 'Speichern' }, [/“Safe” is no text of the page/]],
  ['an empty text', 'de', { Save: ' ' }, [/needs a text/]],
  ['a missing value', 'de', { 'Runs of {name}': 'Läufe' }, [/has the values \{name\}, its text none/]],
  ['another value', 'de', { 'Runs of {name}': 'Läufe von {Name}' }, [/its text \{Name\}/]],
  ['one text for all numbers', 'de', { '{count} runs of {name}': 'Läufe von {name}' }, [/a text for each of one, other/]],
  ['a form too few', 'pl', { '{count} runs of {name}': { one: '{name}', other: '{count} {name}' } }, [/each of .*few.*many/]],
  ['a form too many', 'ja', { '{count} runs of {name}': { one: '{name}', other: '{count} {name}' } }, [/each of other/]],
  [
    'a form without a value',
    'de',
    { '{count} runs of {name}': { one: '1 Lauf', other: '{count} Läufe von {name}' } },
    [/its form “one” none/],
  ],
  ['no number where it differs', 'de', { '{count} runs of {name}': { one: '1, {name}', other: '{name}' } }, [/its form “other”/]],
  ['an error by its code', 'de', { 'error:busy': 'Viel los.' }, []],
  ['an error by its sentence', 'de', { 'error:“{label}” is required.': '„{label}“ fehlt.' }, []],
  ['an error that nobody has', 'de', { 'error:bussy': 'Viel los.' }, [/no code of an error/]],
])('%s', (_, code, texts, wrong) => {
  expect(checkLanguage(code, texts, catalogue).wrong).toEqual(wrong.map((one) => expect.stringMatching(one)));
});

test('what a language lacks is listed, and no fault', () => {
  expect(checkLanguage('fr', { Save: 'Enregistrer' }, catalogue)).toEqual({
    wrong: [],
    lacks: ['Runs of {name}', '{count} runs of {name}'],
  });
});

test.each([
  ['a text of the page', '<p>Nothing yet</p>', 'Nothing yet'],
  ['one in an expression', '<p>{busy ? "saving" : label}</p>', 'saving'],
  ['a label', '<input placeholder="name of it" />', 'name of it'],
  ['a label that is chosen', '<Button title={busy ? "wait" : t("Go")} />', 'wait'],
  ['a sentence with a value', `toast(\`\${name} was saved.\`)`, '{} was saved.'],
  ['a word of a table', '({ label: "Any time" })', 'Any time'],
  ['a sentence that is thrown', 'new ToruError("busy", "Wait a moment.")', 'Wait a moment.'],
])('finds %s that goes through no language', (_, code, text) => {
  expect(textsIn('page.tsx', `const f = () => (${code});`).unwrapped.map((one) => one.text)).toEqual([text]);
});

test.each([
  ['<p class="muted small">{t("Nothing yet")}</p>'],
  ['<kbd>Ctrl</kbd>'],
  ['event.key === "Enter" && document.querySelector("main .row a")'],
  ['console.error("gone wrong here")'],
  ['<Choice options={[{ value: "a", label: msg("All of it") }]} />'],
  ['rich(own ? "Asked {when}" : "Asked {when} by {user}", { when: <b>{when}</b> })'],
])('leaves alone what nobody reads, and what is translated: %s', (code) => {
  expect(textsIn('page.tsx', `const f = () => (${code});`)).toMatchObject({ unwrapped: [], wrong: [] });
});

test('refuses a text that is put together, and one that is read before its language is there', () => {
  expect(textsIn('a.ts', `const f = () => t(\`Line \${n}\`);`).wrong.map(({ why }) => why)).toEqual([
    expect.stringContaining('put together'),
  ]);
  expect(textsIn('a.ts', 'const label = t("Line");').wrong.map(({ why }) => why)).toEqual([expect.stringContaining('msg()')]);
});

test('reads the whole page', () => {
  const { catalogue: texts, wrong } = readPage();
  expect(wrong).toEqual([]);
  expect(texts.size).toBeGreaterThan(900);
});
