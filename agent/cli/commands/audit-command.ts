import { ToruError } from '../../../shared/errors.ts';
import { ask, connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { oneWord, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { print, UsageError } from '../io.ts';

/** toru audit */
export const audit: Command = {
  summary: 'Check the audit for changes, or export it',
  help: `Usage: toru audit verify [--json]
       toru audit export

verify looks at every entry: each is chained by a hash to the one before it, so one that was changed,
added or taken away shows. It prints a head for each class of entries and ends with 1 when a chain is
broken. Who has the database can write a whole chain again: keep the heads on another machine, and
look there whether an old head is still in the export.

export writes every entry as a line of JSON, oldest first, with its class and hash.

  toru audit verify | ssh backup 'cat >> toru-audit-heads'
  toru audit export | jq 'select(.event == "user.create")'
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { json: { type: 'boolean' } });
    switch (oneWord(positionals, 'verify or export')) {
      case 'verify':
        return verify(io, values.json === true);
      case 'export':
        return exportAll(io);
      default:
        throw new UsageError('verify or export is expected.');
    }
  },
};

async function verify(io: Io, json: boolean): Promise<number> {
  const { chains } = await (await good(connect(io.env).audit.verify.$get())).json();
  if (json) await print(io, JSON.stringify(chains, null, 2));
  else
    for (const chain of chains) {
      const state = chain.broken_at === null ? 'whole' : `BROKEN at entry ${chain.broken_at}`;
      await print(
        io,
        `${chain.class.padEnd(8)}  ${state}, ${chain.entries} ${chain.entries === 1 ? 'entry' : 'entries'}, head ${chain.head}`,
      );
    }
  return chains.every((chain) => chain.broken_at === null) ? 0 : 1;
}

async function exportAll(io: Io): Promise<number> {
  const { body } = await ask(io.env, 'GET', '/api/audit/export');
  if (body === null) throw new ToruError('internal', 'The agent answered without a body.');
  for await (const piece of body) await io.out.write(piece);
  return 0;
}
