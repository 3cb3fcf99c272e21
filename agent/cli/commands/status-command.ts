import type { Membership } from '../../../shared/members.ts';
import type { System } from '../../../shared/system.ts';
import { programState } from '../../../shared/terminals.ts';
import { askOfTerminal, connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { noWords, oneWord, parse } from '../command.ts';
import { duplicateKey } from '../duplicate-key.ts';
import { homeOf } from '../home-of.ts';
import type { Io } from '../io.ts';
import { print, UsageError } from '../io.ts';
import { membershipOf, standingOf } from '../membership-words.ts';
import { bytes, duration } from '../plain-text.ts';
import { servicesOf } from '../service/running-service.ts';
import { plain } from '../terminal-filter.ts';

/** toru status */
export const status: Command = {
  summary: 'Show whether the agent runs, and what it does',
  help: `Usage: toru status [--json]
       toru status working|idle|done|needs-input

Asks the agent of this TORU_HOME. Ends with 125 when none answers.

With a word, a program inside a terminal says how it is: its terminal then wants attention, or no longer. This is for hooks of agent
programs (see: toru hook --help).

  toru status
  toru status --json | jq .running
  toru status needs-input
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { json: { type: 'boolean' } });
    if (positionals.length > 0) {
      const state = programState.safeParse(oneWord(positionals, 'The state'));
      if (!state.success) throw new UsageError(`“${positionals[0]}” is no state: ${programState.options.join(', ')}.`);
      await askOfTerminal(io.env, 'status', { state: state.data });
      return 0;
    }
    noWords(positionals);
    const client = connect(io.env);
    const [settings, system, open, membership] = await Promise.all([
      good(client.settings.$get()).then((answer) => answer.json()),
      good(client.system.$get()).then((answer) => answer.json()),
      good(client.runs.$get({ query: { status: 'running,queued', limit: '200' } })).then((answer) => answer.json()),
      membershipOf(client),
    ]);
    const running = open.items.filter((run) => run.state === 'running').length;
    const queued = open.items.length - running;
    const shown = {
      host: settings.host_name,
      instance_id: settings.instance_id,
      agent: system.agent,
      edge: system.edge ?? null,
      membership,
      home: homeOf(io.env),
      scripts_dir: settings.scripts_dir,
      running,
      queued,
      service: serviceWords(homeOf(io.env), io.env),
    };
    if (values.json === true) {
      await print(io, JSON.stringify(shown, null, 2));
      return 0;
    }
    const { agent } = system;
    const lines = [
      ['service', shown.service ?? 'none: it ends with what started it. To have it run always: toru service install'],
      ['agent', `runs, pid ${agent.pid}, for ${duration(agent.uptime_s * 1000)}, ${bytes(agent.memory)}`],
      ['version', `${agent.version} on Node ${agent.node}`],
      ['host', `${settings.host_name} (${settings.instance_id})`],
      ['home', shown.home],
      ['scripts', settings.scripts_dir],
      ...edgeLines(shown.edge),
      ...membershipLines(membership),
      ['runs', `${running} running, ${queued} queued${open.next_cursor === null ? '' : ' or more'}`],
    ];
    for (const [name = '', value = ''] of lines) await print(io, `${name.padEnd(8)} ${plain(value)}`);
    return 0;
  },
};

/** What keeps this home's agent running, in words; null when nothing does. */
function serviceWords(home: string, env: Io['env']): string | null {
  const found = servicesOf(env).find((service) => service.home === home);
  if (found === undefined) return null;
  const { words } = found.manager.state(found.scope);
  return `of ${found.scope === 'system' ? 'this machine' : 'this user'} (${found.manager.name}): ${words}`;
}

function membershipLines(membership: Membership | null): [string, string][] {
  const standing = membership === null ? null : standingOf(membership, Date.now());
  return standing === null ? [] : [['hosts', `${standing.what}${standing.fix === null ? '' : `. ${standing.fix}`}`]];
}

function edgeLines(edge: System['edge']): [string, string][] {
  if (edge === null || edge === undefined) return [];
  const { origin, linked, problem, key, duplicate } = edge;
  return [
    [
      'edge',
      linked ? `linked to ${origin}${key === null ? '' : `, which proved the key ${key}`}` : `not linked: ${problem ?? 'it is dialled'}`,
    ],
    ...(duplicate === null ? [] : [['key', duplicateKey(duplicate)] satisfies [string, string]]),
  ];
}
