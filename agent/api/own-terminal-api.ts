import { ToruError } from '../../shared/errors.ts';
import { ownExec, ownNote, ownState } from '../../shared/own-terminal.ts';
import type { ExecAnswer } from '../../shared/terminals.ts';
import { resource, router } from '../http/router.ts';
import { body } from '../http/validate.ts';
import type { Terminals } from '../terminals/terminals.ts';
import { terminalOf } from '../users/caller.ts';
import { inTerminal } from '../users/permissions.ts';

/** What a program says and asks about the terminal that it runs in. Only at the terminals' own socket, with that terminal's token. */
export const ownTerminalApi = resource(
  '/api/terminal',
  {
    'POST /notify': inTerminal,
    'POST /status': inTerminal,
    // argv only. To type is no program's right: a terminal's shell would obey what it started.
    'POST /exec': inTerminal,
  },
  ({ terminals }: { terminals: Terminals }) =>
    router()
      .post('/notify', body(ownNote), (c) => {
        if (!terminals.attention.notes(terminalOf(c.env.caller), c.req.valid('json').text))
          throw new ToruError('too_many_requests', 'This terminal told people something a moment ago. Wait twenty seconds.');
        return c.body(null, 204);
      })
      .post('/status', body(ownState), (c) => {
        terminals.attention.says(terminalOf(c.env.caller), c.req.valid('json').state);
        return c.body(null, 204);
      })
      .post('/exec', body(ownExec), async (c) =>
        c.json<ExecAnswer>(await terminals.exec(c.env.caller, terminalOf(c.env.caller), { ...c.req.valid('json'), wait: true })),
      ),
);
