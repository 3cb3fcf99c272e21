import { Ellipsis, Search, Smartphone } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { lazy, useLocation } from 'preact-iso';
import { deviceCodeFor, showDeviceCode } from '../data/device-code.ts';
import { host, hosts } from '../data/presence.ts';
import { savesData } from '../data/saves-data.ts';
import { tellAbout } from '../data/tell-me.ts';
import { leaving } from '../leaving.ts';
import { isAdmin, me, passwordQuestion } from '../own-session.ts';
import { setTo } from '../parts/bound.ts';
import { late } from '../parts/late.tsx';
import { Mark } from '../parts/mark.tsx';
import { type Place, places, preloadPlaces } from '../routes.ts';
import { t } from '../translate.ts';
import { withoutHost } from '../viewed-host.ts';
import { Banners } from './banners.tsx';
import { keysHelp, palette } from './open-sheets.ts';
import { PresenceDot } from './presence-dot.tsx';
import { ToastList } from './toast-list.tsx';
import './shell.css';

const behind = () => import('./behind.ts');
const KeysSheet = late(() => import('./keys-sheet.tsx').then((part) => part.KeysSheet));
const LeaveQuestion = late(() => behind().then((part) => part.LeaveQuestion));
const PasswordDialog = late(() => behind().then((part) => part.PasswordDialog));
const HostSwitcher = lazy(() => import('./host-switcher.tsx').then((part) => part.HostSwitcher));
const loadPalette = () => import('./palette.tsx').then((part) => part.Palette);
const Palette = late(loadPalette, 'field');
const TellMeSheet = lazy(() => import('../pages/notifications/tell-me-sheet.tsx').then((part) => part.TellMeSheet));
const DeviceCodeSheet = lazy(() => import('../pages/account/device-code.tsx').then((part) => part.DeviceCodeSheet));

/** The frame around every page: navigation (a rail, or tabs at the bottom of a phone), banners, messages, dialogs. */
export function Shell(props: { children: ComponentChildren }) {
  // An action's own app has one page, and a key where the tabs would be.
  const path = withoutHost(useLocation().path);
  const bare = path.startsWith('/a/');
  // From the start: it would move up by the brand's height when its code is here.
  const kind = bare ? ' shell-bare' : path.startsWith('/runs/') ? ' shell-run' : '';
  useEffect(() => {
    const stops: (() => void)[] = [];
    let gone = false;
    behind().then(
      ({ keepClearOfKeyboard, listenForKeys }) => {
        if (!gone) stops.push(keepClearOfKeyboard(), listenForKeys());
      },
      () => undefined,
    );
    return () => {
      gone = true;
      for (const stop of stops) stop();
    };
  }, []);
  useEffect(() => {
    if (savesData()) return undefined;
    // Long behind whatever the first page reads, and what a person presses first.
    const timer = setTimeout(() => {
      loadPalette().catch(() => undefined);
      void preloadPlaces(isAdmin.peek());
    }, 10_000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class={`shell${kind}`}>
      <a class="skip" href="#main">
        {t('Skip to the page')}
      </a>
      {!bare && <Navigation />}
      <div class="shell-page">
        <Banners />
        <main id="main" class="main" tabIndex={-1}>
          {props.children}
        </main>
      </div>
      <ToastList />
      {keysHelp.value && <KeysSheet onClose={setTo(keysHelp, false)} />}
      {palette.value && <Palette onClose={setTo(palette, false)} />}
      {leaving.value !== null && <LeaveQuestion />}
      {deviceCodeFor.value !== null && <DeviceCodeSheet place={deviceCodeFor.value} />}
      {tellAbout.value !== null && <TellMeSheet about={tellAbout.value} />}
      {passwordQuestion.value !== null && <PasswordDialog key={passwordQuestion.value.id} question={passwordQuestion.value} />}
    </div>
  );
}

function Navigation() {
  const path = withoutHost(useLocation().path);
  const [open, setOpen] = useState(false);
  const entries = places.filter((place) => place.nav !== undefined && (place.admin !== true || isAdmin.value));
  const others = entries.filter((place) => place.nav?.first !== true);
  // A menu for one entry would be a detour.
  const rest = others.length > 1 ? others : [];
  const first = entries.filter((place) => !rest.includes(place));
  const inRest = rest.some((place) => isHere(place, path));
  const more = useRef<HTMLButtonElement>(null);
  const close = (): void => setOpen(false);
  useEffect(close, [path]);
  // Before it is painted: a key that is pressed as soon as the menu can be seen closes it.
  useLayoutEffect(() => {
    if (!open) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      close();
      more.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [open]);
  return (
    <header class="rail">
      <div class="rail-top">
        <a class="rail-brand" href="/">
          <Mark size={30} />
          <span class="rail-name">
            <strong>Toru</strong>
            <span class="rail-host">
              <PresenceDot />
              <span class="cut">{host.value?.name ?? t('your host')}</span>
            </span>
          </span>
        </a>
        {hosts.value.length > 1 && <HostSwitcher />}
      </div>
      <button
        type="button"
        class="rail-palette"
        aria-label={t('Go to … Ctrl K')}
        title={t('Go to … (Ctrl K)')}
        onClick={setTo(palette, true)}
      >
        <Search size={18} aria-hidden="true" />
        <span>{t('Go to …')}</span>
        <kbd>{t('Ctrl K')}</kbd>
      </button>
      <nav class="rail-nav" aria-label={t('Main')}>
        {/* A tap outside is for closing what is open, and reaches nothing below. */}
        {open && <button type="button" class="rail-ground" tabIndex={-1} aria-label={t('Close the menu')} onClick={close} />}
        <ul class={`rail-list${open ? ' rail-open' : ''}`}>
          {first.map((place) => (
            <Entry key={place.path} place={place} here={isHere(place, path)} kind="first" onGo={close} />
          ))}
          {rest.length > 0 && (
            <li class="rail-more">
              <button
                ref={more}
                type="button"
                class={`rail-link${inRest ? ' rail-here' : ''}`}
                aria-expanded={open}
                onClick={() => setOpen(!open)}
              >
                <Ellipsis size={22} aria-hidden="true" />
                <span>{t('More')}</span>
              </button>
            </li>
          )}
          {rest.map((place) => (
            <Entry key={place.path} place={place} here={isHere(place, path)} kind="rest" onGo={close} />
          ))}
        </ul>
      </nav>
      <div class="rail-foot">
        <button type="button" class="rail-link" onClick={showDeviceCode}>
          <Smartphone size={20} strokeWidth={1.9} aria-hidden="true" />
          <span>{t('On your phone')}</span>
        </button>
        <p class="rail-who cut">{me.value?.user.username}</p>
      </div>
    </header>
  );
}

/** @param onGo also when it leads to where one is. */
function Entry(props: { place: Place; here: boolean; kind: 'first' | 'rest'; onGo: () => void }) {
  const { nav, path } = props.place;
  if (nav === undefined) return null;
  const Icon = nav.icon;
  return (
    <li class={`rail-${props.kind}`}>
      <a
        class={`rail-link${props.here ? ' rail-here' : ''}`}
        href={path}
        onClick={props.onGo}
        {...(props.here ? { 'aria-current': 'page' } : {})}
      >
        <Icon size={20} strokeWidth={props.here ? 2.4 : 1.9} aria-hidden="true" />
        <span>{t(nav.label)}</span>
      </a>
    </li>
  );
}

function isHere(place: Place, path: string): boolean {
  return place.path === '/' ? path === '/' || path.startsWith('/actions') : path === place.path || path.startsWith(`${place.path}/`);
}
