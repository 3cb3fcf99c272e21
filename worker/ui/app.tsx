import { effect, signal } from '@preact/signals';
import { ErrorBoundary, LocationProvider, Route, Router } from 'preact-iso';
import { sentence } from './api.ts';
import { reloadFromServer } from './navigation.ts';
import { goToLogin, isAdmin, loadSession, me } from './own-session.ts';
import { LoginPage } from './pages/login.tsx';
import { MissingPage } from './pages/missing.tsx';
import { Button } from './parts/button.tsx';
import { Problem } from './parts/empty.tsx';
import { places } from './routes.ts';
import { Shell } from './shell/shell.tsx';

/** Why the page could not start, in a sentence. */
const startProblem = signal<string | null>(null);

function start(): void {
  startProblem.value = null;
  loadSession().catch((error: unknown) => {
    startProblem.value = sentence(error);
  });
}
start();

effect(() => {
  if (me.value === null) goToLogin();
});

/** A fault of ours must not leave an empty page. */
function crashed(error: Error): void {
  console.error(error);
  startProblem.value = sentence(error);
}

/** The whole page: login, or the shell with one of the places in it. */
export function App() {
  return (
    <LocationProvider>
      <ErrorBoundary onError={crashed}>
        <Body />
      </ErrorBoundary>
    </LocationProvider>
  );
}

function Body() {
  if (startProblem.value !== null) {
    return (
      <main class="lonely">
        <Problem message={startProblem.value} action={<Button onClick={() => void reloadFromServer()}>Reload</Button>} />
      </main>
    );
  }
  if (me.value === undefined) return <main class="lonely" aria-busy="true" />;
  if (me.value === null) return <LoginPage />;
  return (
    <Shell>
      <Router onRouteChange={announce}>
        {places
          .filter((place) => place.admin !== true || isAdmin.value)
          .map((place) => (
            <Route key={place.path} path={place.path} component={place.component} />
          ))}
        <Route path="/login" component={LoginPage} />
        <Route default component={MissingPage} />
      </Router>
    </Shell>
  );
}

/** After a move the heading takes the focus, so that the next Tab and a screen reader begin at the new page. */
function announce(): void {
  setTimeout(() => {
    const active = document.activeElement;
    if (active !== null && active !== document.body && document.querySelector('main')?.contains(active)) return;
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
  }, 60);
}
