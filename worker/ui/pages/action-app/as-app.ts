import { useEffect } from 'preact/hooks';
import { call } from '../../api.ts';
import { isRecord } from '../../guards.ts';
import { appPath } from '../../navigation.ts';
import { readJson } from '../../read-json.ts';

/**
 * What a browser installs from here is this action: its manifest, and its icon for iOS, which reads that from the page (without our cookie,
 * hence from an address that is the icon itself). The server's own page has the manifest already; who came from another page has not.
 */
export function useAsApp(id: string, label: string | undefined): void {
  useEffect(() => replaced('link[rel=manifest]', 'href', `${appPath(id)}/manifest.webmanifest`), [id]);
  useEffect(() => {
    if (label === undefined) return undefined;
    const title = document.createElement('meta');
    title.name = 'apple-mobile-web-app-title';
    title.content = label;
    document.head.append(title);
    let restore: (() => void) | undefined;
    const abort = new AbortController();
    iconOf(id, abort.signal).then(
      (icon) => {
        if (icon !== null && !abort.signal.aborted) restore = replaced('link[rel=apple-touch-icon]', 'href', icon);
      },
      () => undefined,
    );
    return () => {
      abort.abort();
      title.remove();
      restore?.();
    };
  }, [id, label]);
}

/** The one for iOS, beside those of the manifest; null when there is none. @throws ToruError. */
async function iconOf(id: string, signal: AbortSignal): Promise<string | null> {
  const manifest = readJson(await (await call(`${appPath(id)}/manifest.webmanifest`, { signal })).text());
  const first = isRecord(manifest) && Array.isArray(manifest['icons']) ? manifest['icons'][0] : null;
  const src = isRecord(first) ? first['src'] : null;
  return typeof src === 'string' && src.startsWith('/icons/') ? src.replace(/[^/]+$/, '180.png') : null;
}

/** @returns what puts the old value back. */
function replaced(selector: string, name: string, value: string): () => void {
  const element = document.querySelector(selector);
  const before = element?.getAttribute(name);
  element?.setAttribute(name, value);
  return () => before != null && element?.setAttribute(name, before);
}
