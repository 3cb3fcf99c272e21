import {
  Activity,
  History,
  LayoutGrid,
  type LucideIcon,
  Puzzle,
  ScrollText,
  Search,
  Settings2,
  SquareTerminal,
  UserRound,
  Users,
} from 'lucide-preact';
import type { ComponentType } from 'preact';
import { lazy } from 'preact-iso';
import { ActionsPage } from './pages/actions.tsx';

/** A place in the page. A new one is a file in pages/ and a line here. */
export interface Place {
  path: string;
  component: ComponentType;
  /** Only admins see it. The agent decides anew at every request. */
  admin?: true;
  /** Its entry in the navigation; without one it is reached from another page. */
  nav?: {
    label: string;
    icon: LucideIcon;
    /** Stands in the phone's tab bar; the others are under "More". */
    first?: true;
  };
}

export const places: readonly Place[] = [
  { path: '/', component: ActionsPage, nav: { label: 'Actions', icon: LayoutGrid, first: true } },
  {
    path: '/runs',
    component: lazy(async () => (await import('./pages/runs.tsx')).RunsPage),
    nav: { label: 'Runs', icon: History, first: true },
  },
  { path: '/runs/:id', component: lazy(async () => (await import('./pages/run.tsx')).RunPage) },
  {
    path: '/search',
    component: lazy(async () => (await import('./pages/search.tsx')).SearchPage),
    nav: { label: 'Search', icon: Search },
  },
  {
    path: '/scripts',
    component: lazy(async () => (await import('./pages/scripts.tsx')).ScriptsPage),
    admin: true,
    nav: { label: 'Scripts', icon: SquareTerminal, first: true },
  },
  {
    path: '/plugins',
    component: lazy(async () => (await import('./pages/plugins.tsx')).PluginsPage),
    nav: { label: 'Plugins', icon: Puzzle },
  },
  { path: '/plugins/:id', component: lazy(async () => (await import('./pages/plugin.tsx')).PluginPage) },
  { path: '/plugins/:id/manage', admin: true, component: lazy(async () => (await import('./pages/plugin-manage.tsx')).PluginManagePage) },
  {
    path: '/system',
    component: lazy(async () => (await import('./pages/system.tsx')).SystemPage),
    admin: true,
    nav: { label: 'System', icon: Activity },
  },
  {
    path: '/users',
    component: lazy(async () => (await import('./pages/users.tsx')).UsersPage),
    admin: true,
    nav: { label: 'Users', icon: Users },
  },
  { path: '/users/:id', component: lazy(async () => (await import('./pages/user.tsx')).UserPage), admin: true },
  {
    path: '/audit',
    component: lazy(async () => (await import('./pages/audit.tsx')).AuditPage),
    admin: true,
    nav: { label: 'Audit', icon: ScrollText },
  },
  {
    path: '/settings',
    component: lazy(async () => (await import('./pages/settings.tsx')).SettingsPage),
    admin: true,
    nav: { label: 'Settings', icon: Settings2 },
  },
  {
    path: '/account',
    component: lazy(async () => (await import('./pages/account.tsx')).AccountPage),
    nav: { label: 'Account', icon: UserRound },
  },
  {
    path: '/actions/new',
    admin: true,
    component: lazy(async () => (await import('./pages/action-editor.tsx')).ActionEditorPage),
  },
  {
    path: '/actions/:id/edit',
    admin: true,
    component: lazy(async () => (await import('./pages/action-editor.tsx')).ActionEditorPage),
  },
];
