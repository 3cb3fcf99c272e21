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

/** Written so that the build adds nothing to it, here and elsewhere: `(await import(…)).RunPage` costs the first load three times as much. */
const run = lazyPlace(() => import('./pages/run.tsx').then((page) => page.RunPage));
const workflows = lazyPlace(() => import('./pages/workflows.tsx').then((page) => page.WorkflowPlace));

const terminals = lazyPlace(() => import('./pages/terminals.tsx').then((page) => page.TerminalPlace));

export const places: readonly Place[] = [
  { path: '/', component: ActionsPage, nav: { label: msg('Actions'), icon: LayoutGrid, first: true } },
  {
    path: '/runs',
    component: lazyPlace(() => import('./pages/runs.tsx').then((page) => page.RunsPage)),
    nav: { label: msg('Runs'), icon: History, first: true },
  },
  { path: '/runs/:id', component: run },
  { path: '/a/:action', component: lazyPlace(() => import('./pages/action-app.tsx').then((page) => page.ActionAppPage)) },
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
    component: lazyPlace(() => import('./pages/search.tsx').then((page) => page.SearchPage)),
    nav: { label: msg('Search'), icon: Search },
  },
  {
    path: '/scripts',
    component: lazyPlace(() => import('./pages/scripts.tsx').then((page) => page.ScriptsPage)),
    admin: true,
    nav: { label: msg('Scripts'), icon: SquareTerminal, first: true },
  },
  {
    path: '/scripts/edit',
    component: lazyPlace(() => import('./pages/script.tsx').then((page) => page.ScriptPage)),
    admin: true,
  },
  {
    path: '/plugins',
    component: lazyPlace(() => import('./pages/plugins.tsx').then((page) => page.PluginsPage)),
    nav: { label: msg('Plugins'), icon: Puzzle },
  },
  { path: '/plugins/:id', component: lazyPlace(() => import('./pages/plugin.tsx').then((page) => page.PluginPage)) },
  {
    path: '/plugins/:id/manage',
    admin: true,
    component: lazyPlace(() => import('./pages/plugin-manage.tsx').then((page) => page.PluginManagePage)),
  },
  {
    path: '/system',
    component: lazyPlace(() => import('./pages/system.tsx').then((page) => page.SystemPage)),
    admin: true,
    nav: { label: msg('System'), icon: Activity },
  },
  {
    path: '/users',
    home: true,
    component: lazyPlace(() => import('./pages/users.tsx').then((page) => page.UsersPage)),
    admin: true,
    nav: { label: msg('Users'), icon: Users },
  },
  { path: '/users/:id', component: lazyPlace(() => import('./pages/user.tsx').then((page) => page.UserPage)), admin: true, home: true },
  {
    path: '/audit',
    component: lazyPlace(() => import('./pages/audit.tsx').then((page) => page.AuditPage)),
    admin: true,
    nav: { label: msg('Audit'), icon: ScrollText },
  },
  {
    path: '/settings',
    component: lazyPlace(() => import('./pages/settings.tsx').then((page) => page.SettingsPage)),
    admin: true,
    nav: { label: msg('Settings'), icon: Settings2 },
  },
  {
    path: '/hosts',
    home: true,
    component: lazyPlace(() => import('./pages/hosts.tsx').then((page) => page.HostsPage)),
    admin: true,
    nav: { label: msg('Hosts'), icon: Server },
  },
  { path: '/all/runs', home: true, component: lazyPlace(() => import('./pages/all-runs.tsx').then((page) => page.AllRunsPage)) },
  {
    path: '/all/press',
    home: true,
    component: lazyPlace(() => import('./pages/press-on-hosts.tsx').then((page) => page.PressOnHostsPage)),
  },
  { path: '/pair', home: true, component: lazyPlace(() => import('./pages/pair.tsx').then((page) => page.PairPage)) },
  {
    path: '/account',
    home: true,
    component: lazyPlace(() => import('./pages/account.tsx').then((page) => page.AccountPage)),
    nav: { label: msg('Account'), icon: UserRound },
  },
  {
    path: '/actions/new',
    admin: true,
    component: lazyPlace(() => import('./pages/action-editor.tsx').then((page) => page.ActionEditorPage)),
  },
  {
    path: '/actions/:id/edit',
    admin: true,
    component: lazyPlace(() => import('./pages/action-editor.tsx').then((page) => page.ActionEditorPage)),
  },
];

/** Brings the code of the other places, one after the other: with the network away, they open all the same. */
export async function preloadPlaces(admin: boolean): Promise<void> {
  for (const { component, admin: onlyAdmins } of places) {
    if ((admin || onlyAdmins !== true) && 'preload' in component) await component.preload().catch(() => undefined);
  }
}
