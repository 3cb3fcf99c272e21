/** For an input whose text is read letter by letter: nothing completes or corrects it. */
export const VERBATIM = { autocomplete: 'off', autocapitalize: 'none', spellcheck: false } as const;
