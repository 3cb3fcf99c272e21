import { PROTOCOL_VERSION } from '../../../shared/limits.ts';

/** Which build this page is: the name of its entry script, with its hash. Null where the sources are served. */
export function pageBuild(page: Pick<Document, 'querySelector'>): string | null {
  return page.querySelector('script[type="module"][src^="/assets/"]')?.getAttribute('src')?.slice('/assets/'.length) ?? null;
}

/** The query by which the page names its build when it opens its socket. */
export function versionQuery(build: string | null): string {
  return `v=${PROTOCOL_VERSION}${build === null ? '' : `&build=${encodeURIComponent(build)}`}`;
}

const KEY = 'toru.reloaded_from';

/**
 * Reloads, if this build never did so in this tab: when even the page that comes then is refused, a person has to look.
 * @param kept what lasts as long as the tab. @returns false when it was not reloaded.
 */
export function reloadOnce(build: string | null, kept: () => Pick<Storage, 'getItem' | 'setItem'>, reload: () => void): boolean {
  try {
    const from = build ?? '';
    if (kept().getItem(KEY) === from) return false;
    kept().setItem(KEY, from);
  } catch {
    // A browser that keeps nothing: it would reload for ever.
    return false;
  }
  reload();
  return true;
}
