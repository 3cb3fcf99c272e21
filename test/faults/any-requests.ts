import { request } from 'node:http';
import { join } from 'node:path';

/** What the agent answered at its local socket: null where the asker left first. */
export interface Asked {
  status: number;
  text: string;
  json: unknown;
}

/** A field of an answer; undefined where it has none. */
export function fieldOf(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null ? Reflect.get(json, name) : undefined;
}

const NEVER_MS = 180_000;
/** Of a stream nobody needs more. */
const MOST_TEXT = 100_000;

/** Asks as the owner, at the socket in TORU_HOME. @param leaveMs the asker is gone after that, whatever came. */
export function askLocally(home: string, method: string, path: string, body?: unknown, leaveMs = NEVER_MS): Promise<Asked | null> {
  return new Promise((resolve, reject) => {
    const data = body === undefined ? '' : JSON.stringify(body);
    const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(data) };
    const asked = request({ socketPath: join(home, 'api.sock'), method, path, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        if (text.length < MOST_TEXT) text += part;
      });
      answer.on('error', () => resolve(null));
      answer.on('end', () => {
        clearTimeout(timer);
        resolve({ status: answer.statusCode ?? 0, text, json: parsed(text) });
      });
    });
    const timer = setTimeout(() => {
      if (leaveMs === NEVER_MS) reject(new Error(`${method} ${path} had no answer after ${NEVER_MS / 1000} s`));
      asked.destroy();
      resolve(null);
    }, leaveMs);
    asked.on('error', () => resolve(null));
    asked.end(data);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The draw of a test: what happens next. */
export interface Draw {
  /** From 0 to 1. */
  random(): number;
  one<T>(of: readonly [T, ...T[]]): T;
  /** One that was made, also one that is gone by now, or that never was. */
  id(kind: string): string;
  /** Is it to be true, so often? */
  sometimes(part: number): boolean;
}

/** How often it comes beside others, and what is asked. `keep` remembers what was made, for later draws. */
export interface AnyRequest {
  name: string;
  weight: number;
  ask: (draw: Draw) => { method: string; path: string; body?: unknown; leaves?: boolean };
  keep?: (json: unknown) => { kind: string; id: unknown }[];
}

const made = (kind: string, field: string) => (json: unknown) => [{ kind, id: fieldOf(json, field) }];
const SCRIPTS = ['fast.sh', 'slow.sh', 'ask.sh', 'flood.sh', 'missing.sh'] as const;
const COMMANDS = ['echo here', 'sleep 600', 'yes flood | head -c 3000000; sleep 5', 'read x; echo $x', 'exit 3'] as const;
const KEYS = ['ls\r', 'exit\r', '\u0003', 'seq 1 2000\r', 'printf "\\033[?1049h"\r'] as const;

const RUNS: AnyRequest[] = [
  {
    name: 'make an action',
    weight: 4,
    ask: (d) => {
      const id = `a${Math.floor(d.random() * 12)}`;
      const body = { id, label: id, script: d.one(SCRIPTS), allow: 'everyone', stdin: d.sometimes(0.3), tty: d.sometimes(0.3) };
      return { method: 'POST', path: '/api/actions', body: { ...body, max_concurrent: d.one([1, 2, 10]) } };
    },
    keep: made('action', 'id'),
  },
  { name: 'remove an action', weight: 2, ask: (d) => ({ method: 'DELETE', path: `/api/actions/${d.id('action')}` }) },
  {
    name: 'change an action',
    weight: 2,
    ask: (d) => ({ method: 'PATCH', path: `/api/actions/${d.id('action')}`, body: { tty: d.sometimes(0.5) } }),
  },
  {
    name: 'press',
    weight: 5,
    ask: (d) => ({ method: 'POST', path: '/api/runs', body: { action: d.id('action'), inputs: {} } }),
    keep: made('run', 'task_id'),
  },
  {
    name: 'start',
    weight: 5,
    ask: (d) => ({ method: 'POST', path: '/api/runs', body: { script: d.one(SCRIPTS), args: ['x'] } }),
    keep: made('run', 'task_id'),
  },
  { name: 'cancel a run', weight: 4, ask: (d) => ({ method: 'POST', path: `/api/runs/${d.id('run')}/cancel` }) },
  { name: 'delete a run', weight: 4, ask: (d) => ({ method: 'DELETE', path: `/api/runs/${d.id('run')}` }) },
  { name: 'look at a run', weight: 2, ask: (d) => ({ method: 'GET', path: `/api/runs/${d.id('run')}${d.one(['', '/artifacts'])}` }) },
  {
    name: 'answer a run',
    weight: 2,
    ask: (d) => ({ method: 'POST', path: `/api/runs/${d.id('run')}/input`, body: { data: 'yes\n', eof: d.sometimes(0.3) } }),
  },
  {
    name: 'follow a run',
    weight: 5,
    ask: (d) => ({ method: 'GET', path: `/api/runs/${d.id('run')}/output?follow=true`, leaves: true }),
  },
  {
    name: 'read a run',
    weight: 4,
    ask: (d) => ({
      method: 'GET',
      path: `/api/runs/${d.id('run')}/${d.one(['output?tail=1000&format=jsonl', 'search?q=line', 'lines?line=3', 'terminal?at=0'])}`,
      leaves: d.sometimes(0.3),
    }),
  },
  { name: 'search', weight: 1, ask: (d) => ({ method: 'GET', path: '/api/search?q=line&in=output', leaves: d.sometimes(0.7) }) },
  {
    name: 'list runs',
    weight: 1,
    ask: (d) => ({ method: 'GET', path: `/api/runs?limit=5${d.one(['', '&sort=longest', '&result=failed'])}` }),
  },
  {
    name: 'keep less',
    weight: 0.5,
    ask: (d) => ({ method: 'PUT', path: '/api/settings', body: { keep_runs: d.one([0, 20]), compress_after_minutes: d.one([0, 1]) } }),
  },
];

const TERMINALS: AnyRequest[] = [
  {
    name: 'open a terminal',
    weight: 6,
    ask: (d) => ({
      method: 'POST',
      path: '/api/terminals',
      body: d.sometimes(0.7)
        ? { command: ['sh', '-c', d.one(COMMANDS)], folder: d.sometimes(0.2) ? d.id('folder') : null }
        : { shell: '/bin/sh', cols: 30, rows: 10 },
    }),
    keep: made('terminal', 'id'),
  },
  { name: 'close or remove a terminal', weight: 7, ask: (d) => ({ method: 'DELETE', path: `/api/terminals/${d.id('terminal')}` }) },
  {
    name: 'type',
    weight: 4,
    ask: (d) => ({ method: 'POST', path: `/api/terminals/${d.id('terminal')}/input`, body: { data: d.one(KEYS) } }),
  },
  {
    name: 'resize a terminal',
    weight: 2,
    ask: (d) => ({
      method: 'POST',
      path: `/api/terminals/${d.id('terminal')}/resize`,
      body: { cols: 10 + Math.floor(90 * d.random()), rows: 9 },
    }),
  },
  {
    name: 'follow a terminal',
    weight: 5,
    ask: (d) => {
      const viewer = d.sometimes(0.5) ? `&viewer=${crypto.randomUUID()}` : '';
      return { method: 'GET', path: `/api/terminals/${d.id('terminal')}/output?follow=true&format=jsonl${viewer}`, leaves: true };
    },
  },
  {
    name: 'read a terminal',
    weight: 4,
    ask: (d) => ({
      method: 'GET',
      path: `/api/terminals/${d.id('terminal')}/${d.one(['scrollback?format=text&lines=50', 'scrollback?format=ansi&lines=9', 'search?q=a', 'shares'])}`,
      leaves: d.sometimes(0.3),
    }),
  },
  {
    name: 'suspend or resume',
    weight: 2,
    ask: (d) => ({ method: 'POST', path: `/api/terminals/${d.id('terminal')}/${d.one(['suspend', 'resume'])}`, body: { freeze: true } }),
  },
  {
    name: 'run beside its program',
    weight: 2,
    ask: (d) => ({ method: 'POST', path: `/api/terminals/${d.id('terminal')}/exec`, body: { argv: ['id'], timeout_s: 3 } }),
  },
  {
    name: 'make a folder',
    weight: 2,
    ask: (d) => ({
      method: 'POST',
      path: '/api/folders',
      body: { name: `f${Math.floor(1e6 * d.random())}`, ...(d.sometimes(0.4) ? { parent: d.id('folder') } : {}) },
    }),
    keep: made('folder', 'id'),
  },
  { name: 'remove a folder', weight: 1, ask: (d) => ({ method: 'DELETE', path: `/api/folders/${d.id('folder')}` }) },
  {
    name: 'watch terminals',
    weight: 1,
    ask: (d) => ({
      method: 'POST',
      path: '/api/orchestrators',
      body: { folder: d.sometimes(0.5) ? d.id('folder') : null, interval_s: 5, stall_s: 30 },
    }),
    keep: made('orchestrator', 'id'),
  },
  { name: 'watch no longer', weight: 0.7, ask: (d) => ({ method: 'DELETE', path: `/api/orchestrators/${d.id('orchestrator')}` }) },
  {
    name: 'look at a screen',
    weight: 4,
    ask: (d) => ({ method: 'GET', path: `/api/orchestrators/${d.id('orchestrator')}/screens/${d.id('terminal')}` }),
  },
];

const WORKFLOWS: AnyRequest[] = [
  {
    name: 'make a workspace',
    weight: 2,
    ask: (d) => ({
      method: 'POST',
      path: '/api/workspaces',
      body: { type: 'folder', name: d.one(['flows', 'other']), path: d.id('flows') },
    }),
  },
  { name: 'remove a workspace', weight: 0.7, ask: (d) => ({ method: 'DELETE', path: `/api/workspaces/${d.one(['flows', 'other'])}` }) },
  {
    name: 'look at a workspace',
    weight: 1,
    ask: (d) => ({ method: 'POST', path: `/api/workspaces/${d.one(['flows', 'other'])}/refresh` }),
  },
  {
    name: 'start a job',
    weight: 5,
    ask: (d) => ({
      method: 'POST',
      path: `/api/workspaces/${d.one(['flows', 'other'])}/tasks/${d.one(['chain', 'sub', 'ask'])}/execute`,
      body: {},
    }),
    keep: made('job', 'job_id'),
  },
  {
    name: 'look at a job',
    weight: 3,
    ask: (d) => ({ method: 'GET', path: `/api/jobs/${d.id('job')}` }),
    keep: (json) => {
      const steps = fieldOf(json, 'steps');
      return Array.isArray(steps) ? steps.map((step) => ({ kind: 'run', id: fieldOf(step, 'task_id') })) : [];
    },
  },
  { name: 'cancel a job', weight: 2, ask: (d) => ({ method: 'POST', path: `/api/jobs/${d.id('job')}/cancel` }) },
  {
    name: 'run a job again',
    weight: 2,
    ask: (d) => ({ method: 'POST', path: `/api/jobs/${d.id('job')}/rerun`, body: {} }),
    keep: made('job', 'job_id'),
  },
  {
    name: 'approve',
    weight: 2,
    ask: (d) => ({ method: 'POST', path: `/api/jobs/${d.id('job')}/steps/ok/approve`, body: { approved: d.sometimes(0.7) } }),
  },
  { name: 'read a job', weight: 1, ask: (d) => ({ method: 'GET', path: `/api/jobs/${d.id('job')}/logs`, leaves: d.sometimes(0.3) }) },
  {
    name: 'a trigger',
    weight: 1,
    ask: (d) => ({ method: 'POST', path: `/api/workspaces/flows/triggers/every/${d.one(['fire', 'enable', 'disable'])}` }),
  },
  {
    name: 'make a schedule',
    weight: 1,
    ask: (d) => ({ method: 'POST', path: '/api/schedules', body: { action: d.id('action'), cron: '* * * * * *' } }),
    keep: made('schedule', 'name'),
  },
  { name: 'remove a schedule', weight: 1, ask: (d) => ({ method: 'DELETE', path: `/api/schedules/${d.id('schedule')}` }) },
];

const OTHERS: AnyRequest[] = [
  {
    name: 'keep a secret',
    weight: 0.5,
    ask: (d) => ({
      method: d.one(['PUT', 'DELETE']),
      path: `/api/secrets/s${Math.floor(3 * d.random())}`,
      body: { value: 'a secret value' },
    }),
  },
  {
    name: 'look at the host',
    weight: 0.5,
    ask: (d) => ({ method: 'GET', path: `/api/${d.one(['system', 'system/day', 'plugins', 'worktrees'])}` }),
  },
  {
    name: 'read the audit',
    weight: 0.3,
    ask: (d) => ({ method: 'GET', path: `/api/audit${d.one(['', '/verify', '/export'])}`, leaves: d.sometimes(0.3) }),
  },
];

export const ANY_REQUESTS: readonly AnyRequest[] = [...RUNS, ...TERMINALS, ...WORKFLOWS, ...OTHERS];

/** Frames of the WebSocket, of which any may follow any other. */
const ANY_FRAMES: readonly [(draw: Draw) => object, ...((draw: Draw) => object)[]] = [
  (d) => ({ type: 'attach', task_id: d.id('run'), from: d.one([0, 'tail', 100]) }),
  (d) => ({ type: 'attach', terminal_id: d.id('terminal'), from: d.one(['screen', 'tail', 0]) }),
  (d) => ({ type: 'attach', terminal_id: d.id('terminal'), from: 'screen' }),
  (d) => ({ type: 'detach', ...(d.sometimes(0.5) ? { task_id: d.id('run') } : { terminal_id: d.id('terminal') }) }),
  (d) => ({ type: 'ack', task_id: d.id('run'), cursor: Math.floor(1000 * d.random()) }),
  (d) => ({ type: 'input', terminal_id: d.id('terminal'), data: d.one(KEYS) }),
  (d) => ({ type: 'input', task_id: d.id('run'), data: 'yes\n', ...(d.sometimes(0.3) ? { eof: true } : {}) }),
  (d) => ({ type: 'resize', terminal_id: d.id('terminal'), cols: 10 + Math.floor(90 * d.random()), rows: 20 }),
  (d) => ({ type: 'run', script: d.one(SCRIPTS), args: [] }),
  (d) => ({ type: 'cancel', task_id: d.id('run') }),
  (d) => ({ type: d.one(['subscribe', 'unsubscribe']), topic: d.one(['runs', 'jobs', 'terminals', 'system', 'orchestrators', 'plugins']) }),
];

/** What a page says next. */
export function anyFrame(draw: Draw): object {
  return draw.one(ANY_FRAMES)(draw);
}
