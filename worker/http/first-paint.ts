import { getCookie } from 'hono/cookie';
import { lookCookie, readLook, writeLook } from '../../shared/page-look.ts';
import type { Texts } from '../../shared/texts.ts';
import { type Ask, builtPage } from './built-page.ts';
import { sentCookie } from './cookies.ts';
import type { EdgeContext } from './edge-context.ts';
import { firstAnswers, ME, placeKey } from './first-answers.ts';

/**
 * The page as it is first seen, drawn before its script is there: the same components over the same answers of the API, asked for in the
 * name of whoever opens it. The script goes on with what stands there, and with these answers (worker/ui/given.ts).
 */

/** A host that needs longer is not waited for: the page asks it itself, and draws then. */
const PATIENCE_MS = 400;
/** Where somebody logged in finds the page drawn: as `placeKey` names them. */
const DRAWN: ReadonlySet<string> = new Set(['/', '/runs/*', '/a/*']);

const ROOT = '<div id="root"></div>';

/** The login as it was drawn, by language: strangers ask for it, as often as they like, and all see the same. */
const logins = new Map<string, string>();

/** Opened by a person, as a document, from here or from the address bar: a visit from another site comes without its session, which is Strict. */
export function mayBeDrawn(c: EdgeContext): boolean {
  const from = c.req.header('sec-fetch-site');
  return (
    c.req.method === 'GET' &&
    c.req.header('sec-fetch-dest') === 'document' &&
    c.req.header('sec-fetch-mode') === 'navigate' &&
    (from === 'none' || from === 'same-origin')
  );
}

/** @returns null where the page is served as it was built: also where it could not be drawn, which no page is worth. */
export async function firstPaint(c: EdgeContext, ask: Ask): Promise<Response | null> {
  try {
    return await drawnPage(c, ask);
  } catch (error) {
    console.error(error);
    return null;
  }
}

async function drawnPage(c: EdgeContext, ask: Ask): Promise<Response | null> {
  const { pathname } = new URL(c.req.raw.url);
  const { https, host } = c.get('site');
  const look = readLook(getCookie(c, lookCookie({ https, port: /:(\d+)$/.exec(host)?.[1] ?? '' })));
  const isNobody = (await sentCookie(c, 'toru')) === null;
  if (isNobody && pathname !== '/' && pathname !== '/login') return null;
  const place = isNobody ? '/login' : placeKey(pathname);
  // Whose groups are folded is shown them so from the first moment on, and only the browser knows which they are.
  if (!isNobody && (!DRAWN.has(place) || (place === '/' && look.folded))) return null;
  const [built, answers, page, { places }, { language, texts }] = await Promise.all([
    c.env.ASSETS.fetch('https://assets/'),
    isNobody ? { [`/api${ME}`]: null } : answersOf(ask, firstAnswers(pathname)),
    import('toru:page-on-server'),
    builtPage(c),
    languageOf(c, look.language),
  ]);
  const html = await built.text();
  if (answers === null || !html.includes(ROOT)) return null;
  const drawing = { path: pathname, answers, look, locale: language, texts };
  const drawn = (isNobody ? logins.get(language) : null) ?? (await page.renderPage(drawing));
  if (drawn === null) return null;
  if (isNobody) logins.set(language, drawn);
  const given = { look: `${language} ${writeLook(look) ?? ''}`, date: new Date().toUTCString(), answers };
  // Those that the script would bring with the place's code.
  const styles = (places[place] ?? []).filter((file) => file.endsWith('.css'));
  const theme = look.theme === 'system' ? '' : ` data-theme="${look.theme}"`;
  // A tile can't be pressed before its script is there; into the login's fields, one may type.
  const text = html
    .replace('<html lang="en">', `<html lang="${language}" dir="${page.directionOf(language)}"${theme}>`)
    // What is seen first needs the styles alone: on a slow line the script comes behind them.
    .replace(' blocking="render"', ' fetchpriority="low"')
    .replace('</head>', `${styles.map((file) => `  <link rel="stylesheet" crossorigin href="${file}">\n`).join('')}  </head>`)
    .replace(
      ROOT,
      () =>
        `<div id="root"${isNobody ? '' : ' inert'}>${drawn}</div><script type="application/json" id="given">${inScript(given)}</script>`,
    );
  return new Response(text, { headers: { 'content-type': 'text/html; charset=utf-8' } });
}

/** @param below paths below `/api`. @returns by full path; null where one is missing, refused or late. */
async function answersOf(ask: Ask, below: readonly string[]): Promise<Record<string, unknown> | null> {
  const paths = below.map((path) => `/api${path}`);
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE_MS));
  const all = Promise.all(paths.map(async (path) => [path, await answerOf(ask, path)] as const));
  const answers = await Promise.race([all, late]);
  return answers === null || answers.some(([, answer]) => answer === undefined) ? null : Object.fromEntries(answers);
}

async function answerOf(ask: Ask, path: string): Promise<unknown> {
  try {
    const answer = await ask(path);
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

async function languageOf(c: EdgeContext, chosen: string): Promise<{ language: string; texts: Texts }> {
  const [page, { languages }] = await Promise.all([import('toru:page-on-server'), builtPage(c)]);
  const wanted = (c.req.header('accept-language') ?? '').split(',').map((one) => one.trim().split(';')[0] ?? '');
  const language = page.languageFor([...(chosen === '' ? [] : [chosen]), ...wanted], ['en', ...Object.keys(languages)]);
  const file = languages[language];
  if (file === undefined) return { language, texts: {} };
  const texts: unknown = await (await c.env.ASSETS.fetch(`https://assets${file}`)).json();
  return page.isTexts(texts) ? { language, texts } : { language: 'en', texts: {} };
}

/** As JSON that ends no script: https://html.spec.whatwg.org/#restrictions-for-contents-of-script-elements. */
function inScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
