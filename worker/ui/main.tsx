import './styles/index.css';
import './theme.ts';
import { render } from 'preact';
import { App } from './app.tsx';
import { recall, remember } from './theme.ts';

const RELOADED = 'toru.reloaded';

// A part of the page that is gone: the server was updated since this page was loaded. Once a minute at most, so that a
// server that lacks it for good is not asked for ever.
addEventListener('vite:preloadError', (event) => {
  const last = Number(recall(RELOADED) ?? 0);
  if (Date.now() - last < 60_000) return;
  event.preventDefault();
  remember(RELOADED, String(Date.now()));
  location.reload();
});

const root = document.querySelector('#root');
if (root !== null) render(<App />, root);
