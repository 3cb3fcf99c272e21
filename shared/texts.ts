/** Texts in a language: English is the key, and is said where the language has nothing. The page and the host's messages say them so. */

/** A text of a language; one with a number has a form for each of the language's plurals. */
export type Translated = string | Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>;
export type Texts = Readonly<Record<string, Translated>>;
/** By name: what stands in the text as `{name}`. */
export type Values = Readonly<Record<string, string | number>>;

/** A language's texts, and its locale for numbers; undefined: that of this machine. */
export interface Language {
  locale: string | undefined;
  texts: Texts;
}

/** @returns the text, with its values in place. */
export function fill(text: string, values: Readonly<Record<string, unknown>> = {}): string {
  return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

/** @returns what the language says for this key; null when it has nothing. */
export function textIn({ texts }: Language, key: string): string | null {
  const found = texts[key];
  return typeof found === 'string' ? found : null;
}

/** A text with a number, which stands in it as `{count}`. @param one for 1, in English. @param other for every other, and the key. */
export function pluralIn({ locale, texts }: Language, count: number, one: string, other: string, values?: Values): string {
  const forms = texts[other];
  const own = typeof forms === 'object' ? (forms[new Intl.PluralRules(locale).select(count)] ?? forms.other) : undefined;
  // A small count has nothing to group, and a page’s first formatter takes 50 ms.
  const written = Number.isInteger(count) && count < 1000 ? String(count) : new Intl.NumberFormat(locale).format(count);
  return fill(own ?? (count === 1 ? one : other), { count: written, ...values });
}
