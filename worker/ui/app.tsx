import { effect, signal } from '@preact/signals';
import { ErrorBoundary, LocationProvider, Route, Router } from 'preact-iso';
import { sentence } from './api.ts';
import { actionsRead } from './data/known-actions.ts';
import { start, startProblem } from './data/start.ts';
import { reloadFromServer } from './navigation.ts';
import { goToLogin, isAdmin, me } from './own-session.ts';
import { Button } from './parts/button.tsx';
import { Problem } from './parts/empty.tsx';
import { lazyPlace } from './parts/lazy-place.tsx';
import { placeAt, places } from './routes.ts';
import { Shell } from './shell/shell.tsx';
import { t } from './translate.ts';
import { onHost, shownHere, viewedHost } from './viewed-host.ts';

/** Whoever comes without a session gets it beside the first script (worker/http/preload-hints.ts); everybody else, never. */
const LoginPage = lazyPlace(() => import('./pages/login.tsx'));
const MissingPage = lazyPlace(() => import('./pages/missing.tsx'));
const NotStartedPage = lazyPlace(() => import('./pages/not-started.tsx'));

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

/** The first reading of whose page this is. */
const started = start();

/** What the place at this path is first drawn with: it draws at once then, without a part that is awaited. */
export async function loadPlace(path: string, isSomebody: boolean): Promise<void> {
  if (!isSomebody) return LoginPage.preload();
  const component = placeAt(path)?.component;
  if (component !== undefined && 'preload' in component) await component.preload();
}

/** Until the page draws as the server drew it (worker/http/first-paint.ts). */
export async function asServed(): Promise<void> {
  await started;
  await Promise.all([loadPlace(location.pathname, me.peek() !== null), me.peek() === null ? undefined : actionsRead()]);
}

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
  if (me.value === undefined) return startProblem.value === null ? <main class="lonely" aria-busy="true" /> : <NotStartedPage />;
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
