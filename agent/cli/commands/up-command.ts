import { inviteToken, memberName } from '../../../shared/pairing.ts';
import type { Command } from '../command.ts';
import { oneWord, parse } from '../command.ts';
import { edgeAddress } from '../edge-address.ts';
import type { Io } from '../io.ts';
import { print, UsageError } from '../io.ts';
import { readSecret } from '../prompt.ts';
import type { Step } from '../service/step.ts';
import { describe, perform } from '../service/step.ts';
import { asUser, installPaired, prepareService } from '../up/as-service.ts';
import type { Invite } from '../up/ask-to-pair.ts';
import type { Wanted } from '../up/candidate.ts';
import { runsWhileOut } from '../up/running-agent.ts';
import { managerFor, ownScope } from './service-command.ts';
import { runAgent } from './start-command.ts';
import '../../../shared/schema-words.ts';

/** toru up */
export const up: Command = {
  summary: 'Make this machine a host of an installation that is there, and start it',
  help: `Usage: toru up URL [--name NAME] [--service | --no-start]
       toru up URL --token-file FILE | --setup-code-file FILE
       toru up URL --recover [--recovery-code-file FILE]

Asks the edge at URL to let this host in, and shows a code and four words. An admin who sees the
same words on the page (or with toru hosts on the home host) approves; then the agent runs here
until Ctrl-C. Typed again, it starts the agent. Users and roles are those of the home host.
At a fresh edge (toru deploy) this host becomes the home host instead. Where the home host was lost,
--recover puts this one in its place, after “toru restore FILE” of its snapshot.

      --name NAME         what this host is called there (default: its own name)
      --token-file FILE   with the token of “toru hosts invite NAME”, which nobody has to approve;
                          - reads it from standard input
      --setup-code-file FILE   at a fresh edge: the setup code of “toru deploy”, which is asked for without
      --recover           this host takes the place of the home host, which was lost; asks for the recovery code
      --recovery-code-file FILE   with that code, instead of asking; - reads it from standard input
      --service           have systemd or launchd keep it running, instead of starting it here
      --no-start          only pair
      --yes               do not ask before this host leaves what it belongs to

  toru up https://toru.example.workers.dev
  toru up http://192.168.1.5:3000 --name nas --service
  toru up https://toru.example.workers.dev --token-file - < token
`,
  run: async (args, io) => {
    const options = {
      name: { type: 'string' },
      'token-file': { type: 'string' },
      'setup-code-file': { type: 'string' },
      recover: { type: 'boolean' },
      'recovery-code-file': { type: 'string' },
      service: { type: 'boolean' },
      'no-start': { type: 'boolean' },
      yes: { type: 'boolean', short: 'y' },
    } as const;
    const { values, positionals } = parse(args, options);
    const edge = edgeAddress(oneWord(positionals, 'The address of the edge, under which you open Toru’s page,'));
    const { service = false, 'no-start': noStart = false, 'token-file': tokenFile, 'setup-code-file': codeFile } = values;
    if (service && noStart) throw new UsageError('--service or --no-start, not both.');
    if (tokenFile !== undefined && codeFile !== undefined)
      throw new UsageError('--token-file is for a further host, --setup-code-file for the first of a fresh edge: not both.');
    const { recover = false, 'recovery-code-file': recoveryFile } = values;
    if (recoveryFile !== undefined && !recover) throw new UsageError('--recovery-code-file is for --recover: say both.');
    if (recover && (tokenFile !== undefined || codeFile !== undefined))
      throw new UsageError('--recover takes the place of a home host that was lost; --token-file and --setup-code-file are for others.');
    const name = values.name === undefined ? null : nameOf(values.name);
    const yes = values.yes === true;
    const token = tokenFile === undefined ? null : await readSecret('--token-file', tokenFile, io);
    const setupCode = codeFile === undefined ? null : await readSecret('--setup-code-file', codeFile, io);
    const recoveryCode = recoveryFile === undefined ? null : await readSecret('--recovery-code-file', recoveryFile, io);
    const recovery = recover ? { code: recoveryCode } : null;
    const wanted: Wanted = { edge, name, invite: token === null ? null : inviteIn(token), setupCode, recovery, yes };
    if (service) {
      const secret =
        token !== null
          ? ['--token-file', '-']
          : setupCode !== null
            ? ['--setup-code-file', '-']
            : recoveryCode !== null
              ? ['--recovery-code-file', '-']
              : [];
      const more = [...(name === null ? [] : [`--name=${name}`]), ...(yes ? ['--yes'] : []), ...(recover ? ['--recover'] : []), ...secret];
      return upAsService(['up', edge.url, ...more, '--no-start'], token ?? setupCode ?? recoveryCode, io);
    }
    // The database's native code is loaded by this command alone.
    const outcome = await (await import('../up/up.ts')).up(wanted, io);
    if (outcome === 'stopped') return 130;
    if (outcome === 'running') return 0;
    if (noStart) {
      await print(io, 'Its agent is started by: toru agent; as a service by: toru service install');
      return 0;
    }
    await print(io, 'The agent runs now. Ctrl-C stops it, and its runs go on; to have it run always: toru service install');
    return runAgent();
  },
};

/** Pairs as the service's user, in its home; then the service is installed. What can't be, is said before anything is asked. */
async function upAsService(pairing: readonly string[], input: string | null, io: Io): Promise<number> {
  const scope = ownScope();
  const manager = managerFor(scope, io, false);
  const place = await prepareService(scope, manager, io);
  // An agent that was taken out keeps its home from being paired again.
  const stopped = manager.state(scope).active && (await runsWhileOut(place.home));
  if (stopped) await does(manager.stop(scope), io);
  const code = await asUser(place, pairing, input, io);
  if (code === 0) return installPaired(place, scope, manager, io);
  if (stopped) await does(manager.start(scope), io);
  return code;
}

async function does(step: Step, io: Io): Promise<void> {
  if (perform(step)) await print(io, describe(step));
}

function nameOf(typed: string): string {
  const parsed = memberName.safeParse(typed);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--name: ${parsed.error.issues[0]?.message ?? 'a name is expected'}.`);
}

/** Nothing of the token is repeated. @throws UsageError */
function inviteIn(text: string): Invite {
  const parsed = inviteToken.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--token-file: ${parsed.error.issues[0]?.message ?? 'a token is expected'}.`);
}
