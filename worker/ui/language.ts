import { signal } from '@preact/signals';
import { recall, remember } from './theme.ts';
import { directionOf, isTexts, languageFor, shown, type Texts } from './translate.ts';

/** Which language the page speaks: the person's choice on this device, else the browser's, else English. A language is a file in languages/. */

/** Address of each language's file, which is loaded only when it is shown. */
const FILES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(import.meta.glob<string>('./languages/*.json', { eager: true, query: '?url', import: 'default' })).map(
    ([path, address]) => [path.slice('./languages/'.length, -'.json'.length), address],
  ),
);
const KEY = 'toru.language';

/** As the browser says (''), or a language of `languages`. Kept in this browser only; `chooseLanguage` changes it. */
export const languageChoice = signal(recall(KEY) ?? '');
/** What can be chosen: BCP 47 tags. */
export const languages: readonly string[] = ['en', ...Object.keys(FILES)];

/** Address of the file of the language that is shown; undefined for English. */
export function languageFile(): string | undefined {
  return FILES[document.documentElement.lang];
}

export async function chooseLanguage(choice: string): Promise<void> {
  languageChoice.value = choice;
  remember(KEY, choice === '' ? null : choice);
  await showLanguage();
}

/** Shows the chosen language: at once for English, else when its file is here. Without it the page stays as it is. */
export async function showLanguage(): Promise<void> {
  const choice = languageChoice.peek();
  const wanted = [...(choice === '' ? [] : [choice]), ...navigator.languages];
  const code = languageFor(wanted, languages);
  const file = FILES[code];
  const texts = file === undefined ? {} : await textsAt(file);
  if (texts === null || languageChoice.peek() !== choice) return;
  // The person's own kind of it, for dates and numbers: Austrian German, British English.
  const locale = navigator.languages.find((tag) => tag.split('-')[0] === code) ?? code;
  Object.assign(document.documentElement, { lang: code, dir: directionOf(code) });
  shown.value = { locale, texts };
  // The description in the app's manifest: the server reads it from the same file.
  const name = /([\w-]+)\.json$/.exec(file ?? '')?.[1];
  document
    .querySelector('link[rel=manifest][href^="/manifest"]')
    ?.setAttribute('href', `/manifest.webmanifest${name === undefined ? '' : `?language=${name}`}`);
}

/** @returns null when it can't be had now. */
async function textsAt(file: string): Promise<Texts | null> {
  try {
    const texts: unknown = await (await fetch(file)).json();
    return isTexts(texts) ? texts : null;
  } catch {
    return null;
  }
}
