import { useRoute } from 'preact-iso';
import { FoldersPage } from './terminals/folders-page.tsx';
import { TerminalPage } from './terminals/terminal-page.tsx';
import { TerminalsPage } from './terminals/terminals-page.tsx';
import { WorktreesPage } from './terminals/worktrees-page.tsx';

/** The places of terminals, one file for a browser. */
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
    default:
      return <TerminalPage key={id} id={id} beside={beside ?? null} />;
  }
}
