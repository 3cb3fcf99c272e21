/** The page's components without a browser: worker/ui/on-server/render.tsx, as embedded/page-on-server.ts builds it. */
declare module 'toru:page-on-server' {
  import type { Look } from '../shared/page-look.ts';
  import type { Texts } from '../shared/texts.ts';

  export function renderPage(first: {
    path: string;
    answers: Readonly<Record<string, unknown>>;
    look: Look;
    locale: string;
    texts: Texts;
  }): Promise<string | null>;
  export function languageFor(wanted: readonly string[], there: readonly string[]): string;
  export function directionOf(language: string): 'ltr' | 'rtl';
  export function isTexts(value: unknown): value is Texts;
}
