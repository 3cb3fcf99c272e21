import { ToruError, unreachable } from '../../../shared/errors.ts';
import type { MemberPresence, Membership, MemberWords } from '../../../shared/members.ts';
import type { Pairing } from '../../../shared/pairing.ts';
import { inviteCreate, memberName, userCodeOf } from '../../../shared/pairing.ts';
import type { Client } from '../agent-client.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { noWords, oneWord, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { note, print, UsageError } from '../io.ts';
import { memberNamed } from '../member-named.ts';
import { membershipOf } from '../membership-words.ts';
import { table, when } from '../plain-text.ts';
import { askKey } from '../prompt.ts';
import { plain } from '../terminal-filter.ts';
import { trustLines } from '../trust-lines.ts';
import '../../../shared/schema-words.ts';

/** toru hosts */
export const hosts: Command = {
  summary: 'List the hosts of this installation, let others in, and take them out',
  help: `Usage: toru hosts [--json]
       toru hosts approve CODE [--words "A B C D"] [--name NAME] | deny CODE
       toru hosts invite NAME [--minutes N] | uninvite ID
       toru hosts rename HOST NAME | revoke HOST [--yes] | role HOST USER admin|client|default

On the home host. Without a word it lists home host, members and who of them is there, invites, and
the hosts that wait to be let in (toru up) with their words. HOST is a name or an id; its beginning will do.

  approve   compare the words with those that the other host's terminal shows, and answer y; a script
            gives the words that it was told
  deny      the host that waits is refused
  invite    prints a token, once: with it the host NAME pairs by toru up URL --token-file FILE, without
            anybody looking on; for 60 minutes, or --minutes 10 to 1440
  uninvite  the token of that invite is worth nothing any more
  revoke    the host is a member no longer, at once
  role      what USER may do on HOST: default is what they may do here

  toru hosts approve BCDF-GHJK
  toru hosts invite nas --minutes 1440 > token
  toru hosts role nas anna client
`,
  run: async (args, io) => {
    const options = {
      json: { type: 'boolean' },
      words: { type: 'string' },
      name: { type: 'string' },
      minutes: { type: 'string' },
      yes: { type: 'boolean', short: 'y' },
    } as const;
    const { values, positionals } = parse(args, options);
    const client = connect(io.env);
    const [what, ...words] = positionals;
    switch (what) {
      case undefined:
        return list(client, values.json === true, io);
      case 'approve':
        return approve(client, oneWord(words, 'The code'), values, io);
      case 'deny': {
        const { user_code, name } = await waitingUnder(client, oneWord(words, 'The code'));
        await good(client.pairings[':code'].deny.$post({ param: { code: user_code } }));
        await print(io, `${plain(name)} is refused.`);
        return 0;
      }
      case 'invite':
        return invite(client, oneWord(words, 'The name'), values.minutes, io);
      case 'uninvite': {
        await good(client.invites[':id'].$delete({ param: { id: oneWord(words, 'The id of the invite') } }));
        await print(io, 'That invite is worth nothing any more.');
        return 0;
      }
      case 'rename': {
        const [host, name] = inOrder(words, 'HOST', 'NAME');
        const member = await memberNamed(client, host);
        await good(client.members[':host'].$patch({ param: { host: member.id }, json: { name: nameOf(name) } }));
        await print(io, `${plain(member.name)} is called ${plain(name)} now.`);
        return 0;
      }
      case 'revoke':
        return revoke(client, oneWord(words, 'The host'), values.yes === true, io);
      case 'role': {
        const [host, user, role] = inOrder(words, 'HOST', 'USER', 'admin|client|default');
        return setRole(client, host, user, role, io);
      }
      default:
        throw new UsageError(`“${what}” is nothing that can be done with hosts.`);
    }
  },
};

async function list(client: Client, asJson: boolean, io: Io): Promise<number> {
  const membership = await membershipOf(client);
  if (membership?.kind === 'member') {
    if (asJson) await print(io, JSON.stringify({ membership }, null, 2));
    else await print(io, memberWords(membership));
    return 0;
  }
  const [members, presence, waiting, invites, words, settings] = await Promise.all([
    good(client.members.$get()).then((answer) => answer.json()),
    presencesOf(client),
    good(client.pairings.$get()).then((answer) => answer.json()),
    good(client.invites.$get()).then((answer) => answer.json()),
    wordsOf(client),
    good(client.settings.$get()).then((answer) => answer.json()),
  ]);
  if (asJson) {
    await print(
      io,
      JSON.stringify({ membership, members: members.items, presence, waiting: waiting.items, invites: invites.items, words }, null, 2),
    );
    return 0;
  }
  const width = io.out.isTTY ? io.out.columns : null;
  const rows = [
    [settings.host_name, settings.instance_id, 'home host', 'this host'],
    ...members.items.map(({ name, id, paired_at }) => [
      name,
      id,
      `member since ${when(paired_at)}`,
      presenceWords(presence.items.find(({ host }) => host === id)),
    ]),
  ];
  await print(io, table(['NAME', 'ID', 'WHAT', 'THERE'], rows, width));
  for (const { id, name, expires_at } of invites.items)
    await print(io, `\n${plain(name)} is invited until ${when(expires_at)} (toru hosts uninvite ${id})`);
  for (const request of waiting.items) await print(io, `\n${requestWords(request)}`);
  if (words.length > 0) await print(io, `\n${trustLines(words).join('\n')}`);
  if (members.items.length + waiting.items.length + invites.items.length === 0)
    await note(io, 'no other host belongs to it yet. On another machine: toru up, and the address of Toru’s page');
  if (presence.problem !== null) await note(io, `who is there at this moment, only the edge knows. ${presence.problem}`);
  return 0;
}

/** Who is there; `problem` says why the edge can't be asked. */
async function presencesOf(client: Client): Promise<{ items: MemberPresence[]; problem: string | null }> {
  try {
    return { items: (await (await good(client.members.presence.$get())).json()).items, problem: null };
  } catch (error) {
    // An agent from before there was this route: all else is listed.
    if (error instanceof ToruError) return { items: [], problem: error.message };
    throw error;
  }
}

/** As the page has it (parts/host-state.tsx), with what waits for the host at the edge. */
function presenceWords(known: MemberPresence | undefined): string {
  if (known === undefined) return 'not known';
  const kept = known.kept_webhooks ?? 0;
  return kept === 0 ? stateWords(known) : `${stateWords(known)}, ${kept} ${kept === 1 ? 'request' : 'requests'} to its hooks kept`;
}

function stateWords(known: MemberPresence): string {
  switch (known.presence) {
    case 'online':
      return 'online';
    case 'away':
      return known.last_seen === null ? 'was never here' : `away since ${when(known.last_seen)}`;
    case 'unknown':
      return 'does not answer just now';
    default:
      return unreachable(known.presence);
  }
}

/** After a recovery; none of an older agent. */
async function wordsOf(client: Client): Promise<MemberWords[]> {
  try {
    return (await (await good(client.home.words.$get())).json()).items;
  } catch (error) {
    if (error instanceof ToruError && error.code === 'not_found') return [];
    throw error;
  }
}

/** What an admin compares, as this home host has it. */
function requestWords({ user_code, name, os_user, platform, version, address, words, replaces, expires_at }: Pairing): string {
  const lines = [
    `${plain(name)} waits to be let in${replaces === null ? '' : `, in the place of ${plain(replaces)}`} (until ${when(expires_at)}):`,
    `  code      ${user_code}`,
    `  user      ${plain(os_user)}`,
    `  machine   ${plain(platform)}, Toru ${plain(version)}, from ${plain(address)}`,
    `  words     ${words === null ? 'not shown yet: look again in some seconds' : words.join('  ')}`,
  ];
  return lines.join('\n');
}

async function approve(client: Client, code: string, given: { words?: string; name?: string }, io: Io): Promise<number> {
  await requireHome(client);
  const request = await waitingUnder(client, code);
  const name = given.name === undefined ? {} : { name: nameOf(given.name) };
  let words = given.words?.trim().split(/\s+/);
  if (words === undefined) {
    await print(io, requestWords(request));
    if (request.words === null) return 1;
    if (io.keyboard === null)
      throw new UsageError('Where nobody can be asked, the words are given: --words "A B C D", as the other host shows them.');
    const answer = await askKey('Does the other host’s terminal show the same words? [y/N] ', 'yn', io.keyboard, io.out);
    if (answer !== 'y') {
      await print(io, `Nothing was changed. If its words differ, refuse it: toru hosts deny ${request.user_code}`);
      return 1;
    }
    words = request.words;
  }
  if (words.length !== 4) throw new UsageError('--words: four words are expected, with spaces between.');
  const json = { words, ...name };
  const member = await (await good(client.pairings[':code'].approve.$post({ param: { code: request.user_code }, json }))).json();
  await print(io, `${plain(member.name)} is a member now (${member.id}).`);
  return 0;
}

/** The token alone on standard output: it is what goes into a file. */
async function invite(client: Client, name: string, minutes: string | undefined, io: Io): Promise<number> {
  await requireHome(client);
  const parsed = inviteCreate.safeParse({ name, ...(minutes === undefined ? {} : { expires_minutes: Number(minutes) }) });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(`${issue?.path[0] === 'expires_minutes' ? '--minutes' : 'NAME'}: ${issue?.message ?? 'not as expected'}.`);
  }
  const made = await (await good(client.invites.$post({ json: parsed.data }))).json();
  await print(io, made.token);
  await note(
    io,
    `shown this once: ${made.name} pairs with it, once, until ${when(made.expires_at)}, by: toru up URL --token-file FILE. Whoever has it can come in its place: keep it to yourself`,
  );
  return 0;
}

async function revoke(client: Client, named: string, yes: boolean, io: Io): Promise<number> {
  const member = await memberNamed(client, named);
  if (!yes) {
    if (io.keyboard === null) throw new UsageError('Where nobody can be asked, say so: --yes');
    const question = `${plain(member.name)} (${member.id}) is a member no longer, and reached on its own machine only. Go on? [y/N] `;
    if ((await askKey(question, 'yn', io.keyboard, io.out)) !== 'y') return 1;
  }
  await good(client.members[':host'].$delete({ param: { host: member.id } }));
  await print(io, `${plain(member.name)} is a member no longer.`);
  return 0;
}

async function setRole(client: Client, named: string, username: string, role: string, io: Io): Promise<number> {
  if (role !== 'admin' && role !== 'client' && role !== 'default') throw new UsageError(`“${role}”: admin, client or default is expected.`);
  const member = await memberNamed(client, named);
  const { items } = await (await good(client.users.$get())).json();
  const user = items.find((one) => one.username.toLowerCase() === username.toLowerCase());
  if (user === undefined) throw new UsageError(`There is no user “${username}”. There are ${items.map((one) => one.username).join(', ')}.`);
  const roles = new Map(Object.entries(member.roles));
  if (role === 'default') roles.delete(user.id);
  else roles.set(user.id, role);
  await good(client.members[':host'].$patch({ param: { host: member.id }, json: { roles: Object.fromEntries(roles) } }));
  await print(io, `${user.username} is ${role === 'default' ? `${user.role}, as here,` : role} on ${plain(member.name)} now.`);
  return 0;
}

/** @throws UsageError where no host waits under that code. */
async function waitingUnder(client: Client, typed: string): Promise<Pairing> {
  const { items } = await (await good(client.pairings.$get())).json();
  const code = userCodeOf(typed);
  const found = items.find(({ user_code }) => user_code === code);
  if (found !== undefined) return found;
  if (code === null) throw new UsageError(`“${typed}” is no code such as BCDF-GHJK.`);
  throw new UsageError(
    `No host waits under ${code}: it was approved, denied, or ran out after ten minutes. ${items.length === 0 ? 'None waits at all; start again on the host: toru up' : `Under these one does: ${items.map(({ user_code }) => user_code).join(', ')}`}`,
  );
}

/** A member can't decide it: said before anything else is looked at. @throws UsageError */
async function requireHome(client: Client): Promise<void> {
  const membership = await membershipOf(client);
  if (membership?.kind === 'member') throw new UsageError(memberWords(membership));
}

function memberWords({ name, home }: Extract<Membership, { kind: 'member' }>): string {
  return `This host is “${plain(name)}”, a member. Its hosts are managed on ${plain(home.name)}, its home host (${home.host}): there, or on the page.`;
}

function nameOf(typed: string): string {
  const parsed = memberName.safeParse(typed);
  if (parsed.success) return parsed.data;
  throw new UsageError(`The name: ${parsed.error.issues[0]?.message ?? 'not as expected'}.`);
}

/** As many words as have a name. @throws UsageError */
function inOrder(words: readonly string[], ...names: string[]): [string, string, string] {
  const missing = names[words.length];
  if (missing !== undefined) throw new UsageError(`${missing} is missing.`);
  noWords(words.slice(names.length));
  const [first = '', second = '', third = ''] = words;
  return [first, second, third];
}
