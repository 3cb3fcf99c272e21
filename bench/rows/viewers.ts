import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../../test/harness/client.ts';
import { stage } from '../deadline.ts';
import { cpuSeconds, Helper } from '../helper-process.ts';
import { sentBytes } from '../link-bytes.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';
import type { BenchedToru } from '../toru.ts';
import { openToru } from '../toru.ts';

const MANY = 1000;
/** The edge allows 20 sockets a session, and 60 a user. */
const PER_SESSION = 20;
const SESSIONS_PER_USER = 3;
const PASSWORD = 'one of a thousand viewers';
const FRAMES = 64;
const LINES = 250;
/** What the script prints: 64 times 16 KiB, five times a second. It waits until somebody opens the gate. */
const BYTES = FRAMES * LINES * 66;
const SCRIPT = `#!/bin/bash
printf -v line '%065d\\n' 7
for ((i = 0; i < ${LINES}; i++)); do block+=$line; done
read -r _ < "$1"
for ((i = 0; i < ${FRAMES}; i++)); do printf %s "$block"; sleep 0.2; done
`;

/** Bytes on the agent's link while a run prints, with a thousand browsers that watch it, and with one. */
export const viewers: Row = {
  name: 'viewers',
  title: 'Upload from the host, 1,000 viewers of one run against 1',
  async measure() {
    await using benched = await openToru();
    benched.script('gated.sh', SCRIPT);
    const sessions = [benched.socket.headers];
    const { origin } = benched.admin;
    stage('users log in');
    for (let user = 0; sessions.length < MANY / PER_SESSION; user += 1) {
      const username = `viewer-${user}`;
      const made = await benched.admin.http('POST', '/api/users', { username, password: PASSWORD, role: 'admin' });
      if (made.status !== 201) throw new Error(`POST /api/users answered ${made.status}: ${made.text}`);
      for (let n = 0; n < SESSIONS_PER_USER && sessions.length < MANY / PER_SESSION; n += 1)
        sessions.push({ origin, cookie: (await Client.of(benched.toru, username, PASSWORD)).cookieHeader() });
    }
    await using helper = new Helper('clients/viewers.ts');
    const one = await uploadFor(1, benched, sessions, helper);
    const many = await uploadFor(MANY, benched, sessions, helper);
    return {
      figures: [
        { what: `upload, ${MANY} viewers / 1 viewer`, unit: '×', value: exact(many.sent / one.sent), target: { most: 1.05 } },
        { what: 'upload / output, 1 viewer', unit: '×', value: exact(one.sent / BYTES) },
        { what: `upload / output, ${MANY} viewers`, unit: '×', value: exact(many.sent / BYTES) },
        { what: `viewers of ${MANY} that got every byte and the exit`, unit: '', value: exact(many.complete), target: { least: MANY } },
        { what: `agent’s CPU, ${MANY} viewers`, unit: '%', value: exact(many.cpu) },
        { what: 'agent’s CPU, 1 viewer', unit: '%', value: exact(one.cpu) },
      ],
      notes: [
        `${BYTES / 1e6} MB in ${FRAMES} pieces over 13 s; what the agent wrote, its journal included, counted from the last attach to the last exit.`,
      ],
    };
  },
};

async function uploadFor(
  count: number,
  { toru, socket, start, ended }: BenchedToru,
  sessions: Record<string, string>[],
  helper: Helper,
): Promise<{ sent: number; complete: number; cpu: number }> {
  stage(`${count} viewers`);
  const gate = join(toru.home, `gate-${count}`);
  execFileSync('mkfifo', [gate]);
  const task = await start('gated.sh', [gate]);
  await helper.ask({ do: 'open', url: socket.url, sessions, count, task });
  const pid = toru.agentPid();
  const [before, cpuBefore, at] = [sentBytes(pid), cpuSeconds(pid), performance.now()];
  writeFileSync(gate, 'go\n');
  const complete = await helper.ask({ do: 'close', bytes: BYTES });
  const result = {
    sent: sentBytes(pid) - before,
    complete,
    cpu: (100 * (cpuSeconds(pid) - cpuBefore)) / ((performance.now() - at) / 1000),
  };
  await ended(task);
  return result;
}
