import { useRoute } from 'preact-iso';
import { TerminalPage } from './terminals/terminal-page.tsx';
import { TerminalsPage } from './terminals/terminals-page.tsx';

/** The places of terminals, one file for a browser. */
export function Page() {
  const { id } = useRoute().params;
  return id === undefined ? <TerminalsPage /> : <TerminalPage key={id} id={id} />;
}
