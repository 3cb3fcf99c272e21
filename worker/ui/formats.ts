import { getOrInsert } from '../../shared/get-or-insert.ts';

/** The browser's formatters for a locale, each made once: to make one takes a hundred times as long as to use it. */

/** BCP 47; undefined: the browser's own. */
type Locale = string | undefined;

function kept<Options, Format extends object>(
  make: (locale: Locale, options?: Options) => Format,
): (locale: Locale, options?: Options) => Format {
  const made = new Map<string, Format>();
  return (locale, options) => {
    // A traveller's device moves to another zone while the page is open.
    const key = JSON.stringify([locale, options, new Date().getTimezoneOffset()]);
    return getOrInsert(made, key, () => make(locale, options));
  };
}

export const dateFormat = kept((locale: Locale, options?: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options));
export const numberFormat = kept((locale: Locale, options?: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options));
