import { effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ErrorBoundary, LocationProvider, Route, Router } from 'preact-iso';
import { ToruError } from '../../shared/errors.ts';
import { sentence } from './api.ts';
import { networkThere } from './connection/network-there.ts';
import { reloadFromServer } from './navigation.ts';
import { goToLogin, isAdmin, loadSession, me } from './own-session.ts';
import { MissingPage } from './pages/missing.tsx';
import { Button, ButtonLink } from './parts/button.tsx';
import { Problem } from './parts/empty.tsx';
import { lazyPlace } from './parts/lazy-place.tsx';
import { Mark } from './parts/mark.tsx';
import { places } from './routes.ts';
import { Shell } from './shell/shell.tsx';
import { t } from './translate.ts';
import { onHost, placeOn, shownHere, viewedHost } from './viewed-host.ts';

/** Whoever comes without a session gets it beside the first script (worker/http/preload-hints.ts); everybody else, never. */
const LoginPage = lazyPlace(() => import('./pages/login.tsx').then((part) => part.LoginPage));

/** Why the page could not start, in a sentence. */
const startProblem = signal<string | null>(null);
/** The address names a host that is none of this installation, or no longer. */
const noSuchHost = signal(false);
/** A fault of ours, in a sentence. */
const fault = signal<string | null>(null);

/** So many pages were opened after the first one. */
const opened = signal(0);

/** The code that keeps the focus comes with the first focus, or with the next one where that fails. */
function keepFocus({ target }: FocusEvent): void {
  removeEventListener('focusin', keepFocus);
  import('./shell/focus-keeper.ts').then(
    ({ watchFocus }) => watchFocus(opened, target),
    () => addEventListener('focusin', keepFocus),
  );
}
addEventListener('focusin', keepFocus);

function start(): void {
  loadSession().then(
    () => {
      startProblem.value = null;
    },
    (error: unknown) => {
      startProblem.value = sentence(error);
      noSuchHost.value = error instanceof ToruError && error.code === 'unknown_host';
    },
  );
}
start();

effect(() => {
  if (me.value === null) goToLogin();
});

/** A fault of ours must not leave an empty page. */
function crashed(error: Error): void {
  console.error(error);
  fault.value = sentence(error);
}

/** The whole page: login, or the shell with one of the places in it. */
export function App() {
  return (
    <LocationProvider scope={shownHere}>
      <ErrorBoundary onError={crashed}>
        <Body />
      </ErrorBoundary>
    </LocationProvider>
  );
}

function Body() {
  if (fault.value !== null) {
    return (
      <main class="lonely">
        <Problem message={fault.value} action={<Button onClick={() => void reloadFromServer()}>{t('Reload')}</Button>} />
      </main>
    );
  }
  if (me.value === undefined && noSuchHost.value) return <NoSuchHost />;
  if (me.value === undefined && startProblem.value !== null) return <NotStarted why={startProblem.value} />;
  if (me.value === undefined) return <main class="lonely" aria-busy="true" />;
  if (me.value === null) return <LoginPage />;
  return (
    <Shell>
      <Router onRouteChange={() => (opened.value += 1)}>
        {places
          .filter((place) => (place.admin !== true || isAdmin.value) && (place.home !== true || viewedHost === null))
          .map((place) => (
            <Route key={place.path} path={onHost(place.path)} component={place.component} />
          ))}
        <Route path="/login" component={LoginPage} />
        <Route default component={MissingPage} />
      </Router>
    </Shell>
  );
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
