import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { lazy } from 'preact-iso';
import { networkThere } from '../connection/network-there.ts';
import { reloadFromServer } from '../navigation.ts';
import { t } from '../translate.ts';
import { Button } from './button.tsx';
import { Empty } from './empty.tsx';

/** A page whose code comes when it is first needed. `preload`: brings it before that; what fails is tried again then. */
export type LazyPlace = ComponentType & { preload: () => Promise<void> };

/** @param load brings the file of a page. Where that fails, the frame around the page stays, and the page says so and tries again. */
export function lazyPlace(load: () => Promise<{ Page: ComponentType }>): LazyPlace {
  const attempt = () =>
    lazy(() =>
      load().then(
        ({ Page }) => Page,
        () => Missing,
      ),
    );
  const current = signal(attempt());
  function again(): void {
    current.value = attempt();
  }
  function Missing() {
    // The next visit tries again.
    useEffect(() => again, []);
    return <NotLoaded onAgain={again} />;
  }
  function Place() {
    const Current = current.value;
    return <Current />;
  }
  Place.preload = async (): Promise<void> => {
    await load();
    await current.peek().preload();
  };
  return Place;
}

/** In the place of a page that could not be loaded. */
function NotLoaded({ onAgain }: { onAgain: () => void }) {
  const there = networkThere.value;
  useEffect(() => {
    if (!there) return undefined;
    const timer = setTimeout(onAgain, 3000);
    return () => clearTimeout(timer);
  }, [there]);
  return (
    <Empty title={t('This page could not be loaded')} action={<Button onClick={() => void reloadFromServer()}>{t('Try again')}</Button>}>
      {there ? t('The server did not answer.') : t('This device is offline.')} {t('It comes by itself as soon as the network is back.')}
    </Empty>
  );
}
