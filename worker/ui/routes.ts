import {
  Activity,
  History,
  LayoutGrid,
  type LucideIcon,
  Puzzle,
  ScrollText,
  Search,
  Server,
  Settings2,
  SquareTerminal,
  Terminal,
  UserRound,
  Users,
  Workflow,
} from 'lucide-preact';
import type { ComponentType } from 'preact';
import { ActionsPage } from './pages/actions.tsx';
import { loadGlyphs } from './parts/glyph.tsx';
import { type LazyPlace, lazyPlace } from './parts/lazy-place.tsx';
import { msg } from './translate.ts';

/** A place in the page. A new one is a file in pages/ and a line here. */
export interface Place {
  path: string;
  component: ComponentType | LazyPlace;
  /** Only admins see it. The agent decides again at every request. */
  admin?: true;
  /** The installation's, hence the home host's: the pages of another host have none, and lead to it there. */
  home?: true;
  /** Its entry in the navigation; without one it is reached from another page. */
  nav?: {
    label: string;
    icon: LucideIcon;
    /** Stands in the phone's tab bar; the others are under "More". */
    first?: true;
  };
}

const run = lazyPlace(() => import('./pages/run.tsx'));
/** With its sign, which it begins with. */
const actionApp = lazyPlace(() => Promise.all([import('./pages/action-app.tsx'), loadGlyphs()]).then(([page]) => page));
const workflows = lazyPlace(() => import('./pages/workflows.tsx'));
const editor = lazyPlace(() => import('./pages/action-editor.tsx'));
const terminals = lazyPlace(() => import('./pages/terminals.tsx'));

export const places: readonly Place[] = [
  { path: '/', component: ActionsPage, nav: { label: msg('Actions'), icon: LayoutGrid, first: true } },
  {
    path: '/runs',
    component: lazyPlace(() => import('./pages/runs.tsx')),
    nav: { label: msg('Runs'), icon: History, first: true },
  },
  { path: '/runs/:id', component: run },
  { path: '/a/:action', component: actionApp },
  { path: '/a/:action/runs/:id', component: run },
  {
    path: '/workflows',
    component: workflows,
    nav: { label: msg('Workflows'), icon: Workflow },
  },
  { path: '/workflows/:ws/:task', component: workflows },
  { path: '/jobs/:id?', component: workflows },
  { path: '/terminals', component: terminals, nav: { label: msg('Terminals'), icon: Terminal } },
  { path: '/terminals/:id', component: terminals },
  {
    path: '/search',
    component: lazyPlace(() => import('./pages/search.tsx')),
    nav: { label: msg('Search'), icon: Search },
  },
  {
    path: '/scripts',
    component: lazyPlace(() => import('./pages/scripts.tsx')),
    admin: true,
    nav: { label: msg('Scripts'), icon: SquareTerminal, first: true },
  },
  {
    path: '/scripts/edit',
    component: lazyPlace(() => import('./pages/script.tsx')),
    admin: true,
  },
  {
    path: '/plugins',
    component: lazyPlace(() => import('./pages/plugins.tsx')),
    nav: { label: msg('Plugins'), icon: Puzzle },
  },
  { path: '/plugins/:id', component: lazyPlace(() => import('./pages/plugin.tsx')) },
  {
    path: '/plugins/:id/manage',
    admin: true,
    component: lazyPlace(() => import('./pages/plugin-manage.tsx')),
  },
  {
    path: '/system',
    component: lazyPlace(() => import('./pages/system.tsx')),
    admin: true,
    nav: { label: msg('System'), icon: Activity },
  },
  {
    path: '/users',
    home: true,
    component: lazyPlace(() => import('./pages/users.tsx')),
    admin: true,
    nav: { label: msg('Users'), icon: Users },
  },
  { path: '/users/:id', component: lazyPlace(() => import('./pages/user.tsx')), admin: true, home: true },
  {
    path: '/audit',
    component: lazyPlace(() => import('./pages/audit.tsx')),
    admin: true,
    nav: { label: msg('Audit'), icon: ScrollText },
  },
  {
    path: '/settings',
    component: lazyPlace(() => import('./pages/settings.tsx')),
    admin: true,
    nav: { label: msg('Settings'), icon: Settings2 },
  },
  {
    path: '/hosts',
    home: true,
    component: lazyPlace(() => import('./pages/hosts.tsx')),
    admin: true,
    nav: { label: msg('Hosts'), icon: Server },
  },
  { path: '/all/runs', home: true, component: lazyPlace(() => import('./pages/all-runs.tsx')) },
  {
    path: '/all/press',
    home: true,
    component: lazyPlace(() => import('./pages/press-on-hosts.tsx')),
  },
  { path: '/pair', home: true, component: lazyPlace(() => import('./pages/pair.tsx')) },
  {
    path: '/account',
    home: true,
    component: lazyPlace(() => import('./pages/account.tsx')),
    nav: { label: msg('Account'), icon: UserRound },
  },
  {
    path: '/actions/new',
    admin: true,
    component: editor,
  },
  {
    path: '/actions/:id/edit',
    admin: true,
    component: editor,
  },
];

/** The place at a path, whose parts are all there. */
export function placeAt(path: string): Place | undefined {
  const parts = path.split('/');
  return places.find((place) => {
    const named = place.path.split('/');
    return named.length === parts.length && named.every((name, at) => name.startsWith(':') || name === parts[at]);
  });
}

/** Brings the code of the other places, one after the other: with the network away, they open all the same. */
export async function preloadPlaces(admin: boolean): Promise<void> {
  for (const { component, admin: onlyAdmins } of places) {
    if ((admin || onlyAdmins !== true) && 'preload' in component) await component.preload().catch(() => undefined);
  }
}
