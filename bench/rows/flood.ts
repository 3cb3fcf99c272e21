import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { Client } from '../../test/harness/client.ts';
import { root } from '../../tools/root.ts';
import { LAST_WORD, timeCancels, timeToWord } from '../cancels.ts';
import { stage } from '../deadline.ts';
import { opened } from '../opened.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';
import { median, quantile, spreadOf } from '../stats.ts';
import type { BenchedToru } from '../toru.ts';
import { openToru } from '../toru.ts';

const DEAF = 100;
/** The edge allows 20 sockets a session. */
const PER_SESSION = 20;
const PASSWORD = 'one of those who never read';
const KEYS = 500;
const CANCELS = 40;
/** Below what one socket may say in a second, so that nothing is measured but the way. */
const BETWEEN_MS = 20;

/** Some 10 MB a second, until it is stopped: the fault suite's. */
const GUSH = readFileSync(join(root, 'test/faults/scripts/gush.sh'), 'utf8');
const ECHO = '#!/bin/bash\nwhile read -r line; do echo "$line"; done\n';
/** What somebody feels who types and cancels, while a run prints at full speed to a hundred browsers that never read. */
export const flood: Row = {
  name: 'flood',
  title: 'A keystroke and a cancel, during a flood with 100 viewers that never read',
  async measure() {
    await using benched = await openToru();
    for (const [name, text] of [
      ['gush.sh', GUSH],
      ['echo.sh', ECHO],
      ['last-word.sh', LAST_WORD],
    ] as const)
      benched.script(name, text);
    await benched.admin.http('POST', '/api/actions', { id: 'echo', label: 'Echo', script: 'echo.sh', stdin: true });
    const quiet = await feel(benched, 'quiet');
    const task = await benched.start('gush.sh');
    const deaf = await neverReading(benched, task);
    const busy = await feel(benched, 'in the flood');
    for (const socket of deaf) socket.terminate();
    await benched.admin.http('POST', `/api/runs/${task}/cancel`);
    const p99 = (times: readonly number[]) => exact(quantile(times, 0.99));
    return {
      figures: [
        { what: 'keystroke → its echo, p99, in the flood', unit: 'ms', value: p99(busy.keys), target: { most: 50 } },
        { what: 'keystroke → its echo, in the flood', unit: 'ms', value: spreadOf(busy.keys) },
        { what: 'keystroke → its echo, p99, before it', unit: 'ms', value: p99(quiet.keys) },
        { what: 'keystroke → its echo, before it', unit: 'ms', value: spreadOf(quiet.keys) },
        {
          what: 'cancel → the script’s last word: longer in the flood by',
          unit: 'ms',
          value: exact(median(busy.cancels) - median(quiet.cancels)),
        },
        { what: 'cancel → the script’s last word, p99, in the flood', unit: 'ms', value: p99(busy.cancels), target: { most: 50 } },
        { what: 'cancel → the script’s last word, p99, before it', unit: 'ms', value: p99(quiet.cancels) },
      ],
      notes: [`${KEYS} keystrokes and ${CANCELS} cancels one after another, of another session than those that never read.`],
    };
  },
};

/** Attached, and deaf from then on. They are other users: one may have 60 sockets. */
async function neverReading({ admin, socket, toru }: BenchedToru, task: string): Promise<WebSocket[]> {
  const deaf: WebSocket[] = [];
  for (let n = 0; deaf.length < DEAF; n += 1) {
    stage(`${DEAF} viewers that never read: ${deaf.length}`);
    const username = `deaf-${n}`;
    const made = await admin.http('POST', '/api/users', { username, password: PASSWORD, role: 'admin' });
    if (made.status !== 201) throw new Error(`POST /api/users answered ${made.status}: ${made.text}`);
    const headers = { origin: toru.url, cookie: (await Client.of(toru, username, PASSWORD)).cookieHeader() };
    for (let i = 0; i < PER_SESSION && deaf.length < DEAF; i += 1) {
      const one = new WebSocket(socket.url, { headers, perMessageDeflate: false });
      await opened(one, 'message');
      one.send(JSON.stringify({ type: 'attach', task_id: task, from: 0 }));
      one.pause();
      deaf.push(one);
    }
  }
  return deaf;
}

async function feel({ admin }: BenchedToru, when: string): Promise<{ keys: number[]; cancels: number[] }> {
  const socket = await admin.openSocket();
  const echo = await socket.run({ action: 'echo' });
  const keys: number[] = [];
  for (let i = 0; i < KEYS; i += 1) {
    stage(`keystroke ${i}, ${when}`);
    const key = `key ${i}`;
    keys.push(await timeToWord(socket, key, () => socket.send({ type: 'input', task_id: echo, data: `${key}\n` })));
    await sleep(BETWEEN_MS);
  }
  const cancels = await timeCancels(socket, CANCELS, when);
  socket.send({ type: 'cancel', task_id: echo });
  await socket.next('cancelled', echo);
  socket.close();
  return { keys, cancels };
}
