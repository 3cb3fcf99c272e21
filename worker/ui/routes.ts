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
  UserRound,
  Users,
} from 'lucide-preact';
import type { ComponentType } from 'preact';
import { ActionsPage } from './pages/actions.tsx';
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

export const places: readonly Place[] = [
  { path: '/', component: ActionsPage, nav: { label: msg('Actions'), icon: LayoutGrid, first: true } },
  {
    path: '/runs',
    component: lazyPlace(async () => (await import('./pages/runs.tsx')).RunsPage),
    nav: { label: msg('Runs'), icon: History, first: true },
  },
  { path: '/runs/:id', component: lazyPlace(async () => (await import('./pages/run.tsx')).RunPage) },
  { path: '/a/:action', component: lazyPlace(async () => (await import('./pages/action-app.tsx')).ActionAppPage) },
  { path: '/a/:action/runs/:id', component: lazyPlace(async () => (await import('./pages/run.tsx')).RunPage) },
  {
    path: '/search',
    component: lazyPlace(async () => (await import('./pages/search.tsx')).SearchPage),
    nav: { label: msg('Search'), icon: Search },
  },
  {
    path: '/scripts',
    component: lazyPlace(async () => (await import('./pages/scripts.tsx')).ScriptsPage),
    admin: true,
    nav: { label: msg('Scripts'), icon: SquareTerminal, first: true },
  },
  {
    path: '/scripts/edit',
    component: lazyPlace(async () => (await import('./pages/script.tsx')).ScriptPage),
    admin: true,
  },
  {
    path: '/plugins',
    component: lazyPlace(async () => (await import('./pages/plugins.tsx')).PluginsPage),
    nav: { label: msg('Plugins'), icon: Puzzle },
  },
  { path: '/plugins/:id', component: lazyPlace(async () => (await import('./pages/plugin.tsx')).PluginPage) },
  {
    path: '/plugins/:id/manage',
    admin: true,
    component: lazyPlace(async () => (await import('./pages/plugin-manage.tsx')).PluginManagePage),
  },
  {
    path: '/system',
    component: lazyPlace(async () => (await import('./pages/system.tsx')).SystemPage),
    admin: true,
    nav: { label: msg('System'), icon: Activity },
  },
  {
    path: '/users',
    home: true,
    component: lazyPlace(async () => (await import('./pages/users.tsx')).UsersPage),
    admin: true,
    nav: { label: msg('Users'), icon: Users },
  },
  { path: '/users/:id', component: lazyPlace(async () => (await import('./pages/user.tsx')).UserPage), admin: true, home: true },
  {
    path: '/audit',
    component: lazyPlace(async () => (await import('./pages/audit.tsx')).AuditPage),
    admin: true,
    nav: { label: msg('Audit'), icon: ScrollText },
  },
  {
    path: '/settings',
    component: lazyPlace(async () => (await import('./pages/settings.tsx')).SettingsPage),
    admin: true,
    nav: { label: msg('Settings'), icon: Settings2 },
  },
  {
    path: '/hosts',
    home: true,
    component: lazyPlace(async () => (await import('./pages/hosts.tsx')).HostsPage),
    admin: true,
    nav: { label: msg('Hosts'), icon: Server },
  },
  { path: '/all/runs', home: true, component: lazyPlace(async () => (await import('./pages/all-runs.tsx')).AllRunsPage) },
  { path: '/all/press', home: true, component: lazyPlace(async () => (await import('./pages/press-on-hosts.tsx')).PressOnHostsPage) },
  { path: '/pair', home: true, component: lazyPlace(async () => (await import('./pages/pair.tsx')).PairPage) },
  {
    path: '/account',
    home: true,
    component: lazyPlace(async () => (await import('./pages/account.tsx')).AccountPage),
    nav: { label: msg('Account'), icon: UserRound },
  },
  {
    path: '/actions/new',
    admin: true,
    component: lazyPlace(async () => (await import('./pages/action-editor.tsx')).ActionEditorPage),
  },
  {
    path: '/actions/:id/edit',
    admin: true,
    component: lazyPlace(async () => (await import('./pages/action-editor.tsx')).ActionEditorPage),
  },
];

/** Brings the code of the other places, one after the other: with the network away, they open all the same. */
export async function preloadPlaces(admin: boolean): Promise<void> {
  for (const { component, admin: onlyAdmins } of places) {
    if ((admin || onlyAdmins !== true) && 'preload' in component) await component.preload().catch(() => undefined);
  }
}
