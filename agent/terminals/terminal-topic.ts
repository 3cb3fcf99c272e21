import type { SystemTopics } from '../http/topics.ts';
import { any } from '../users/permissions.ts';
import type { Screens } from './screens.ts';
import { encodeFrame } from './terminal-words.ts';
import type { Terminals } from './terminals.ts';

/** The topic `terminals`: all of them for an admin, `terminals/<user_id>` with those that are shared with a client. */
export function terminalTopic(terminals: Pick<Terminals, 'onChange' | 'shown' | 'store'>, screens: Pick<Screens, 'expect'>): SystemTopics {
  return {
    topics: [
      {
        topic: 'terminals',
        permission: any,
        nameFor: ({ role, user_id }) => (role === 'admin' ? 'terminals' : `terminals/${user_id}`),
      },
    ],
    start: (sink) => ({
      // Who has the list before them is about to look at one.
      watchedChanged: (name, watched) => {
        const isOurs = name === 'terminals' || name.startsWith('terminals/');
        if (isOurs && watched && terminals.store.open().length > 0) screens.expect();
      },
      stop: terminals.onChange(({ id, row, users }) => {
        if (row?.state === 'starting') return;
        const removed = encodeFrame({ type: 'terminal_removed', terminal_id: id });
        const tell = (name: string, frame: () => string): void => {
          if (sink.watched(name)) sink.tell(name, frame(), id);
        };
        tell('terminals', () =>
          row === null ? removed : encodeFrame({ type: 'terminal', terminal_id: id, terminal: terminals.shown(row, 'admin') }),
        );
        for (const user of users)
          tell(`terminals/${user}`, () => {
            const right = row === null ? null : terminals.store.share(id, user);
            return row === null || right === null
              ? removed
              : encodeFrame({ type: 'terminal', terminal_id: id, terminal: terminals.shown(row, right) });
          });
      }),
    }),
  };
}
