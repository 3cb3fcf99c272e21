import { createHash, createHmac } from 'node:crypto';
import { NOTICE_COUNTS, NOTICE_TEXTS } from '../../shared/notice-texts.ts';
import type { Post } from '../../shared/post.ts';
import type { SealedPush } from '../../shared/push.ts';
import { runOutcome } from '../../shared/run-outcome.ts';
import type { RunSummary } from '../../shared/runs.ts';
import type { SystemAlert } from '../../shared/system.ts';
import { fill, type Language, pluralIn, textIn, type Values } from '../../shared/texts.ts';
import type { Device } from './devices.ts';
import { encrypt } from './encrypt.ts';
import type { FlowNotice, TerminalMessage } from './outbox.ts';
import type { Target } from './targets.ts';
import type { Vapid } from './vapid.ts';

/**
 * What messages say: the label and the state of a run, or how full the host is, and where to look. Nothing that a run printed or was
 * given.
 */

const MAX_TITLE_CHARS = 120;

/** For addresses, whose language nobody knows. */
export const ENGLISH: Language = { locale: 'en', texts: {} };

/** A notification. */
export interface Notice {
  title: string;
  body: string;
  /** A path of the page. */
  path: string;
  /** A newer notice of the same name takes its place. At most 32 characters of base64url. */
  topic: string;
}

export function noticeOf(run: Pick<RunSummary, 'task_id' | 'label' | 'state' | 'exit_code'>, language: Language): Notice {
  return {
    title: oneLine(run.label),
    body: textFor(language, runOutcome(run)?.word ?? NOTICE_TEXTS.ended),
    path: `/runs/${run.task_id}`,
    topic: run.task_id.replaceAll('-', ''),
  };
}

/** Of a run that waits for an answer. That of its end takes its place. */
export function noticeOfAsks({ task_id, label }: Pick<RunSummary, 'task_id' | 'label'>, language: Language): Notice {
  const topic = task_id.replaceAll('-', '');
  return { title: oneLine(label), body: textFor(language, NOTICE_TEXTS.approval), path: `/runs/${task_id}`, topic };
}

/** Of many runs at once, as after quiet hours: how many, and how many of them failed. */
export function noticeOfMany(runs: readonly RunSummary[], language: Language): Notice {
  const failed = runs.filter((run) => runOutcome(run)?.failed === true).length;
  return {
    title: pluralIn(language, runs.length, ...NOTICE_COUNTS.ended),
    body: failed === 0 ? textFor(language, NOTICE_TEXTS.noneFailed) : pluralIn(language, failed, ...NOTICE_COUNTS.failed),
    path: '/runs',
    topic: 'runs',
  };
}

/** Of a threshold: “The disk / is 91 % full”, in the name of the host. */
export function noticeOfAlert(alert: SystemAlert, hostName: string, language: Language): Notice {
  return { title: oneLine(hostName), body: oneLine(sentenceOf(alert, language)), path: '/system', topic: subjectOf(alert) };
}

/** What an alert is about: alerts of one subject take each other’s place. */
export function subjectOf({ what, mount }: SystemAlert): string {
  return topicOf(`${what} ${mount ?? ''}`);
}

function topicOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 32);
}

const JOB_WORDS = {
  completed: NOTICE_TEXTS.completed,
  failed: NOTICE_TEXTS.failed,
  cancelled: NOTICE_TEXTS.cancelled,
  skipped: NOTICE_TEXTS.skipped,
};

/** Of a workflow: how a job ended, that one asks something, that a trigger did not start it. */
export function noticeOfFlow(flow: FlowNotice, language: Language): Notice {
  const title = oneLine(flow.title);
  switch (flow.what) {
    case 'job':
      return {
        title,
        body: textFor(language, JOB_WORDS[flow.state]),
        path: `/jobs/${flow.job_id}`,
        topic: flow.job_id.replaceAll('-', ''),
      };
    case 'approval': {
      const path = `/jobs/${flow.job_id}?step=${encodeURIComponent(flow.step)}`;
      return { title, body: textFor(language, NOTICE_TEXTS.approval), path, topic: flow.job_id.replaceAll('-', '') };
    }
    case 'trigger': {
      const path = `/workflows/${encodeURIComponent(flow.workspace)}/${encodeURIComponent(flow.task)}`;
      const topic = topicOf(`${flow.workspace} ${flow.trigger}`);
      return { title, body: oneLine(textFor(language, NOTICE_TEXTS.trigger, { reason: flow.reason })), path, topic };
    }
  }
}

const TERMINAL_WORDS = {
  permission: NOTICE_TEXTS.terminalPermission,
  idle: NOTICE_TEXTS.terminalIdle,
  done: NOTICE_TEXTS.terminalDone,
  stalled: NOTICE_TEXTS.terminalStalled,
  bell: NOTICE_TEXTS.terminalBell,
  note: NOTICE_TEXTS.terminalNote,
};

/** Of a terminal: what it wants, or what its program asked to be told. */
export function noticeOfTerminal({ terminal_id, name, what, text }: TerminalMessage, language: Language): Notice {
  const body = text === null ? textFor(language, TERMINAL_WORDS[what]) : oneLine(text);
  return { title: oneLine(name), body, path: `/terminals/${terminal_id}`, topic: terminal_id.replaceAll('-', '') };
}

/** What a webhook says of a terminal. */
export function eventOfTerminal(terminal: TerminalMessage, host: string): { type: string; data: object } {
  return { type: 'terminal.attention', data: { host, ...terminal } };
}

/** What a webhook says of a workflow. */
export function eventOfFlow(flow: FlowNotice, host: string): { type: string; data: object } {
  switch (flow.what) {
    case 'job': {
      const { job_id, title, state } = flow;
      return { type: 'job.ended', data: { host, job_id, title, state, failed: state === 'failed' || state === 'cancelled' } };
    }
    case 'approval':
      return { type: 'job.approval', data: { host, job_id: flow.job_id, title: flow.title, step: flow.step } };
    case 'trigger': {
      const { workspace, trigger, task, reason } = flow;
      return { type: 'trigger.failed', data: { host, workspace, trigger, task, reason } };
    }
  }
}

/** Of whether the host is there, as the edge tells it. */
export function noticeOfHost(hostName: string, is: 'away' | 'back', language: Language): Notice {
  return { title: hostName, body: textFor(language, NOTICE_TEXTS[is]), path: '/', topic: 'host' };
}

/** What a device is sent when somebody tries whether it works. */
export function noticeOfTest(language: Language): Notice {
  return { title: 'Toru', body: textFor(language, NOTICE_TEXTS.test), path: '/account', topic: 'test' };
}

function sentenceOf({ what, mount, percent, over }: SystemAlert, language: Language): string {
  const text = NOTICE_TEXTS[over ? (`${what}Over` as const) : what];
  return textFor(language, text, { percent, mount: mount ?? '' });
}

function textFor(language: Language, text: string, values?: Values): string {
  return fill(textIn(language, text) ?? text, values);
}

/** For a device, in its language. The words are a declarative message, which Safari shows by itself, and which our service worker reads elsewhere. */
export function sealedPush(device: Device, { title, body, path, topic }: Notice, vapid: Vapid, now: number): SealedPush {
  const language = device.language ?? 'en';
  const text = JSON.stringify({
    web_push: 8030,
    notification: { title, body, navigate: new URL(path, device.origin).href, tag: topic, lang: language, dir: 'auto' },
  });
  return { authorization: vapid.authorization(device, now), topic, body: encrypt(text, device).toString('base64url') };
}

/** How much a message wants to be seen, and the sign before its title (https://docs.ntfy.sh/emojis/). */
const MARKS = {
  well: { priority: 'default', tags: 'white_check_mark' },
  failed: { priority: 'high', tags: 'x' },
  warning: { priority: 'high', tags: 'warning' },
} as const;
export type Mark = keyof typeof MARKS;

/** As a server of ntfy takes it (https://docs.ntfy.sh/publish/): the text as the body, the rest in headers. */
export function ntfyPost({ url, secret }: Target, { title, body }: Notice, click: string | null, mark: Mark): Post {
  return {
    url,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      title: inHeader(title),
      ...MARKS[mark],
      ...(click === null ? {} : { click }),
      ...(secret === null ? {} : { authorization: `Bearer ${secret}` }),
    },
    body,
  };
}

/** The event of a webhook, signed as https://www.standardwebhooks.com says. @param id the same one at every try. @param now ms since 1970. */
export function webhookPost({ url, secret }: Target, id: string, type: string, data: object, now: number): Post {
  const body = JSON.stringify({ type, timestamp: new Date(now).toISOString(), data });
  const seconds = Math.floor(now / 1000);
  const key = Buffer.from((secret ?? '').replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return {
    url,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${signature}`,
    },
    body,
  };
}

/** What a webhook says of a run. */
export function eventOf(run: RunSummary, host: string): object {
  const { task_id, action, label, state, exit_code, created_at, started_at, ended_at } = run;
  const outcome = runOutcome(run);
  return {
    host,
    task_id,
    action,
    label,
    state,
    outcome: outcome?.word,
    failed: outcome?.failed,
    exit_code,
    created_at,
    started_at,
    ended_at,
  };
}

function oneLine(text: string): string {
  const line = text.replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ').trim();
  const chars = [...line];
  return chars.length <= MAX_TITLE_CHARS ? line : `${chars.slice(0, MAX_TITLE_CHARS - 1).join('')}…`;
}

/** Other than ASCII as RFC 2047 says, which ntfy reads. */
function inHeader(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
}
