import type { Folders } from '../folders/folders.ts';
import type { Screens } from '../terminals/screens.ts';
import { scrollback } from '../terminals/scrollback.ts';
import type { Terminals } from '../terminals/terminals.ts';
import { screenLines } from './screen-lines.ts';
import type { Sources } from './sources.ts';
import { workOf } from './terminal-work.ts';
import type { Watched } from './watched.ts';

/** What agent programs are called. Others are known by their hooks, or by being opened as one. */
const AGENTS = new Set(['claude', 'codex', 'gemini', 'aider', 'opencode', 'amp', 'goose', 'cursor-agent', 'crush', 'qwen', 'copilot']);
const PRINTED_LINES = 200;

interface Options {
  terminals: Pick<Terminals, 'store' | 'attention' | 'times' | 'log' | 'inject'>;
  screens: Pick<Screens, 'screen'>;
  folders: Pick<Folders, 'within'>;
}

/** The terminals of this host, for its orchestrators. */
export function terminalSources({ terminals, screens, folders }: Options): Sources {
  const { store, attention } = terminals;
  /** What people typed before is not known. */
  const startedAt = Date.now();
  const typedAt = new Map<string, number>();
  const moment = (id: string): Pick<Watched, 'end' | 'saying' | 'lastPersonAt'> => ({
    end: terminals.log(id).end,
    saying: attention.saying(id),
    lastPersonAt: terminals.times(id).person ?? startedAt,
  });
  return {
    running: (folder) => {
      const within = folder === null ? null : folders.within(folder);
      return store
        .open()
        .filter((row) => row.state === 'running' && (within === null || (row.folder !== null && within.includes(row.folder))))
        .map(({ id }) => id);
    },
    watched: async (id) => {
      const row = store.get(id);
      if (row === null || row.state !== 'running') return null;
      const work = await workOf(row);
      const { output, person } = terminals.times(id);
      const now = moment(id);
      const agent = row.kind === 'agent' || now.saying.by === 'hook' || (work !== null && AGENTS.has(work.front.name));
      const lastInputAt = Math.max(person ?? 0, typedAt.get(id) ?? 0);
      return { id, name: row.name, agent, work, lastOutputAt: output, lastInputAt, ...now };
    },
    scene: async (id) => {
      const { alternate } = attention.modes(id);
      const screen = await screens.screen(id).catch(() => null);
      return screen === null ? null : { lines: screenLines(screen), cursor: screen.cursor, alternate };
    },
    printed: async (id) => (await scrollback(terminals.log(id), { format: 'text', lines: PRINTED_LINES })).split('\n'),
    moment,
    pasted: (id, text) => (attention.modes(id).paste ? `\u001b[200~${text}\u001b[201~` : text),
    type: async (id, data, entered) => {
      await terminals.inject(id, data, entered);
      typedAt.set(id, Date.now());
    },
    stalls: (id, stalled, tell) => attention.stalls(id, stalled, tell),
    note: (id, text) => void attention.notes(id, text),
  };
}
