import { builtPage } from './built-page.ts';
import { sentCookie } from './cookies.ts';
import type { EdgeContext } from './edge-context.ts';
import { firstAnswers, placeKey } from './first-answers.ts';

/**
 * What a browser should fetch beside the page's first script, which would ask for it only when it runs: code, and the first answers of the
 * API; a round trip less before a place is drawn. Told by the header Link (https://www.rfc-editor.org/rfc/rfc8288), which the page's policy holds for, too.
 */

/** @param drawn the page's first answers are in it. @returns the value of Link for the page at this path. */
export async function preloadHints(c: EdgeContext, pathname: string, drawn: boolean): Promise<string> {
  const [, host = null, place = '/'] = /^(?:\/h\/([\w-]+))?(\/.*)?$/.exec(pathname) ?? [];
  // Without a session, every place is the login.
  const shown = (await sentCookie(c, 'toru')) === null ? '/login' : place;
  const files = (await builtPage(c)).places[placeKey(shown)] ?? [];
  return [...files.map((file) => hint(file, drawn)), ...(drawn ? [] : firstAnswers(shown).map((path) => answerHint(path, host)))].join(
    ', ',
  );
}

/** As `fetch` asks, or it would be loaded twice. */
function answerHint(path: string, host: string | null): string {
  return `</api${host === null ? '' : `/hosts/${host}`}${path}>; rel=preload; as=fetch; crossorigin`;
}

/** Styles are asked for as Vite's links ask for them: another way of asking would load them twice. */
function hint(file: string, drawn: boolean): string {
  return file.endsWith('.css')
    ? `<${file}>; rel=preload; as=style; crossorigin`
    : `<${file}>; rel=modulepreload${drawn ? '; fetchpriority=low' : ''}`;
}
