import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import type { Harness } from '../runs-harness.ts';
import { makeHarness } from '../runs-harness.ts';
import { readStatus } from './status.ts';
import { FULL_NOTE } from './wrapper.ts';

const MIB = 1024 * 1024;
const NOTE = `\n${FULL_NOTE}\n`;

let h: Harness;
beforeEach(() => {
  h = makeHarness({ limits: { graceMs: 300 } });
  h.settings.output_limit_mb = 1;
});
afterEach(() => h.close());

async function start(text: string): Promise<string> {
  h.script('it.sh', `#!/bin/sh\n${text}\n`);
  return (await h.runs.start(h.caller('ada'), { script: 'it.sh', source: 'api' })).task_id;
}

const sizeOf = (task: string, file: string): number => statSync(join(h.home, 'runs', task, file)).size;

describe('a run that prints more than is kept', () => {
  it('runs on to its own end; what is kept is exact, and says that there was more', async () => {
    const task = await start('head -c 3000000 /dev/zero | tr "\\0" x; head -c 2000000 /dev/zero >&2; echo the end; exit 3');
    expect(await h.ended(task)).toMatchObject({ state: 'exited', exit_code: 3, reason: expect.stringContaining('more than') });
    expect(sizeOf(task, 'out')).toBe(MIB + NOTE.length);
    expect(sizeOf(task, 'err')).toBe(MIB + NOTE.length);
    const output = await h.output(task);
    expect(output.split(NOTE).length).toBe(3);
    expect(output).not.toContain('the end');
    expect(h.runs.log(task).end).toBe(2 * (MIB + NOTE.length));
  });

  it('is left alone up to the last byte, and by its own limit of files', async () => {
    const exact = await start(`head -c ${MIB} /dev/zero; ulimit -f >&2`);
    expect(await h.ended(exact)).toMatchObject({ state: 'exited', reason: null });
    expect(sizeOf(exact, 'out')).toBe(MIB);
    expect((await h.output(exact)).replaceAll('\0', '')).toBe('unlimited\n');
    h.settings.output_limit_mb = 0;
    const free = await start('head -c 3000000 /dev/zero');
    expect(await h.ended(free)).toMatchObject({ reason: null, output_bytes: 3_000_000 });
  });

  it.each([1, 40, 300, 511, 512, 700])('says so of %i bytes more', async (more) => {
    const task = await start(`head -c ${MIB + more} /dev/zero`);
    expect(await h.ended(task)).toMatchObject({
      state: 'exited',
      reason: expect.stringContaining('more than'),
      output_bytes: MIB + NOTE.length,
    });
    expect(sizeOf(task, 'out')).toBe(MIB + NOTE.length);
    expect((await h.output(task)).slice(MIB)).toBe(NOTE);
  });

  it('is cancelled where the settings say so', async () => {
    h.settings.when_output_full = 'halt';
    const task = await start('while :; do echo 0123456789abcdef0123456789abcdef0123456789abcdef; done');
    expect(await h.ended(task)).toMatchObject({ state: 'cancelled', reason: expect.stringContaining('was stopped') });
    expect(sizeOf(task, 'out')).toBe(MIB + NOTE.length);
  });

  it('fills no disk while the agent is away, and is cancelled when it is back', async () => {
    h.settings.when_output_full = 'halt';
    const gate = join(h.home, 'gate');
    const task = await start(`until [ -e "${gate}" ]; do sleep 0.05; done; head -c 5000000 /dev/zero; echo done >&2; sleep 600`);
    await until(() => readStatus(join(h.home, 'runs', task), null).identity !== null);
    await h.runs.close();
    writeFileSync(gate, '');
    await until(() => sizeOf(task, 'err') > 0);
    expect(sizeOf(task, 'out')).toBe(MIB + NOTE.length);
    await h.restart({ limits: { graceMs: 300 } });
    expect(await h.ended(task)).toMatchObject({ state: 'cancelled', reason: expect.stringContaining('was stopped') });
  });
});
