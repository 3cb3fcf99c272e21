import type { AuditEntry } from '../../../../shared/audit.ts';
import { NUMBER_SETTINGS, ofEachNumber } from '../../../../shared/number-settings.ts';
import { fromServer, msg, plural, shown, t } from '../../translate.ts';

/** An entry as a sentence: in `text` stand `{who}` and, of what it was done to, `{what}`. */
export interface Description {
  who: string;
  text: string;
  /** The thing that it was done to; `href` where that can be looked at. */
  what?: { text: string; href?: string };
  rest?: string;
}

type Describe = (entry: AuditEntry, who: string) => Description;

/** Logins that no password stands behind. */
const LOGIN_WAYS: Readonly<Record<string, string>> = {
  'login link': msg('{who} logged in by a login link'),
  'device code': msg('{who} logged in by the code of another device'),
};

/** How each event is described. Another event, as a newer host may have, is described by its name. */
const DESCRIPTIONS: Readonly<Record<string, { ok: Describe; refused?: Describe }>> = {
  login: {
    ok: (entry, who) => ({ who, text: t(LOGIN_WAYS[String(entry.detail['by'])] ?? msg('{who} logged in')) }),
    refused: (entry) =>
      entry.target === null
        ? { who: t('Somebody'), text: t('{who} tried to log in with a name that nobody has') }
        : { who: t('Somebody'), text: t('{who} tried to log in as {what}'), what: { text: entry.target }, ...because(entry) },
  },
  'key.rotate': { ok: (_entry, who) => ({ who, text: t('{who} gave this host a new key, and logged everyone out') }) },
  // By the edge, which refused it.
  'link.duplicate': { ok: describeDuplicate, refused: describeDuplicate },
  'login.link': {
    ok: (entry, who) => ({
      who,
      ...(entry.detail['for'] === 'a device'
        ? { text: t('{who} showed a code to log in another device') }
        : { text: t('{who} made a login link for {what}'), what: { text: entry.target ?? '' } }),
    }),
  },
  'login.confirm': {
    ok: (entry, who) => ({ who, text: t('{who} let another device in'), ...deviceOf(entry) }),
    refused: (entry, who) => ({ who, text: t('{who} did not let another device in'), ...deviceOf(entry) }),
  },
  logout: { ok: (_entry, who) => ({ who, text: t('{who} logged out') }) },
  'run.start': {
    ok: (entry, who) => ({ who, text: t('{who} started {what}'), what: runOf(entry) }),
    refused: (entry, who) => ({ who, text: t('{who} could not start {what}'), what: runOf(entry), ...because(entry) }),
  },
  'run.cancel': {
    ok: (entry, who) => {
      const owner = textIn(entry, 'user');
      return {
        who,
        text: t('{who} cancelled {what}'),
        what: runOf(entry),
        ...(owner === null || owner === entry.user ? {} : { rest: t('of {owner}', { owner }) }),
      };
    },
    refused: (entry, who) => ({ who, text: t('{who} could not cancel {what}'), what: runOf(entry), ...because(entry) }),
  },
  'run.foreign': { ok: describeForeign, refused: describeForeign },
  'request.refused': { ok: describeRequest, refused: describeRequest },
  'run.note': {
    ok: (entry, who) => ({
      who,
      text: entry.detail['removed'] === true ? t('{who} removed the note from {what}') : t('{who} wrote a note on {what}'),
      what: runOf(entry),
    }),
  },
  'run.delete': {
    ok: (entry, who) => {
      const owner = textIn(entry, 'user');
      const text = textIn(entry, 'label') ?? t('a run');
      return {
        who,
        text: t('{who} deleted the run {what}'),
        what: { text },
        ...(owner === null || owner === entry.user ? {} : { rest: t('of {owner}', { owner }) }),
      };
    },
  },
  'runs.clean_up': {
    ok: (entry, who) => ({
      who,
      text: plural(Number(entry.detail['runs']), '{who} deleted 1 run', '{who} deleted {count} runs'),
    }),
  },
  'job.start': { ok: (entry, who) => ({ who, text: t('{who} executed {what}'), what: jobOf(entry) }) },
  'job.cancel': { ok: (entry, who) => ({ who, text: t('{who} cancelled {what}'), what: jobOf(entry) }) },
  'job.rerun': { ok: (entry, who) => ({ who, text: t('{who} ran {what} again'), what: jobOf(entry) }) },
  'job.approve': { ok: (entry, who) => ({ who, text: t('{who} approved a step of {what}'), what: jobOf(entry) }) },
  'job.reject': { ok: (entry, who) => ({ who, text: t('{who} rejected a step of {what}'), what: jobOf(entry) }) },
  'job.foreign': { ok: describeForeignJob, refused: describeForeignJob },
  'job.hook': { ok: describeHook, refused: describeHook },
  'terminal.open': { ok: (entry, who) => ({ who, text: t('{who} opened the terminal {what}'), what: terminalOf(entry) }) },
  'terminal.change': { ok: (entry, who) => ({ who, text: t('{who} changed the terminal {what}'), what: terminalOf(entry) }) },
  'terminal.suspend': { ok: (entry, who) => ({ who, text: t('{who} suspended the terminal {what}'), what: terminalOf(entry) }) },
  'terminal.resume': { ok: (entry, who) => ({ who, text: t('{who} resumed the terminal {what}'), what: terminalOf(entry) }) },
  'terminal.close': { ok: (entry, who) => ({ who, text: t('{who} closed the terminal {what}'), what: terminalOf(entry) }) },
  'terminal.remove': { ok: (entry, who) => ({ who, text: t('{who} removed the terminal {what}'), what: terminalOf(entry) }) },
  'terminal.exec': { ok: (entry, who) => ({ who, text: t('{who} ran something in the terminal {what}'), what: terminalOf(entry) }) },
  'terminal.upload': { ok: (entry, who) => ({ who, text: t('{who} sent a file into the terminal {what}'), what: terminalOf(entry) }) },
  'terminal.download': { ok: (entry, who) => ({ who, text: t('{who} took a file from the terminal {what}'), what: terminalOf(entry) }) },
  'terminal.share': { ok: (entry, who) => ({ who, text: t('{who} changed who may see the terminal {what}'), what: terminalOf(entry) }) },
  'service.rotate': { ok: () => ({ who: '', text: t('Another service token was made') }) },
  'service.token': {
    ok: () => ({ who: '', text: t('Somebody came without the service token') }),
    refused: (entry) => ({ who: '', text: t('Somebody came without the service token'), ...because(entry) }),
  },
  'orchestrator.create': { ok: (entry, who) => ({ who, text: t('{who} made the orchestrator {what}'), what: orchestratorOf(entry) }) },
  'orchestrator.update': { ok: (entry, who) => ({ who, text: t('{who} changed the orchestrator {what}'), what: orchestratorOf(entry) }) },
  'orchestrator.remove': { ok: (entry, who) => ({ who, text: t('{who} removed the orchestrator {what}'), what: orchestratorOf(entry) }) },
  'orchestrator.insight': {
    ok: (entry, who) => ({ who, text: t('{who} dealt with an insight of the orchestrator {what}'), what: orchestratorOf(entry) }),
  },
  'orchestrator.inject': {
    ok: (entry, who) => ({
      ...(entry.detail['by'] === 'rule'
        ? { who: '', text: t('The orchestrator {what} typed by its rule') }
        : { who, text: t('{who} typed by the orchestrator {what}') }),
      rest: typedIn(entry),
      what: { text: textIn(entry, 'name') ?? '', href: `/terminals/${entry.target ?? ''}` },
    }),
    refused: (entry) => ({
      who: '',
      text: t('The orchestrator {what} was not let type'),
      what: { text: textIn(entry, 'name') ?? '', href: `/terminals/${entry.target ?? ''}` },
      ...because(entry),
    }),
  },
  'terminal.token': {
    ok: (entry, who) => ({ who, text: t('{who} spoke for the terminal {what}'), what: terminalOf(entry) }),
    refused: (entry) => ({ who: t('Somebody'), text: t('{who} spoke for a terminal without its token'), ...because(entry) }),
  },
  'terminal.foreign': {
    ok: (entry, who) => ({ who, text: t('{who} asked for the terminal {what}'), what: terminalOf(entry) }),
    refused: (entry, who) => ({
      who,
      text: t('{who} asked for the terminal {what}, which is not shared with them'),
      what: terminalOf(entry),
    }),
  },
  'trigger.fire': {
    ok: (entry, who) => ({ who, text: t('{who} fired the trigger {what}'), what: { text: entry.target ?? '' } }),
    refused: (entry) => ({ who: '', text: t('The trigger {what} did not fire'), what: { text: entry.target ?? '' }, ...because(entry) }),
  },
  'trigger.enable': { ok: (entry, who) => ({ who, text: t('{who} enabled the trigger {what}'), what: { text: entry.target ?? '' } }) },
  'trigger.disable': { ok: (entry, who) => ({ who, text: t('{who} disabled the trigger {what}'), what: { text: entry.target ?? '' } }) },
  'schedule.create': { ok: (entry, who) => ({ who, text: t('{who} made a schedule of {what}'), what: { text: scheduledIn(entry) } }) },
  'schedule.update': { ok: (entry, who) => ({ who, text: t('{who} changed a schedule of {what}'), what: { text: scheduledIn(entry) } }) },
  'schedule.remove': { ok: (entry, who) => ({ who, text: t('{who} removed a schedule of {what}'), what: { text: scheduledIn(entry) } }) },
  'chain.create': { ok: (entry, who) => ({ who, text: t('{who} made the task {what}'), what: { text: entry.target ?? '' } }) },
  'chain.remove': { ok: (entry, who) => ({ who, text: t('{who} removed the task {what}'), what: { text: entry.target ?? '' } }) },
  'task.allow': { ok: (entry, who) => ({ who, text: t('{who} changed who may execute {what}'), what: { text: entry.target ?? '' } }) },
  'workspace.create': { ok: (entry, who) => ({ who, text: t('{who} added the workspace {what}'), what: { text: entry.target ?? '' } }) },
  'workspace.update': { ok: (entry, who) => ({ who, text: t('{who} changed the workspace {what}'), what: { text: entry.target ?? '' } }) },
  'workspace.key': {
    ok: (entry, who) => ({ who, text: t('{who} made a key for the workspace {what}'), what: { text: entry.target ?? '' } }),
  },
  'workspace.key_remove': {
    ok: (entry, who) => ({ who, text: t('{who} removed the key of the workspace {what}'), what: { text: entry.target ?? '' } }),
  },
  'workspace.trust': {
    ok: (entry, who) => ({ who, text: t('{who} trusted the server of the workspace {what}'), what: { text: entry.target ?? '' } }),
  },
  'workspace.remove': { ok: (entry, who) => ({ who, text: t('{who} removed the workspace {what}'), what: { text: entry.target ?? '' } }) },
  'run.input': { ok: (entry, who) => ({ who, text: t('{who} typed into {what}'), what: runOf(entry) }) },
  'action.create': { ok: (entry, who) => ({ who, text: t('{who} made the action {what}'), what: actionOf(entry) }) },
  'action.update': { ok: (entry, who) => ({ who, text: t('{who} changed the action {what}'), what: actionOf(entry) }) },
  'action.delete': {
    ok: (entry, who) => ({ who, text: t('{who} deleted the action {what}'), what: { text: textIn(entry, 'label') ?? entry.target ?? '' } }),
  },
  'action.order': { ok: (_entry, who) => ({ who, text: t('{who} arranged the actions') }) },
  'script.write': {
    ok: (entry, who) => ({
      who,
      text: entry.detail['created'] === true ? t('{who} added the script {what}') : t('{who} changed the script {what}'),
      what: { text: entry.target ?? '', href: `/scripts/edit?name=${encodeURIComponent(entry.target ?? '')}` },
    }),
  },
  'notify.device': {
    ok: (entry, who) => ({ who, text: t('{who} turned on notifications on {what}'), what: { text: entry.target ?? '' } }),
  },
  'notify.set': { ok: (entry, who) => ({ who, text: t('{who} set who is told of {what}'), what: actionOf(entry), ...sentTo(entry) }) },
  'notify.remove': {
    ok: (entry, who) => ({
      who,
      text: t('{who} removed the address ({kind}) of {what}', { kind: textIn(entry, 'kind') ?? '' }),
      what: actionOf(entry),
    }),
  },
  // By itself, after a day of trying.
  'notify.give_up': {
    ok: describeGaveUp,
    refused: describeGaveUp,
  },
  // By itself, after a crash: nobody did it.
  'agent.restart': { ok: (entry) => ({ who: t('The agent'), text: t('{who} started again'), ...because(entry) }) },
  'system.alert': {
    ok: (entry) => ({ who: t('The host'), text: t('{who} crossed a threshold: {what}'), what: { text: loadOf(entry), href: '/system' } }),
  },
  'system.alert_over': {
    ok: (entry) => ({
      who: t('The host'),
      text: t('{who} is below its threshold again: {what}'),
      what: { text: loadOf(entry), href: '/system' },
    }),
  },
  'plugin.accept': {
    ok: (entry, who) => ({ who, text: t('{who} accepted the files of the plugin {what}'), what: pluginOf(entry), ...inVersion(entry) }),
  },
  'plugin.enable': { ok: (entry, who) => ({ who, text: t('{who} enabled the plugin {what}'), what: pluginOf(entry) }) },
  'plugin.disable': { ok: (entry, who) => ({ who, text: t('{who} disabled the plugin {what}'), what: pluginOf(entry) }) },
  'plugin.settings': { ok: (entry, who) => ({ who, text: t('{who} changed the settings of the plugin {what}'), what: pluginOf(entry) }) },
  'plugin.install': {
    ok: (entry, who) => ({ who, text: t('{who} installed the plugin {what}'), what: pluginOf(entry), ...inVersion(entry) }),
  },
  'plugin.uninstall': {
    ok: (entry, who) => ({ who, text: t('{who} removed the plugin {what}'), what: { text: entry.target ?? '' }, ...inVersion(entry) }),
  },
  'user.create': { ok: (entry, who) => ({ who, text: t('{who} added the user {what}'), what: userOf(entry), ...asRole(entry) }) },
  'user.update': {
    ok: describeUserUpdate,
    refused: (entry, who) =>
      entry.user !== null && entry.user === entry.target
        ? { who, text: t('{who} could not change their own password'), ...because(entry) }
        : { who, text: t('{who} could not change {what}'), what: userOf(entry), ...because(entry) },
  },
  'user.remove': { ok: (entry, who) => ({ who, text: t('{who} deleted the user {what}'), what: { text: entry.target ?? '' } }) },
  'settings.change': {
    ok: (entry, who) => ({
      who,
      text: t('{who} changed {what}'),
      what: { text: listed(Object.keys(entry.detail).map(settingName)), href: '/settings' },
    }),
  },
  'secret.set': { ok: (entry, who) => ({ who, text: t('{who} stored the secret {what}'), what: secretOf(entry) }) },
  'secret.remove': { ok: (entry, who) => ({ who, text: t('{who} removed the secret {what}'), what: secretOf(entry) }) },
  'folder.create': { ok: (entry, who) => ({ who, text: t('{who} made the folder {what}'), what: { text: entry.target ?? '' } }) },
  'folder.update': { ok: (entry, who) => ({ who, text: t('{who} changed the folder {what}'), what: { text: entry.target ?? '' } }) },
  'folder.remove': { ok: (entry, who) => ({ who, text: t('{who} removed the folder {what}'), what: { text: entry.target ?? '' } }) },
  'worktree.roots': { ok: (_, who) => ({ who, text: t('{who} chose the folders for worktrees') }) },
  'worktree.create': { ok: (entry, who) => ({ who, text: t('{who} made the worktree {what}'), what: { text: entry.target ?? '' } }) },
  'worktree.remove': { ok: (entry, who) => ({ who, text: t('{who} removed the worktree {what}'), what: { text: entry.target ?? '' } }) },
  'worktree.restore': { ok: (entry, who) => ({ who, text: t('{who} restored the worktree {what}'), what: { text: entry.target ?? '' } }) },
  'worktree.purge': { ok: (_, who) => ({ who, text: t('{who} removed a worktree from the trash') }) },
  // By an invite, nobody did it.
  'host.pair': { ok: (entry, who) => ({ who, text: t('{who} let the host {what} in'), what: hostOf(entry) }) },
  'host.deny': { ok: (entry, who) => ({ who, text: t('{who} did not let the host {what} in'), what: hostOf(entry) }) },
  'host.change': { ok: (entry, who) => ({ who, text: t('{who} changed the host {what}'), what: hostOf(entry) }) },
  'host.revoke': { ok: (entry, who) => ({ who, text: t('{who} removed the host {what}'), what: hostOf(entry) }) },
  'home.move': { ok: (entry, who) => ({ who, text: t('{who} made {what} the home host'), what: { text: entry.target ?? '' } }) },
  'home.recover': {
    ok: (entry, who) => ({ who, text: t('{who} recovered the home host at {what}'), what: { text: entry.target ?? '' } }),
  },
  'host.trust': {
    ok: (entry, who) => ({
      who,
      text: t('{who} told this host to follow {what}, its recovered home host'),
      what: { text: entry.target ?? '' },
    }),
    refused: (entry, who) => ({ who, text: t('{who} typed other words than those of {what}'), what: { text: entry.target ?? '' } }),
  },
  'home.take': {
    ok: (entry) => ({
      who: t('This host'),
      text: t('{who} became the home host, in the place of {what}'),
      what: { text: entry.target ?? '' },
    }),
  },
  'host.invite': {
    ok: (entry, who) => ({
      who,
      text: entry.detail['removed'] === true ? t('{who} withdrew the invite for {what}') : t('{who} made an invite for {what}'),
      what: hostOf(entry),
    }),
  },
  'session.revoke': {
    ok: (entry, who) => ({
      who,
      text: t('{who} ended a session'),
      ...(entry.target === null ? {} : { rest: t('of {owner}', { owner: entry.target }) }),
    }),
  },
};

/** @returns whether there is a sentence for it. */
export function isDescribed(event: string): boolean {
  return Object.hasOwn(DESCRIPTIONS, event);
}

export function describeEntry(entry: AuditEntry): Description {
  const who = entry.user ?? agentName(entry);
  const descriptions = isDescribed(entry.event) ? DESCRIPTIONS[entry.event] : undefined;
  const describe = descriptions?.[entry.outcome];
  if (describe !== undefined) {
    const description = describe(entry, who);
    return description.rest === undefined ? { ...description, ...times(entry) } : description;
  }
  const name = entry.event.replaceAll('.', ' ').replaceAll('_', ' ');
  return {
    who,
    text: `{who} ${entry.outcome === 'refused' ? t('was refused: {name}', { name }) : name}${entry.target === null ? '' : ' {what}'}`,
    ...(entry.target === null ? {} : { what: { text: entry.target } }),
    ...because(entry),
  };
}

/** Nobody was logged in: then it was the host itself, by its configuration. */
function agentName(entry: AuditEntry): string {
  const by = textIn(entry, 'by');
  if (by === 'ADMIN_PASSWORD') return t('The host’s configuration');
  return by === 'first start' ? t('The first start') : 'Toru';
}

function secretOf(entry: AuditEntry): { text: string } {
  const workspace = textIn(entry, 'workspace');
  return { text: workspace === null ? (entry.target ?? '') : `${workspace}/${entry.target ?? ''}` };
}

function hostOf(entry: AuditEntry): { text: string; href: string } {
  return { text: entry.target ?? '', href: '/hosts' };
}

function describeDuplicate(entry: AuditEntry): Description {
  return {
    who: t('Another agent'),
    text: t('{who} came with this host’s key from {what} and was refused'),
    what: { text: entry.address ?? '' },
  };
}

/** A run of somebody else, whose id was known or guessed. */
function describeForeign(entry: AuditEntry, who: string): Description {
  return { who, text: t('{who} asked for a run of somebody else {what}'), what: runOf(entry) };
}

function describeForeignJob(entry: AuditEntry, who: string): Description {
  return { who, text: t('{who} asked for a job of somebody else {what}'), what: jobOf(entry) };
}

function describeHook(entry: AuditEntry): Description {
  return { who: '', text: t('A hook of {what} could not be begun'), what: jobOf(entry), ...because(entry) };
}

function describeRequest(entry: AuditEntry, who: string): Description {
  const late = textIn(entry, 'code') === 'reauth_required';
  const text = late ? t('{who} was asked for the password again, for {what}') : t('{who} was refused {what}');
  return { who, text, what: { text: entry.target ?? '' } };
}

function describeGaveUp(entry: AuditEntry, who: string): Description {
  const { messages } = entry.detail;
  const device = textIn(entry, 'kind') === 'device';
  return {
    who,
    text: device
      ? plural(Number(messages), '{who} gave up a message to {what}', '{who} gave up {count} messages to {what}')
      : plural(
          Number(messages),
          '{who} gave up a message to the address ({kind}) of {what}',
          '{who} gave up {count} messages to the address ({kind}) of {what}',
          {
            kind: textIn(entry, 'kind') ?? '',
          },
        ),
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
  return typeof repeated === 'number' ? { rest: plural(repeated, '1 time more', '{count} times more') } : {};
}

function describeUserUpdate(entry: AuditEntry, who: string): Description {
  const { detail } = entry;
  const own = entry.user !== null && entry.user === entry.target;
  const what = userOf(entry);
  const changes = ['password', 'role', 'disabled', 'username'].filter((name) => name in detail);
  const [only] = changes.length === 1 ? changes : [];
  if (only === 'password')
    return own ? { who, text: t('{who} changed their own password') } : { who, text: t('{who} set a new password for {what}'), what };
  if (only === 'role')
    return { who, text: detail['role'] === 'admin' ? t('{who} made {what} an admin') : t('{who} made {what} a client'), what };
  if (only === 'disabled') return { who, text: detail['disabled'] === true ? t('{who} disabled {what}') : t('{who} enabled {what}'), what };
  if (only === 'username') return { who, text: t('{who} renamed a user to {what}'), what };
  return { who, text: t('{who} changed {what}'), what, ...(changes.length === 0 ? {} : { rest: `(${listed(changes)})` }) };
}

function runOf(entry: AuditEntry): { text: string; href?: string } {
  const text = textIn(entry, 'label') ?? entry.target ?? t('a run');
  // A start that was refused at once has no run, and names the action instead.
  const isRun = entry.target !== null && /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(entry.target);
  return isRun ? { text, href: `/runs/${entry.target}` } : { text };
}

function jobOf(entry: AuditEntry): { text: string } {
  const [workspace, task] = [textIn(entry, 'workspace'), textIn(entry, 'task')];
  return { text: workspace === null || task === null ? (entry.target ?? t('a job')) : `${workspace}/${task}` };
}

function actionOf(entry: AuditEntry): { text: string; href?: string } {
  // Addresses of the host itself are told of its thresholds.
  if (entry.target === null && entry.event.startsWith('notify.')) return { text: t('this host'), href: '/settings' };
  const text = textIn(entry, 'label') ?? entry.target ?? '';
  return entry.target === null ? { text } : { text, href: `/actions/${encodeURIComponent(entry.target)}/edit` };
}

function pluginOf({ target }: AuditEntry): { text: string; href?: string } {
  return target === null ? { text: '' } : { text: target, href: `/plugins/${encodeURIComponent(target)}/manage` };
}

function inVersion(entry: AuditEntry): { rest?: string } {
  const version = textIn(entry, 'version');
  return version === null ? {} : { rest: `(${version})` };
}

function userOf(entry: AuditEntry): { text: string; href?: string } {
  const id = textIn(entry, 'id');
  return { text: entry.target ?? '', ...(id === null ? {} : { href: `/users/${encodeURIComponent(id)}` }) };
}

function asRole(entry: AuditEntry): { rest?: string } {
  const role = textIn(entry, 'role');
  return role === null ? {} : { rest: role === 'admin' ? t('as an admin') : t('as a client') };
}

const LOADS = new Map([
  ['cpu', msg('processor')],
  ['memory', msg('memory')],
]);

function loadOf(entry: AuditEntry): string {
  const load = LOADS.get(String(entry.detail['what']));
  const what = load === undefined ? t('disk {disk}', { disk: entry.target ?? '' }) : t(load);
  return `${what}, ${String(entry.detail['percent'])} %`;
}

function because(entry: AuditEntry): { rest?: string } {
  const reason = textIn(entry, 'reason');
  return reason === null ? {} : { rest: `(${fromServer('', reason).replace(/\.$/, '')})` };
}

const SETTINGS: Readonly<Record<string, string>> = {
  host_name: msg('the host’s name'),
  scripts_dir: msg('the scripts folder'),
  when_output_full: msg('what happens to a run that prints more'),
  env_allow: msg('the variables that scripts see'),
  tags: msg('the tags for steps of workflows'),
  ...ofEachNumber((name) => NUMBER_SETTINGS[name].audit),
};

function settingName(key: string): string {
  const name = SETTINGS[key];
  return name === undefined ? key.replaceAll('_', ' ') : t(name);
}

function listed(parts: readonly string[]): string {
  return new Intl.ListFormat(shown.value.locale, { type: 'conjunction' }).format(parts);
}

function textIn(entry: AuditEntry, key: string): string | null {
  const value = entry.detail[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

function deviceOf(entry: AuditEntry): { rest?: string } {
  const address = textIn(entry, 'address');
  return address === null ? {} : { rest: t('at {address}', { address }) };
}

function orchestratorOf(entry: AuditEntry): NonNullable<Description['what']> {
  return { text: textIn(entry, 'name') ?? entry.target ?? '', href: '/terminals/orchestrators' };
}

/** Enter is a key that nobody sees. */
function typedIn(entry: AuditEntry): string {
  return (textIn(entry, 'text') ?? '').replaceAll('\r', '⏎');
}

function terminalOf(entry: AuditEntry): NonNullable<Description['what']> {
  return { text: textIn(entry, 'name') ?? entry.target ?? '', ...(entry.target === null ? {} : { href: `/terminals/${entry.target}` }) };
}

/** The action and its times: “backup, 0 3 * * *”. */
function scheduledIn({ detail }: AuditEntry): string {
  return [detail['action'], detail['cron']].filter((part) => typeof part === 'string').join(', ');
}
