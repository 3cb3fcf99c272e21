import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunRow } from '../../history/run-row.ts';
import { sampleRun } from '../../history/sample-run.ts';
import { bootId, identify } from '../../process/process-identity.ts';
import type { RunnerOrder } from '../../runner/runner-order.ts';
import { Spawner } from '../../runner/spawner.ts';
import { until } from '../../until.ts';
import type { Harness } from '../runs-harness.ts';
import { isAliveNow, makeHarness, overBoth } from '../runs-harness.ts';
import { launchWrapper } from '../wrapper/launch-wrapper.ts';
import { readStatus } from '../wrapper/status.ts';
import { makeFiles } from './run-files.ts';

let h: Harness;
beforeEach(() => {
  h = makeHarness({ limits: { graceMs: 400 } });
});
afterEach(() => h.close());

const ID = '11111111-1111-4111-8111-111111111111';
const BOOT = bootId();

/** What a crash leaves: a row that the journal calls started, and perhaps some files. */
async function crashed(change: Partial<RunRow> = {}): Promise<string> {
  await h.runs.close();
  const row = sampleRun({
    task_id: ID,
    user_id: h.caller('ada').user_id,
    username: 'ada',
    label: 'x',
    script: 'exit.sh',
    state: 'starting',
    exit_code: null,
    created_at: Date.now(),
    started_at: Date.now(),
    ...change,
  });
  h.runs.history.insert(row);
  return join(h.home, 'runs', ID);
}

function status(folder: string, text: string): void {
  const bytes = readFileSync(join(folder, 'status'));
  writeFileSync(join(folder, 'status'), Buffer.concat([Buffer.from(text), bytes.subarray(text.length)]));
}

/** The processes `cat` of a group: what pumps in the shell wrapper. */
function catsOf(group: number): number[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,pgid=,comm='], { encoding: 'latin1' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, of, name]) => of === String(group) && name === 'cat')
    .map(([pid]) => Number(pid));
}

/** A line of /proc/<pid>/stat of a process that began at another time. */
const strangers = (pid: number): string => `${pid} (sh) S ${Array.from({ length: 18 }, () => 0).join(' ')} 12345 0 0`;

describe('after a crash', () => {
  it('between journal and folder: it did not run, and never will', async () => {
    const folder = await crashed();
    await h.restart();
    expect(await h.ended(ID)).toMatchObject({ state: 'interrupted', reason: expect.stringContaining('did not run') });
    expect(existsSync(join(folder, 'claim')), join(folder, 'claim')).toBe(true);
  });

  it('before the claim: a wrapper that comes late runs nothing', async () => {
    const folder = await crashed();
    makeFiles(folder);
    await h.restart();
    expect(await h.ended(ID)).toMatchObject({ state: 'interrupted' });
    h.script('mark.sh', `#!/bin/sh\ntouch "${h.home}/it-ran"\n`);
    const environment = { PATH: process.env['PATH'] ?? '' };
    const spawner = new Spawner(h.runner === 'shell' ? { files: [] } : {});
    const order: RunnerOrder = {
      folder,
      later: folder,
      cgroup: null,
      boot: BOOT,
      token: 'a-token',
      limitBlocks: 0,
      input: { kind: 'none' },
      directory: join(h.home, 'scripts'),
      script: join(h.home, 'scripts/mark.sh'),
      args: [],
      environment: { ...environment, TORU_TASK_ID: ID },
      secrets: [],
    };
    const late = await ((await spawner.program) === null ? launchWrapper(order, environment) : spawner.run(order));
    await late.gone;
    spawner.close();
    expect(readStatus(folder, null)).toMatchObject({ identity: null, exit: null });
    expect(existsSync(join(h.home, 'it-ran')), join(h.home, 'it-ran')).toBe(false);
  });

  it('after the claim, before the wrapper said who it is', async () => {
    const folder = await crashed();
    makeFiles(folder);
    writeFileSync(join(folder, 'claim'), '');
    await h.restart();
    expect(await h.ended(ID)).toMatchObject({ state: 'interrupted' });
  });

  it('after the claim, with a wrapper that says a moment later who it is: it is followed', async () => {
    const script = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const folder = await crashed();
    makeFiles(folder);
    writeFileSync(join(folder, 'claim'), '');
    const restarted = h.restart();
    // The agent has looked once by now, found nothing, and waits for it.
    await new Promise((next) => setTimeout(next, 100));
    status(folder, `boot ${BOOT}\nstat ${readFileSync(`/proc/${script.pid}/stat`, 'latin1')}`);
    await restarted;
    expect(h.runs.get(h.caller('ada'), ID).state).toBe('running');
    await h.runs.cancel(h.caller('ada'), ID);
    expect(await h.ended(ID)).toMatchObject({ state: 'cancelled' });
    expect(isAliveNow(script.pid ?? 0), 'the process lives').toBe(false);
  });

  it('with a cancel while the agent still looks for the wrapper: it is stopped as soon as it is found', async () => {
    const script = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const folder = await crashed();
    makeFiles(folder);
    writeFileSync(join(folder, 'claim'), '');
    const restarted = h.restart();
    await new Promise((next) => setTimeout(next, 100));
    await h.runs.cancel(h.caller('ada'), ID);
    status(folder, `boot ${BOOT}\nstat ${readFileSync(`/proc/${script.pid}/stat`, 'latin1')}`);
    await restarted;
    expect(await h.ended(ID)).toMatchObject({ state: 'cancelled' });
    expect(isAliveNow(script.pid ?? 0), 'the process lives').toBe(false);
  });

  it('with the host restarted since', async () => {
    const folder = await crashed();
    makeFiles(folder);
    writeFileSync(join(folder, 'claim'), '');
    status(folder, `boot another-boot\nstat ${strangers(process.pid)}\n`);
    await h.restart();
    expect(await h.ended(ID)).toMatchObject({ state: 'interrupted', reason: expect.stringContaining('host was restarted') });
  });

  it('with its pid taken over by a stranger, who is left alone', async () => {
    const stranger = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const folder = await crashed();
    makeFiles(folder);
    writeFileSync(join(folder, 'claim'), '');
    status(folder, `boot ${BOOT}\nstat ${strangers(stranger.pid ?? 0)}\n`);
    await h.restart();
    expect(await h.ended(ID)).toMatchObject({ state: 'interrupted' });
    expect(isAliveNow(stranger.pid ?? 0), 'the process lives').toBe(true);
    stranger.kill('SIGKILL');
  });

  it('ended meanwhile: its code, its output (the rest of out, then of err), its time', async () => {
    const folder = await crashed();
    makeFiles(folder);
    writeFileSync(join(folder, 'claim'), '');
    writeFileSync(join(folder, 'out'), 'of out\n');
    writeFileSync(join(folder, 'err'), 'of err\n');
    status(folder, `boot ${BOOT}\nstat ${strangers(4_000_000)}\nTerminated\nexit 143\ndrained\n`);
    await h.restart();
    expect(await h.ended(ID)).toMatchObject({ state: 'exited', exit_code: null, signal: 'SIGTERM', output_bytes: 14 });
    expect(await h.output(ID)).toBe('of out\nof err\n');
  });

  it('ended meanwhile, with a pump that waits for room: it may still say what is missing', async () => {
    const folder = await crashed();
    makeFiles(folder);
    writeFileSync(join(folder, 'claim'), '');
    writeFileSync(join(folder, 'out'), 'before\n');
    const text = `boot ${BOOT}\nstat ${strangers(4_000_000)}\ncut out\nexit 0\n`;
    status(folder, text);
    await h.restart();
    // The pump tries again after a second.
    await new Promise((next) => setTimeout(next, 1200));
    expect(h.runs.get(h.caller('ada'), ID).state).toBe('running');
    appendFileSync(join(folder, 'out'), 'the note\nthe rest\n');
    status(folder, `${text}drained\n`);
    expect(await h.ended(ID)).toMatchObject({ state: 'exited', exit_code: 0, reason: expect.stringContaining('may be missing') });
    expect(await h.output(ID)).toBe('before\nthe note\nthe rest\n');
  });

  it('ended meanwhile, with a background child that holds the pipe: it keeps nobody', async () => {
    const folder = await crashed();
    makeFiles(folder);
    writeFileSync(join(folder, 'claim'), '');
    writeFileSync(join(folder, 'out'), 'all\n');
    status(folder, `boot ${BOOT}\nstat ${strangers(4_000_000)}\nexit 3\n`);
    await h.restart();
    expect(await h.ended(ID)).toMatchObject({ state: 'exited', exit_code: 3, reason: null });
    expect(await h.output(ID)).toBe('all\n');
  });

  it('with half an order record, and with records of bytes that a power loss took', async () => {
    const folder = await crashed();
    await h.restart();
    await h.ended(ID);
    const { task_id } = await h.runs.start(h.caller('ada'), { script: 'alternating.sh', source: 'api' });
    await h.ended(task_id);
    const whole = await h.output(task_id);
    await h.runs.close();
    const one = join(h.home, 'runs', task_id);
    h.db.prepare(`UPDATE task_history SET state = 'starting' WHERE task_id = ?`).run(task_id);
    appendFileSync(join(one, 'order'), Buffer.alloc(11, 7));
    await h.restart();
    await h.ended(task_id);
    expect(await h.output(task_id)).toBe(whole);
    expect(statSync(join(one, 'order')).size % 24).toBe(0);
    await h.runs.close();
    // The last 10 bytes of stdout never reached the disk.
    truncateSync(join(one, 'out'), statSync(join(one, 'out')).size - 10);
    h.db.prepare(`UPDATE task_history SET state = 'starting' WHERE task_id = ?`).run(task_id);
    await h.restart();
    await h.ended(task_id);
    const rest = await h.output(task_id);
    expect(rest.length).toBe(whole.length - 10);
    expect(whole.startsWith(rest.slice(0, whole.length - 60))).toBe(true);
    expect(folder).not.toBe(one);
  });

  it('running: it is taken up, watched and can be cancelled', async () => {
    const ada = h.caller('ada');
    const { task_id } = await h.runs.start(ada, { script: 'forever.sh', source: 'api' });
    await until(() => h.runs.log(task_id).end > 20);
    await h.runs.close();
    await h.restart({ limits: { graceMs: 20_000 } });
    expect(h.runs.get(ada, task_id).state).toBe('running');
    const { end } = h.runs.log(task_id);
    await until(() => h.runs.log(task_id).end > end + 10);
    const text = await h.output(task_id);
    expect(text).toMatch(/^pid \d+\n(tick\n)+$/);
    await h.runs.cancel(ada, task_id);
    expect(await h.ended(task_id)).toMatchObject({ state: 'cancelled', signal: 'SIGTERM' });
    expect(isAliveNow(Number(/pid (\d+)/.exec(text)?.[1])), 'the process lives').toBe(false);
  });

  it('in the middle of a cancel: the cancel goes on', async () => {
    const ada = h.caller('ada');
    const { task_id } = await h.runs.start(ada, { script: 'stubborn.sh', source: 'api' });
    await until(() => h.runs.log(task_id).end > 0);
    await h.runs.cancel(ada, task_id);
    await h.runs.close();
    await h.restart();
    expect(await h.ended(task_id)).toMatchObject({ state: 'cancelled' });
  });

  it('with the wrapper killed: interrupted, and its script with it', async () => {
    const ada = h.caller('ada');
    const { task_id } = await h.runs.start(ada, { script: 'forever.sh', source: 'api' });
    await until(() => h.runs.log(task_id).end > 20);
    const pid = Number(/pid (\d+)/.exec(await h.output(task_id))?.[1]);
    const wrapper = Number(/^stat (\d+)/m.exec(readFileSync(join(h.home, 'runs', task_id, 'status'), 'latin1'))?.[1]);
    process.kill(wrapper, 'SIGKILL');
    expect(await h.ended(task_id)).toMatchObject({ state: 'interrupted' });
    // Its parent is gone too: until somebody takes note of its death, it is a zombie.
    expect(identify(pid, BOOT)).toBe(null);
  });

  it('with the wrapper killed while nobody looked: the next agent sweeps up what it left, also without a cgroup', async () => {
    const ada = h.caller('ada');
    await h.runs.close();
    await h.restart({ limits: { graceMs: 300, cgroups: false } });
    // One that goes on printing would soon die of that by itself.
    h.script('silent.sh', '#!/bin/sh\necho "pid $$"\nexec sleep 600\n');
    const { task_id } = await h.runs.start(ada, { script: 'silent.sh', source: 'api' });
    await until(() => h.runs.log(task_id).end > 4);
    const pid = Number(/pid (\d+)/.exec(await h.output(task_id))?.[1]);
    const wrapper = Number(/^stat (\d+)/m.exec(readFileSync(join(h.home, 'runs', task_id, 'status'), 'latin1'))?.[1]);
    await h.runs.close();
    process.kill(wrapper, 'SIGKILL');
    await until(() => identify(wrapper, BOOT) === null);
    expect(identify(pid, BOOT)).not.toBe(null);
    await h.restart({ limits: { graceMs: 300, cgroups: false } });
    expect(await h.ended(task_id)).toMatchObject({ state: 'interrupted', reason: expect.stringContaining('killed from outside') });
    await until(() => identify(pid, BOOT) === null);
  });

  it('with a pump killed: the rest of the output still arrives', async () => {
    const gate = join(h.home, 'gate');
    h.script('pumped.sh', `#!/bin/sh\necho one\nuntil [ -e "${gate}" ]; do sleep 0.05; done\necho two\nexit 3\n`);
    const { task_id } = await h.runs.start(h.caller('ada'), { script: 'pumped.sh', source: 'api' });
    await until(() => h.runs.log(task_id).end >= 4);
    const wrapper = Number(/^stat (\d+)/m.exec(readFileSync(join(h.home, 'runs', task_id, 'status'), 'latin1'))?.[1]);
    if (h.runner === 'native') {
      process.kill(wrapper, 'SIGKILL');
      expect(await h.ended(task_id)).toMatchObject({ state: 'interrupted' });
      return;
    }
    // The pump of stderr, which has carried nothing yet, may still be on its way from the shell to its program.
    await expect.poll(() => catsOf(wrapper), { message: 'both pumps' }).toHaveLength(2);
    for (const pid of catsOf(wrapper)) process.kill(pid, 'SIGKILL');
    writeFileSync(gate, '');
    expect(await h.ended(task_id)).toMatchObject({ state: 'exited', exit_code: 3, reason: expect.stringContaining('missing') });
    expect(await h.output(task_id)).toMatch(/^one\n[\s\S]*two\n/);
  });

  it('a queued run waits on, with its inputs; one with a secret does not', async () => {
    const ada = h.caller('ada');
    const inputs = [
      { name: 'text', label: 'Text', type: 'text' },
      { name: 'key', label: 'Key', type: 'secret', pass: { by: 'environment', variable: 'KEY' } },
    ];
    h.action({ id: 'one', script: 'args.sh', inputs, max_concurrent: 1 });
    h.action({ id: 'blocker', script: 'forever.sh', max_concurrent: 1 });
    await h.runs.close();
    await h.restart({ limits: { graceMs: 300, maxRunning: 1 } });
    const first = await h.runs.start(ada, { action: 'blocker', source: 'page' });
    const plain = await h.runs.start(ada, { action: 'one', inputs: { text: 'remembered' }, source: 'page' });
    const secret = await h.runs.start(ada, { action: 'one', inputs: { text: 'x', key: 'hunter2' }, source: 'page' });
    expect([plain.state, secret.state]).toEqual(['queued', 'queued']);
    await h.runs.close();
    await h.restart({ limits: { graceMs: 300, maxRunning: 1 } });
    expect(await h.ended(secret.task_id)).toMatchObject({ state: 'interrupted', reason: expect.stringContaining('secret') });
    expect(h.runs.get(ada, plain.task_id).state).toBe('queued');
    await h.runs.cancel(ada, first.task_id);
    expect(await h.ended(plain.task_id)).toMatchObject({ state: 'exited', exit_code: 0 });
    expect(await h.output(plain.task_id)).toBe('[remembered]\n');
  });
});

describe('a signal to the agent’s whole group, as a terminal or a service manager sends it', () => {
  it.each(['SIGINT', 'SIGKILL'] as const)('%s ends no run', async (signal) => {
    const home = mkdtempSync(join(tmpdir(), 'toru-group-'));
    const agent = spawn(process.execPath, ['--no-warnings', join(import.meta.dirname, '../crashing-agent.ts'), home, '3', h.runner], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const gone = new Promise((resolve) => agent.once('close', resolve));
    let said = '';
    agent.stdout.on('data', (data) => {
      said += String(data);
    });
    const marks = (): number => readdirSync(home).filter((name) => name.startsWith('began-')).length;
    await until(() => marks() === 3);
    process.kill(-(agent.pid ?? 0), signal);
    await gone;
    const after = makeHarness({}, home);
    await after.runs.recover();
    for (const [, task = ''] of said.matchAll(/started (\S+)/g)) {
      expect(await after.ended(task)).toMatchObject({ state: 'exited', exit_code: 7, signal: null });
      expect((await after.output(task)).match(/^line /gm)?.length).toBe(40);
    }
    await after.close();
  });
});

describe('kill -9 of the agent, at any moment', () => {
  it('leaves every run running or ended, none run twice, nothing lost', async () => {
    for (const delay of overBoth([5, 30, 80, 200, 400], [5, 80, 400])) {
      const home = mkdtempSync(join(tmpdir(), 'toru-crash-'));
      mkdirSync(home, { recursive: true });
      const agent = spawn(process.execPath, ['--no-warnings', join(import.meta.dirname, '../crashing-agent.ts'), home, '12', h.runner], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      agent.stdout.on('data', (data) => {
        said += String(data);
      });
      await until(() => said.includes('ready'));
      await new Promise((next) => setTimeout(next, delay));
      agent.kill('SIGKILL');
      await new Promise((resolve) => agent.once('close', resolve));

      const after = makeHarness({}, home);
      await after.runs.recover();
      const promised = [...said.matchAll(/started (\S+)/g)].map((found) => found[1] ?? '');
      const { items } = after.runs.list(after.caller('root'), { limit: 200 });
      for (const task of promised) expect(items.map((run) => run.task_id)).toContain(task);
      for (const { task_id } of items) {
        const run = await after.ended(task_id);
        const mark = join(home, `began-${task_id}`);
        const begun = existsSync(mark) ? readFileSync(mark, 'utf8') : '';
        if (run.state === 'exited') {
          expect(run.exit_code).toBe(7);
          expect(begun).toBe('begun\n');
          const text = await after.output(task_id);
          expect(
            text
              .split('\n')
              .filter((line) => line.startsWith('line'))
              .join(),
          ).toBe(Array.from({ length: 40 }, (_, i) => `line ${i}`).join());
          expect(
            text
              .split('\n')
              .filter((line) => line.startsWith('oops'))
              .join(),
          ).toBe(Array.from({ length: 40 }, (_, i) => `oops ${i}`).join());
        } else {
          expect(run.state).toBe('interrupted');
          expect(begun).toBe('');
        }
      }
      await after.close();
    }
  });
});
