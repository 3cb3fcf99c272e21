import { Ellipsis } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { host } from '../data/presence.ts';
import { isAdmin, me, passwordQuestion } from '../own-session.ts';
import { Mark } from '../parts/mark.tsx';
import { type Place, places, preloadPlaces } from '../routes.ts';
import { Banners } from './banners.tsx';
import { KeysHelp, listenForKeys } from './keys-help.tsx';
import { LeaveQuestion } from './leave-question.tsx';
import { PasswordDialog } from './password-dialog.tsx';
import { PresenceDot } from './presence-dot.tsx';
import { ToastList } from './toast-list.tsx';
import './shell.css';

/** The frame around every page: navigation (a rail, or tabs at the bottom of a phone), banners, messages, dialogs. */
export function Shell(props: { children: ComponentChildren }) {
  // An action's own app has one page, and a key where the tabs would be.
  const bare = useLocation().path.startsWith('/a/');
  useEffect(listenForKeys, []);
  useEffect(() => {
    // Behind whatever the first page reads.
    const timer = setTimeout(() => void preloadPlaces(isAdmin.peek()), 3000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class={`shell${bare ? ' shell-bare' : ''}`}>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      {!bare && <Navigation />}
      <div class="shell-page">
        <Banners />
        <main id="main" class="main" tabIndex={-1}>
          {props.children}
        </main>
      </div>
      <ToastList />
      <KeysHelp />
      <LeaveQuestion />
      {passwordQuestion.value !== null && <PasswordDialog question={passwordQuestion.value} />}
    </div>
  );
}

function Navigation() {
  const { path } = useLocation();
  const [open, setOpen] = useState(false);
  const entries = places.filter((place) => place.nav !== undefined && (place.admin !== true || isAdmin.value));
  const others = entries.filter((place) => place.nav?.first !== true);
  // A menu for one entry would be a detour.
  const rest = others.length > 1 ? others : [];
  const first = entries.filter((place) => !rest.includes(place));
  const inRest = rest.some((place) => isHere(place, path));
  useEffect(() => setOpen(false), [path]);
  return (
    <header class="rail">
      <a class="rail-brand" href="/">
        <Mark size={30} />
        <span class="rail-name">
          <strong>Toru</strong>
          <span class="rail-host">
            <PresenceDot />
            <span class="cut">{host.value?.name ?? 'your host'}</span>
          </span>
        </span>
      </a>
      <nav class="rail-nav" aria-label="Main">
        <ul class={`rail-list${open ? ' rail-open' : ''}`}>
          {first.map((place) => (
            <Entry key={place.path} place={place} here={isHere(place, path)} kind="first" />
          ))}
          {rest.length > 0 && (
            <li class="rail-more">
              <button type="button" class={`rail-link${inRest ? ' rail-here' : ''}`} aria-expanded={open} onClick={() => setOpen(!open)}>
                <Ellipsis size={22} aria-hidden="true" />
                <span>More</span>
              </button>
            </li>
          )}
          {rest.map((place) => (
            <Entry key={place.path} place={place} here={isHere(place, path)} kind="rest" />
          ))}
        </ul>
      </nav>
      <p class="rail-who cut">{me.value?.user.username}</p>
    </header>
  );
}

function Entry(props: { place: Place; here: boolean; kind: 'first' | 'rest' }) {
  const { nav, path } = props.place;
  if (nav === undefined) return null;
  const Icon = nav.icon;
  return (
    <li class={`rail-${props.kind}`}>
      <a class={`rail-link${props.here ? ' rail-here' : ''}`} href={path} {...(props.here ? { 'aria-current': 'page' } : {})}>
        <Icon size={20} strokeWidth={props.here ? 2.4 : 1.9} aria-hidden="true" />
        <span>{nav.label}</span>
      </a>
    </li>
  );
}

function isHere(place: Place, path: string): boolean {
  return place.path === '/' ? path === '/' || path.startsWith('/actions') : path === place.path || path.startsWith(`${place.path}/`);
}
