import { renderToString } from 'preact-render-to-string';
import type { Look } from '../../../shared/page-look.ts';
import type { Texts } from '../../../shared/texts.ts';
import { App, loadPlace } from '../app.tsx';
import { noteActions } from '../data/known-actions.ts';
import { putGiven } from '../given.ts';
import { isActionList, isMe, orNull } from '../guards.ts';
import { me } from '../own-session.ts';
import { density } from '../pages/actions/density.tsx';
import { directionOf, isTexts, languageFor, shown } from '../translate.ts';
import { location } from './browserless.ts';

export { directionOf, isTexts, languageFor };

/** What a page is drawn from before its script runs. */
export interface FirstPaint {
  /** The place, without a host's prefix. */
  path: string;
  /** The API's answers, by path, as the browser would get them. */
  answers: Readonly<Record<string, unknown>>;
  look: Look;
  locale: string;
  texts: Texts;
}

/**
 * Draws a page as the page's own script draws it first: the same components, over the same answers. From the first signal that is
 * set to the last one that is cleared nothing waits, so what belongs to one person is never there for the request of another.
 * @returns null where the answers are not what the page needs.
 */
export async function renderPage({ path, answers, look, locale, texts }: FirstPaint): Promise<string | null> {
  const somebody = answers['/api/me?optional=true'];
  const list = answers['/api/actions'];
  // A host without actions has a page of its own, which comes late.
  if (!orNull(isMe)(somebody) || (somebody !== null && (!isActionList(list) || (path === '/' && list.items.length === 0)))) return null;
  await loadPlace(path, somebody !== null);
  try {
    location.pathname = somebody === null ? '/login' : path;
    shown.value = { locale, texts };
    density.value = look.density;
    me.value = somebody;
    putGiven(answers);
    if (isActionList(list) && somebody !== null) noteActions(list);
    return renderToString(<App />);
  } finally {
    me.value = undefined;
    putGiven({});
  }
}
