import { useEffect } from 'preact/hooks';
import { networkThere } from '../connection/network-there.ts';
import { start, startProblem } from '../data/start.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Problem } from '../parts/empty.tsx';
import { Mark } from '../parts/mark.tsx';
import { t } from '../translate.ts';
import { placeOn } from '../viewed-host.ts';

/** In the place of the whole page, where it could not start. */
export function Page() {
  return startProblem.value?.noSuchHost === true ? <NoSuchHost /> : <NotStarted why={startProblem.value?.sentence ?? ''} />;
}

function NoSuchHost() {
  return (
    <main class="lonely">
      <Problem
        message={t('There is no such host here: it was removed, or its address was mistyped.')}
        action={<ButtonLink href={placeOn(null, '/')}>{t('Go to the home host')}</ButtonLink>}
      />
    </main>
  );
}

/** Opened where nobody answers, as on a phone without a network: Toru says so, and goes on by itself. */
function NotStarted({ why }: { why: string }) {
  const offline = !networkThere.value;
  useEffect(() => {
    const timer = setInterval(start, 4000);
    addEventListener('online', start);
    return () => {
      clearInterval(timer);
      removeEventListener('online', start);
    };
  }, []);
  return (
    <main class="lonely">
      <Mark size={44} />
      <h1>{offline ? t('This device is offline') : t('Toru can’t be reached')}</h1>
      <p class="muted" role="status">
        {offline ? '' : `${why} `}
        {t('This page opens by itself as soon as there is an answer.')}
      </p>
      <Button onClick={start}>{t('Try again')}</Button>
    </main>
  );
}
