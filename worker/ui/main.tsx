import './styles/index.css';
import './theme.ts';
import { hydrate, render } from 'preact';
import { App, asServed } from './app.tsx';
import './data/install.ts';
import { isDrawn } from './given.ts';
import { showLanguage } from './language.ts';
import { navigate, reloadFromServer } from './navigation.ts';
import { chosenLook, recall, remember } from './theme.ts';

const RELOADED = 'toru.reloaded';

// A part of the page that is gone: the server was updated since this page was loaded. Once a minute at most, so that a
// server that lacks it for good is not asked for ever. One that the network kept back is none of this: its place says so.
addEventListener('vite:preloadError', () => {
  const last = Number(recall(RELOADED) ?? 0);
  if (Date.now() - last < 60_000) return;
  remember(RELOADED, String(Date.now()));
  void reloadFromServer().then((reloads) => !reloads && remember(RELOADED, null));
});

const root = document.querySelector('#root');
if (root !== null) void showLanguage().then(() => draw(root));

/** Over what the server drew, where that is what this browser would draw; else afresh. */
async function draw(root: Element): Promise<void> {
  const isSame =
    isDrawn(`${document.documentElement.lang} ${chosenLook() ?? ''}`) &&
    (await asServed().then(
      () => true,
      () => false,
    ));
  root.removeAttribute('inert');
  if (isSame) return hydrate(<App />, root);
  root.replaceChildren();
  render(<App />, root);
}

addEventListener('languagechange', () => void showLanguage());
import('./shell/service-worker.ts').then(
  ({ keepPageOffline }) => keepPageOffline(navigate),
  () => undefined,
);
