import { useSignal } from '@preact/signals';
import { Pencil, Plus } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import { lazy } from 'preact-iso';
import { actions, actionsProblem, loadActions } from '../data/known-actions.ts';
import { host, hosts } from '../data/presence.ts';
import { isAdmin } from '../own-session.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Problem } from '../parts/empty.tsx';
import { glyphSet, loadGlyphs } from '../parts/glyph.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { t } from '../translate.ts';
import { viewedHost } from '../viewed-host.ts';
import { NowBar } from './actions/now-bar.tsx';
import { asking } from './actions/press.ts';
import { menuOf } from './actions/tile.tsx';
import { allDrawn, Tiles } from './actions/tiles.tsx';
import './actions.css';

const Arrange = lazy(() => import('./actions/arrange.tsx').then((part) => part.Arrange));
const PendingList = lazy(() => import('./actions/pending-list.tsx').then((part) => part.PendingList));
/** Behind the first paint: most hosts have none. */
const PluginCards = lazy(() => import('./actions/plugin-cards.tsx').then((part) => part.PluginCards));
const Nothing = lazy(() => import('./actions/nothing.tsx').then((part) => part.Nothing));
/** Where there are any. */
const OtherHosts = lazy(() => import('./hosts/other-hosts.tsx').then((part) => part.OtherHosts));
const RecentRuns = lazy(() => import('./actions/recent-runs.tsx').then((part) => part.RecentRuns));
const TileMenu = lazy(() => import('./actions/tile-menu.tsx').then((part) => part.TileMenu));
const PressSheet = lazy(() => import('./actions/press-sheet.tsx').then((part) => part.PressSheet));

/** The home: every action as a key to press. */
export function ActionsPage() {
  const arranging = useSignal(false);
  const list = actions.value;
  useEffect(() => {
    // Behind the first paint: what the first press may need.
    const timer = setTimeout(() => {
      glyphSet();
      for (const part of [PressSheet, TileMenu, Arrange, PendingList]) part.preload().catch(() => undefined);
    }, 600);
    return () => clearTimeout(timer);
  }, []);

  return (
    <div class="wide actions">
      <PageHead title={t('Actions')}>
        {isAdmin.value && list !== null && list.length > 0 && (
          <>
            <Button
              icon={<Pencil size={18} aria-hidden="true" />}
              aria-pressed={arranging.value}
              onClick={() => {
                arranging.value = !arranging.value;
              }}
            >
              {arranging.value ? t('Done') : t('Arrange')}
            </Button>
            <ButtonLink href="/actions/new" icon={<Plus size={18} aria-hidden="true" />}>
              {t('New action')}
            </ButtonLink>
          </>
        )}
      </PageHead>
      {actionsProblem.value !== null && (
        <Problem message={actionsProblem.value} action={<Button onClick={() => void loadActions()}>{t('Try again')}</Button>} />
      )}
      {list !== null && list.length > 0 && <NowBar />}
      {list === null ? (
        actionsProblem.value === null && <Ghosts />
      ) : list.length === 0 ? (
        <Nothing />
      ) : arranging.value ? (
        <Arrange />
      ) : (
        <Tiles />
      )}
      {list !== null && !arranging.value && viewedHost === null && hosts.value.length > 1 && <OtherHosts />}
      {/* Below the tiles, or beside them: what comes and goes here moves no key under a finger. */}
      {list !== null && !arranging.value && allDrawn.value && (
        <aside class="actions-more" aria-label={t('More')}>
          {(host.value?.pending_runs.length ?? 0) > 0 && (
            <div id="waiting" tabIndex={-1}>
              <PendingList />
            </div>
          )}
          <PluginCards />
          {list.length > 0 && <RecentRuns />}
        </aside>
      )}
      {menuOf.value !== null && <TileMenu action={menuOf.value} />}
      {asking.value !== null && <PressSheet key={asking.value.action.id} question={asking.value} />}
    </div>
  );
}

function Ghosts() {
  return (
    <div class="tiles" role="status">
      <span class="hush">{t('Reading the actions…')}</span>
      {Array.from({ length: 6 }, (_, i) => (
        <div key={i} class="ghost" />
      ))}
    </div>
  );
}

/** Its code comes with the page’s first script; the tiles’ signs come beside it. */
ActionsPage.preload = loadGlyphs;
