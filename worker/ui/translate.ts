import { signal } from '@preact/signals';
import { fill, type Language, pluralIn, type Texts, textIn, type Values } from '../../shared/texts.ts';

export type { Texts } from '../../shared/texts.ts';

/**
 * The page's texts. English stands in the code, and is the key under which a language (languages/<code>.json) has its own text; what it
 * lacks is said in English.
 */

/** The language that is shown: its locale for dates and numbers (undefined: the browser's), and its texts. Read by `t`, hence followed by whoever draws. */
export const shown = signal<Language>({ locale: undefined, texts: {} });

/** @param text in English. @returns it in the page's language. */
export function t(text: string, values?: Values): string {
  return fill(textIn(shown.value, text) ?? text, values);
}

/**
 * A sentence of the server, or of a rule that it shares: English, unless the page's language has a text for it (`error:` and the sentence,
 * with `{names}` for what differs), or for the code of its error (`error:` and the code).
 */
export function fromServer(code: string, sentence: string): string {
  for (const [key, text] of Object.entries(shown.value.texts)) {
    if (!key.startsWith(ERROR) || typeof text !== 'string') continue;
    // Every other part is a name: what stands there is taken over.
    const parts = key.slice(ERROR.length).split(/\{(\w+)\}/);
    const pattern = parts.map((part, at) => (at % 2 === 0 ? part.replace(/[^\p{L}\p{N} ]/gu, '\\$&') : `(?<${part}>.+?)`)).join('');
    const found = new RegExp(`^${pattern}$`, 's').exec(sentence);
    if (found !== null) return fill(text, found.groups);
  }
  return textIn(shown.value, ERROR + code) ?? sentence;
}

const ERROR = 'error:';

/** A text with a number, which stands in it as `{count}`. @param one for 1, in English. @param other for every other, and the key. */
export function plural(count: number, one: string, other: string, values?: Values): string {
  return pluralIn(shown.value, count, one, other, values);
}

/** Marks a text of a module's constant, which is made before the language is known: `t` it where it is shown. */
export function msg<T extends string>(text: T): T {
  return text;
}

/** The first language of these, most wanted first, that there is; English where there is none. */
export function languageFor(wanted: readonly string[], there: readonly string[]): string {
  const base = (tag: string): string => tag.toLowerCase().split('-')[0] ?? '';
  for (const tag of wanted) {
    const found = there.find((one) => one.toLowerCase() === tag.toLowerCase()) ?? there.find((one) => base(one) === base(tag));
    if (found !== undefined) return found;
  }
  return 'en';
}

/** Written from right to left. */
const RTL = /^(?:ar|ckb|dv|fa|he|ps|sd|ug|ur|yi)\b/;

export function directionOf(language: string): 'ltr' | 'rtl' {
  return RTL.test(language) ? 'rtl' : 'ltr';
}

/** @param value what the file of a language held. */
export function isTexts(value: unknown): value is Texts {
  return typeof value === 'object' && value !== null;
}
