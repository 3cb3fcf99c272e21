import { setTimeout as sleep } from 'node:timers/promises';
import { workerdOf } from '../../test/faults/processes.ts';
import { Client } from '../../test/harness/client.ts';
import { LAST_WORD, timeCancels } from '../cancels.ts';
import { stage } from '../deadline.ts';
import { Helper, residentBytes } from '../helper-process.ts';
import type { Figure, Row } from '../row.ts';
import { exact } from '../row.ts';
import { quantile, spreadOf } from '../stats.ts';
import type { BenchedToru } from '../toru.ts';
import { openToru, PRINT_MIB } from '../toru.ts';

const CANCELS = 100;
const PASSWORD = 'one who does their worst';
/** How long the attack goes on before and after the cancels: memory is looked at all the time. */
const AROUND_MS = 2000;
const EVERY_MS = 50;

const ATTACKS = {
  brackets: { do: 'frames', sockets: 2, frame: '#', filling: '[', repeat: 250_000, burst: 250, perS: 90 },
  patterns: {
    do: 'frames',
    sockets: 4,
    frame: '{"type":"run","action":"slow","inputs":{"word":"#!"}}',
    filling: 'a',
    repeat: 16,
    burst: 100,
    perS: 99,
  },
  'large frames': { do: 'frames', sockets: 4, frame: '{"type":"run","script":"#"}', filling: 'x', repeat: 255_000, burst: 290, perS: 90 },
  'nested bodies': { do: 'bodies', atOnce: 1, frame: '{"action":"slow","inputs":{"word":#}}', filling: '{"a":[', repeat: 133_000 },
  'wide bodies': { do: 'bodies', atOnce: 1, frame: '{"action":"slow","inputs":{"word":[#1]}}', filling: '[{}],', repeat: 160_000 },
  '16 uploads': { do: 'bodies', atOnce: 16, frame: '{"action":"slow","inputs":{"word":"#"}}', filling: 'x', repeat: 1_000_000 },
  /** Through 270 MB of the client's own output; at most four of one user are admitted. */
  '16 searches': { do: 'reads', of: 'search', atOnce: 16 },
  /** Through 60 MB of a run in a terminal, for the modes that its program set last; one of a user is read at a time, the others wait. */
  '16 looks at a terminal’s modes': { do: 'reads', of: 'modes', atOnce: 16 },
} as const;

/** An admin's cancel beside one client of the same host that does its worst. */
export const starve: Row = {
  name: 'starve',
  title: 'An admin’s cancel, beside one client that does its worst',
  deadline: 600,
  async measure() {
    await using benched = await openToru();
    benched.script('last-word.sh', LAST_WORD);
    benched.script('print.sh', PRINT_MIB);
    const eve = await clientOf(benched);
    await printed(benched, eve, 'print');
    const run = await printed(benched, eve, 'print-tty');
    await using helper = new Helper('clients/starver.ts');
    const rest = await cancels(benched, 'at rest');
    const figures: Figure[] = [
      { what: 'cancel → the script’s last word, p99, at rest', unit: 'ms', value: exact(quantile(rest, 0.99)) },
      { what: 'cancel → the script’s last word, at rest', unit: 'ms', value: spreadOf(rest) },
    ];
    const notes = [`${CANCELS} cancels one after another in each case, of another user than the one who does their worst.`];
    for (const [name, attack] of Object.entries(ATTACKS)) {
      const found = await beside(benched, helper, name, {
        ...attack,
        ...targetOf(benched, eve, { how: 'of' in attack ? attack.of : attack.do, run }),
      });
      figures.push(
        { what: `p99 beside ${name}`, unit: 'ms', value: exact(quantile(found.times, 0.99)), target: { most: 50 } },
        { what: `beside ${name}`, unit: 'ms', value: spreadOf(found.times) },
        { what: `agent’s memory beside ${name}, at most`, unit: 'MB more', value: exact(found.agent / 1e6), target: { most: 64 } },
        { what: `workerd’s memory beside ${name}, at most`, unit: 'MB more', value: exact(found.workerd / 1e6), target: { most: 64 } },
      );
      notes.push(`Beside ${name}: ${found.sent} of them were sent.`);
    }
    return { figures, notes };
  },
};

/** A client with one action, whose pattern can be made to take for ever. */
async function clientOf({ admin, toru }: BenchedToru): Promise<Client> {
  const made = await admin.http('POST', '/api/users', { username: 'eve', password: PASSWORD, role: 'client' });
  if (made.status !== 201) throw new Error(`POST /api/users answered ${made.status}: ${made.text}`);
  const input = { type: 'text', name: 'word', label: 'Word', pattern: '(\\w+ ?)*' };
  const allow = [made.json().id];
  const slow = { id: 'slow', label: 'Slow', script: 'last-word.sh', inputs: [input], allow };
  const print = { label: 'Print', script: 'print.sh', allow };
  for (const action of [slow, { ...print, id: 'print', args: ['250'] }, { ...print, id: 'print-tty', args: ['60'], tty: true }]) {
    const saved = await admin.http('POST', '/api/actions', action);
    if (saved.status !== 201) throw new Error(`POST /api/actions answered ${saved.status}: ${saved.text}`);
  }
  return Client.of(toru, 'eve', PASSWORD);
}

interface Printed {
  readonly task_id: string;
  /** Bytes that it printed: a cursor behind nearly all of it. */
  readonly end: number;
}

/** What the client's reads go through. */
async function printed(benched: BenchedToru, eve: Client, action: string): Promise<Printed> {
  const started = await eve.http('POST', '/api/runs', { action });
  if (started.status !== 202) throw new Error(`POST /api/runs answered ${started.status}: ${started.text}`);
  const { task_id } = started.json();
  await benched.ended(task_id);
  return { task_id, end: (await eve.http('GET', `/api/runs/${task_id}`)).json().output_bytes };
}

function targetOf(
  { toru, socket }: BenchedToru,
  eve: Client,
  { how, run }: { how: 'frames' | 'bodies' | 'search' | 'modes'; run: Printed },
): { url: string; headers: Record<string, string> } {
  const headers = { origin: toru.url, cookie: eve.cookieHeader() };
  switch (how) {
    case 'frames':
      return { url: socket.url, headers };
    case 'bodies':
      return { url: `${toru.url}/api/runs`, headers: { ...headers, 'content-type': 'application/json' } };
    case 'search':
      return { url: `${toru.url}/api/search?in=output&q=${encodeURIComponent('a needle that is nowhere')}`, headers };
    case 'modes':
      return { url: `${toru.url}/api/runs/${run.task_id}/terminal?at=${run.end}`, headers };
  }
}

async function beside(
  benched: BenchedToru,
  helper: Helper,
  name: string,
  attack: object,
): Promise<{ times: number[]; agent: number; workerd: number; sent: number }> {
  stage(`beside ${name}`);
  const pids = [benched.toru.agentPid(), workerdOf(benched.toru.pid)];
  const before = pids.map(residentBytes);
  const most = [...before];
  const looking = setInterval(() => {
    for (const [at, pid] of pids.entries()) most[at] = Math.max(most[at] ?? 0, residentBytes(pid));
  }, EVERY_MS);
  try {
    await helper.ask(attack);
    await sleep(AROUND_MS);
    const times = await cancels(benched, `beside ${name}`);
    await sleep(AROUND_MS);
    const sent = await helper.ask({ do: 'stop' });
    const [agent = Number.NaN, workerd = Number.NaN] = most.map((bytes, at) => bytes - (before[at] ?? Number.NaN));
    return { times, agent, workerd, sent };
  } finally {
    clearInterval(looking);
  }
}

async function cancels({ admin }: BenchedToru, when: string): Promise<number[]> {
  const socket = await admin.openSocket();
  const times = await timeCancels(socket, CANCELS, when);
  socket.close();
  return times;
}
