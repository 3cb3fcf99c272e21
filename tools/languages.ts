import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DESCRIPTION } from '../shared/app-texts.ts';
import { ERROR_STATUS } from '../shared/errors.ts';
import { NOTICE_COUNTS, NOTICE_TEXTS } from '../shared/notice-texts.ts';
import { NUMBER_SETTINGS } from '../shared/number-settings.ts';
import { root } from './root.ts';
import { textsIn } from './texts.ts';

/**
 * The page's languages against its sources. `node tools/languages.ts` is the check; `node tools/languages.ts fr` prints what
 * worker/ui/languages/fr.json lacks, in English, as JSON to begin from.
 */

/** Keys of texts, each with its form for one where it has a number. */
export type Catalogue = ReadonlyMap<string, string | null>;

const SOURCES = 'worker/ui/**/*.{ts,tsx}';
/** Not the page: what builds it; a plugin's frame, whose errors its author's code reads; the worker that has no page. */
const LEFT_OUT =
  /\.test\.|vite\.config|worker\/ui\/(?:chunks|icon-imports|translate|rich)\.ts|service-worker\/|plugin-frame\/(?:frame|frame-calls|bridge|own-routes)\.ts/;
/** Sentences of the server have themselves, or the code of their error (shared/errors.ts), for a key. */
const ERROR = 'error:';

/** @returns what is wrong with a language, a sentence each, and which texts it lacks. */
export function checkLanguage(
  code: string,
  texts: Readonly<Record<string, unknown>>,
  catalogue: Catalogue,
): { wrong: string[]; lacks: string[] } {
  const wrong: string[] = [];
  const forms = new Intl.PluralRules(code).resolvedOptions().pluralCategories;
  for (const [key, text] of Object.entries(texts)) {
    const one = catalogue.get(key);
    if (key.startsWith(ERROR)) {
      const sentence = key.slice(ERROR.length);
      if (!isText(text) || (/^\w+$/.test(sentence) && !Object.hasOwn(ERROR_STATUS, sentence)))
        wrong.push(`“${key}” is no code of an error with a text`);
      else if (valuesOf(text) !== valuesOf(key))
        wrong.push(`“${key}” has the values ${valuesOf(key) || 'none'}, its text ${valuesOf(text) || 'none'}`);
    } else if (one === undefined) wrong.push(`“${key}” is no text of the page`);
    else if (one === null) {
      if (!isText(text)) wrong.push(`“${key}” needs a text`);
      else if (valuesOf(text) !== valuesOf(key))
        wrong.push(`“${key}” has the values ${valuesOf(key) || 'none'}, its text ${valuesOf(text) || 'none'}`);
    } else if (!isForms(text) || Object.keys(text).sort().join() !== [...forms].sort().join())
      wrong.push(`“${key}” needs a text for each of ${forms.join(', ')}`);
    // A form for one number need not name it.
    else
      for (const [form, own] of Object.entries(text))
        if (valuesOf(own, 'count') !== valuesOf(key, 'count') || (form === 'other' && valuesOf(own) !== valuesOf(key)))
          wrong.push(`“${key}” has the values ${valuesOf(key)}, its form “${form}” ${valuesOf(own) || 'none'}`);
  }
  return { wrong, lacks: [...catalogue.keys()].filter((key) => !Object.hasOwn(texts, key)) };
}

/** @returns the texts of the page, and what of it is not ready to be translated, a line each. */
export function readPage(): { catalogue: Catalogue; wrong: string[] } {
  const catalogue = new Map<string, string | null>();
  const wrong: string[] = [];
  for (const file of globSync(SOURCES, { cwd: root })) {
    if (LEFT_OUT.test(file)) continue;
    const found = textsIn(file, readFileSync(join(root, file), 'utf8'));
    for (const { text, one } of found.texts) catalogue.set(text, one);
    for (const { text, line } of found.unwrapped)
      wrong.push(`${file}:${line} “${text}” is English in every language: t('…'), or NAMES in tools/texts.ts if it is a name`);
    for (const { why, line } of found.wrong) wrong.push(`${file}:${line} ${why}`);
  }
  for (const { label, help, unit, audit } of Object.values(NUMBER_SETTINGS))
    for (const text of [label, help, unit, audit]) catalogue.set(text, null);
  for (const text of Object.values(NOTICE_TEXTS)) catalogue.set(text, null);
  for (const [one, other] of Object.values(NOTICE_COUNTS)) catalogue.set(other, one);
  return { catalogue: catalogue.set(DESCRIPTION, null), wrong };
}

/** Its names in braces, sorted. */
function valuesOf(text: string, but?: string): string {
  const names = [...text.matchAll(/\{\w+\}/g)].map(([name]) => name);
  return [...new Set(names)]
    .filter((name) => name !== `{${but}}`)
    .sort()
    .join(' ');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function isForms(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every(isText);
}

function readLanguage(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function main(wanted: string | undefined): boolean {
  const { catalogue, wrong } = readPage();
  const files = globSync('worker/ui/languages/*.json', { cwd: root }).map((file) => join(root, file));
  if (wanted !== undefined) {
    const file = files.find((one) => basename(one, '.json') === wanted);
    const forms = new Intl.PluralRules(wanted).resolvedOptions().pluralCategories;
    const { lacks } = checkLanguage(wanted, file === undefined ? {} : readLanguage(file), catalogue);
    const texts = lacks.map((key) => {
      const one = catalogue.get(key);
      return [key, one == null ? key : Object.fromEntries(forms.map((form) => [form, form === 'one' ? one : key]))];
    });
    process.stdout.write(`${JSON.stringify(Object.fromEntries(texts), null, 2)}\n`);
    return true;
  }
  for (const file of files) {
    const code = basename(file, '.json');
    const checked = checkLanguage(code, readLanguage(file), catalogue);
    wrong.push(...checked.wrong.map((one) => `worker/ui/languages/${code}.json: ${one}`));
    process.stdout.write(`${code}: ${catalogue.size - checked.lacks.length} of ${catalogue.size} texts\n`);
    for (const key of checked.lacks) process.stdout.write(`  in English: ${key}\n`);
  }
  for (const one of wrong) process.stdout.write(`${one}\n`);
  return wrong.length === 0;
}

if (import.meta.main) process.exitCode = main(process.argv[2]) ? 0 : 1;
