import { useRoute } from 'preact-iso';
import { isAdmin } from '../own-session.ts';
import { lazyPlace } from '../parts/lazy-place.tsx';
import { FoldersPage } from './terminals/folders-page.tsx';
import { TerminalPage } from './terminals/terminal-page.tsx';
import { TerminalsPage } from './terminals/terminals-page.tsx';
import { WorktreesPage } from './terminals/worktrees-page.tsx';

const Orchestrators = lazyPlace(() => import('./orchestrators.tsx'));

/** The places of terminals, one file for a browser; of the programs that watch them, another one. */
export function Page() {
  const {
    params: { id },
    query: { beside },
  } = useRoute();
  switch (id) {
    case undefined:
      return <TerminalsPage />;
    case 'folders':
      return <FoldersPage />;
    case 'worktrees':
      return <WorktreesPage />;
    case 'orchestrators':
      // For anybody else nothing is of that name.
      return isAdmin.value ? <Orchestrators /> : <TerminalPage id={id} beside={null} />;
    default:
      return <TerminalPage key={id} id={id} beside={beside ?? null} />;
  }
}
