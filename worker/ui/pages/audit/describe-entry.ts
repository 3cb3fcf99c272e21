import type { AuditEntry } from '../../../../shared/audit.ts';
import { NUMBER_SETTINGS, ofEachNumber } from '../../../../shared/number-settings.ts';

/** An entry as a sentence: who, what they did, to what, and what else there is to say. */
export interface Description {
  who: string;
  did: string;
  /** The thing that it was done to; `href` where that can be looked at. */
  what?: { text: string; href?: string };
  rest?: string;
}

type Describe = (entry: AuditEntry, who: string) => Description;

/** Logins that no password stands behind. */
const LOGIN_WAYS: Readonly<Record<string, string>> = {
  'login link': 'logged in by a login link',
  'device code': 'logged in by the code of another device',
};

/** How each event is described. Another event, as a newer host may have, is described by its name. */
const DESCRIPTIONS: Readonly<Record<string, { ok: Describe; refused?: Describe }>> = {
  login: {
    ok: (entry, who) => ({ who, did: LOGIN_WAYS[String(entry.detail['by'])] ?? 'logged in' }),
    refused: (entry) =>
      entry.target === null
        ? { who: 'Somebody', did: 'tried to log in with a name that nobody has' }
        : { who: 'Somebody', did: 'tried to log in as', what: { text: entry.target }, ...because(entry) },
  },
  'key.rotate': { ok: (_entry, who) => ({ who, did: 'gave this host a new key, and logged everyone out' }) },
  // By the edge, which refused it.
  'link.duplicate': { ok: describeDuplicate, refused: describeDuplicate },
  'login.link': {
    ok: (entry, who) => ({
      who,
      ...(entry.detail['for'] === 'a device'
        ? { did: 'showed a code to log in another device' }
        : { did: 'made a login link for', what: { text: entry.target ?? '' } }),
    }),
  },
  'login.confirm': {
    ok: (entry, who) => ({ who, did: 'let another device in', ...deviceOf(entry) }),
    refused: (entry, who) => ({ who, did: 'did not let another device in', ...deviceOf(entry) }),
  },
  logout: { ok: (_entry, who) => ({ who, did: 'logged out' }) },
  'run.start': {
    ok: (entry, who) => ({ who, did: 'started', what: runOf(entry) }),
    refused: (entry, who) => ({ who, did: 'could not start', what: runOf(entry), ...because(entry) }),
  },
  'run.cancel': {
    ok: (entry, who) => {
      const owner = textIn(entry, 'user');
      return { who, did: 'cancelled', what: runOf(entry), ...(owner === null || owner === entry.user ? {} : { rest: `of ${owner}` }) };
    },
    refused: (entry, who) => ({ who, did: 'could not cancel', what: runOf(entry), ...because(entry) }),
  },
  'run.foreign': { ok: describeForeign, refused: describeForeign },
  'request.refused': { ok: describeRequest, refused: describeRequest },
  'run.note': {
    ok: (entry, who) => ({ who, did: entry.detail['removed'] === true ? 'removed the note from' : 'wrote a note on', what: runOf(entry) }),
  },
  'run.delete': {
    ok: (entry, who) => {
      const owner = textIn(entry, 'user');
      const text = textIn(entry, 'label') ?? 'a run';
      return { who, did: 'deleted the run', what: { text }, ...(owner === null || owner === entry.user ? {} : { rest: `of ${owner}` }) };
    },
  },
  'runs.clean_up': {
    ok: (entry, who) => ({
      who,
      did: 'deleted',
      what: { text: entry.detail['runs'] === 1 ? '1 run' : `${String(entry.detail['runs'])} runs` },
    }),
  },
  'run.input': { ok: (entry, who) => ({ who, did: 'typed into', what: runOf(entry) }) },
  'action.create': { ok: (entry, who) => ({ who, did: 'made the action', what: actionOf(entry) }) },
  'action.update': { ok: (entry, who) => ({ who, did: 'changed the action', what: actionOf(entry) }) },
  'action.delete': {
    ok: (entry, who) => ({ who, did: 'deleted the action', what: { text: textIn(entry, 'label') ?? entry.target ?? '' } }),
  },
  'action.order': { ok: (_entry, who) => ({ who, did: 'put the actions into another order' }) },
  'script.write': {
    ok: (entry, who) => ({
      who,
      did: entry.detail['created'] === true ? 'added the script' : 'changed the script',
      what: { text: entry.target ?? '', href: `/scripts/edit?name=${encodeURIComponent(entry.target ?? '')}` },
    }),
  },
  'notify.device': { ok: (entry, who) => ({ who, did: 'turned on notifications on', what: { text: entry.target ?? '' } }) },
  'notify.set': { ok: (entry, who) => ({ who, did: 'set who is told of', what: actionOf(entry), ...sentTo(entry) }) },
  'notify.remove': {
    ok: (entry, who) => ({ who, did: `removed the ${textIn(entry, 'kind') ?? 'address'} of`, what: actionOf(entry) }),
  },
  // By itself, after a day of trying.
  'notify.give_up': {
    ok: describeGaveUp,
    refused: describeGaveUp,
  },
  // By itself, after a crash: nobody did it.
  'agent.restart': { ok: (entry) => ({ who: 'The agent', did: 'started again', ...because(entry) }) },
  'system.alert': { ok: (entry) => ({ who: 'The host', did: 'crossed a threshold:', what: { text: loadOf(entry), href: '/system' } }) },
  'system.alert_over': {
    ok: (entry) => ({ who: 'The host', did: 'is below its threshold again:', what: { text: loadOf(entry), href: '/system' } }),
  },
  'user.create': { ok: (entry, who) => ({ who, did: 'added the user', what: userOf(entry), ...asRole(entry) }) },
  'user.update': {
    ok: describeUserUpdate,
    refused: (entry, who) =>
      entry.user !== null && entry.user === entry.target
        ? { who, did: 'could not change their own password', ...because(entry) }
        : { who, did: 'could not change', what: userOf(entry), ...because(entry) },
  },
  'user.remove': { ok: (entry, who) => ({ who, did: 'deleted the user', what: { text: entry.target ?? '' } }) },
  'settings.change': {
    ok: (entry, who) => ({ who, did: 'changed', what: { text: listed(Object.keys(entry.detail).map(settingName)), href: '/settings' } }),
  },
  'session.revoke': {
    ok: (entry, who) => ({ who, did: 'ended a session', ...(entry.target === null ? {} : { rest: `of ${entry.target}` }) }),
  },
};

export function describeEntry(entry: AuditEntry): Description {
  const who = entry.user ?? agentName(entry);
  const descriptions = Object.hasOwn(DESCRIPTIONS, entry.event) ? DESCRIPTIONS[entry.event] : undefined;
  const describe = descriptions?.[entry.outcome];
  if (describe !== undefined) {
    const description = describe(entry, who);
    return description.rest === undefined ? { ...description, ...times(entry) } : description;
  }
  const name = entry.event.replaceAll('.', ' ').replaceAll('_', ' ');
  return {
    who,
    did: entry.outcome === 'refused' ? `was refused: ${name}` : name,
    ...(entry.target === null ? {} : { what: { text: entry.target } }),
    ...because(entry),
  };
}

/** Nobody was logged in: then it was the host itself, by its configuration. */
function agentName(entry: AuditEntry): string {
  const by = textIn(entry, 'by');
  if (by === 'ADMIN_PASSWORD') return 'The host’s configuration';
  return by === 'first start' ? 'The first start' : 'Toru';
}

function describeDuplicate(entry: AuditEntry): Description {
  return { who: 'Another agent', did: 'came with this host’s key from', what: { text: entry.address ?? '' }, rest: 'and was refused' };
}

/** A run of somebody else, whose id was known or guessed. */
function describeForeign(entry: AuditEntry, who: string): Description {
  return { who, did: 'asked for a run of somebody else', what: runOf(entry) };
}

function describeRequest(entry: AuditEntry, who: string): Description {
  const late = textIn(entry, 'code') === 'reauth_required';
  const did = late ? 'was asked for the password again, for' : 'was refused';
  return { who, did, what: { text: entry.target ?? '' } };
}

function describeGaveUp(entry: AuditEntry, who: string): Description {
  const { messages } = entry.detail;
  const device = textIn(entry, 'kind') === 'device';
  return {
    who,
    did: `gave up ${messages === 1 ? 'a message' : `${String(messages)} messages`} ${device ? 'to' : `to the ${textIn(entry, 'kind') ?? 'address'} of`}`,
    what: device ? { text: entry.target ?? '' } : actionOf(entry),
    ...because(entry),
  };
}

function sentTo(entry: AuditEntry): { rest?: string } {
  const to = textIn(entry, 'to');
  return to === null ? {} : { rest: `(${textIn(entry, 'kind') ?? ''}, ${to})` };
}

/** Repetitions within a minute are one entry. */
function times({ detail }: AuditEntry): { rest?: string } {
  const { repeated } = detail;
  return typeof repeated === 'number' ? { rest: `${repeated} times more` } : {};
}

function describeUserUpdate(entry: AuditEntry, who: string): Description {
  const { detail } = entry;
  const own = entry.user !== null && entry.user === entry.target;
  const what = userOf(entry);
  const changes = [
    ...('password' in detail ? ['password'] : []),
    ...('role' in detail ? ['role'] : []),
    ...('disabled' in detail ? ['disabled'] : []),
    ...('username' in detail ? ['username'] : []),
  ];
  const [only] = changes.length === 1 ? changes : [];
  if (only === 'password') return own ? { who, did: 'changed their own password' } : { who, did: 'set a new password for', what };
  if (only === 'role') return { who, did: 'made', what, rest: detail['role'] === 'admin' ? 'an admin' : 'a client' };
  if (only === 'disabled') return { who, did: detail['disabled'] === true ? 'disabled' : 'enabled', what };
  if (only === 'username') return { who, did: 'renamed a user to', what };
  return { who, did: 'changed', what, ...(changes.length === 0 ? {} : { rest: `(${listed(changes)})` }) };
}

function runOf(entry: AuditEntry): { text: string; href?: string } {
  const text = textIn(entry, 'label') ?? entry.target ?? 'a run';
  // A start that was refused at once has no run, and names the action instead.
  const isRun = entry.target !== null && /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(entry.target);
  return isRun ? { text, href: `/runs/${entry.target}` } : { text };
}

function actionOf(entry: AuditEntry): { text: string; href?: string } {
  // Addresses of the host itself are told of its thresholds.
  if (entry.target === null && entry.event.startsWith('notify.')) return { text: 'this host', href: '/settings' };
  const text = textIn(entry, 'label') ?? entry.target ?? '';
  return entry.target === null ? { text } : { text, href: `/actions/${encodeURIComponent(entry.target)}/edit` };
}

function userOf(entry: AuditEntry): { text: string; href?: string } {
  const id = textIn(entry, 'id');
  return { text: entry.target ?? '', ...(id === null ? {} : { href: `/users/${encodeURIComponent(id)}` }) };
}

function asRole(entry: AuditEntry): { rest?: string } {
  const role = textIn(entry, 'role');
  return role === null ? {} : { rest: role === 'admin' ? 'as an admin' : 'as a client' };
}

const LOADS = new Map([
  ['cpu', 'processor'],
  ['memory', 'memory'],
]);

function loadOf(entry: AuditEntry): string {
  const what = LOADS.get(String(entry.detail['what'])) ?? `disk ${entry.target ?? ''}`;
  return `${what}, ${String(entry.detail['percent'])} %`;
}

function because(entry: AuditEntry): { rest?: string } {
  const reason = textIn(entry, 'reason');
  return reason === null ? {} : { rest: `(${reason.replace(/\.$/, '')})` };
}

const SETTINGS: Readonly<Record<string, string>> = {
  host_name: 'the host’s name',
  scripts_dir: 'the scripts folder',
  when_output_full: 'what happens to a run that prints more',
  env_allow: 'the variables that scripts see',
  ...ofEachNumber((name) => NUMBER_SETTINGS[name].audit),
};

function settingName(key: string): string {
  return SETTINGS[key] ?? key.replaceAll('_', ' ');
}

function listed(parts: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(parts);
}

function textIn(entry: AuditEntry, key: string): string | null {
  const value = entry.detail[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

function deviceOf(entry: AuditEntry): { rest?: string } {
  const address = textIn(entry, 'address');
  return address === null ? {} : { rest: `at ${address}` };
}
