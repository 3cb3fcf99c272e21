import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../shared/runs.ts';
import type { Caller } from '../users/caller.ts';
import type { Harness } from './runs-harness.ts';
import { makeHarness } from './runs-harness.ts';

let h: Harness;
beforeEach(() => {
  h = makeHarness({ limits: { graceMs: 200 } });
});
afterEach(() => h.close());

describe('who may run what', () => {
  it('a client: the actions they are allowed, and no script', async () => {
    const eve = h.caller('eve', 'client');
    h.action({ id: 'open', script: 'exit.sh' });
    h.action({ id: 'hers', script: 'exit.sh', allow: [eve.user_id] });
    h.action({ id: 'admins', script: 'exit.sh', allow: [] });
    await expect(h.runs.start(eve, { script: 'exit.sh', source: 'page' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(h.runs.start(eve, { action: 'admins', source: 'page' })).rejects.toMatchObject({ code: 'unknown_action' });
    await expect(h.runs.start(eve, { action: 'nothing', source: 'page' })).rejects.toMatchObject({ code: 'unknown_action' });
    for (const action of ['open', 'hers']) await h.ended((await h.runs.start(eve, { action, source: 'page' })).task_id);
    expect(h.audit.filter(({ outcome }) => outcome === 'refused').length).toBe(3);
    expect(h.audit.filter(({ event, outcome }) => event === 'run.start' && outcome === 'ok').length).toBe(2);
  });

  it('an admin: any action, any script', async () => {
    const ada = h.caller('ada');
    h.action({ id: 'admins', script: 'exit.sh', allow: [] });
    await h.ended((await h.runs.start(ada, { action: 'admins', source: 'page' })).task_id);
    await h.ended((await h.runs.start(ada, { script: 'exit.sh', source: 'page' })).task_id);
  });

  it('a client sees own runs only, without what stands behind the button', async () => {
    const [ada, eve, bob] = [h.caller('ada'), h.caller('eve', 'client'), h.caller('bob', 'client')];
    h.action({ id: 'open', script: 'args.sh', args: ['hidden'] });
    const { task_id } = await h.runs.start(eve, { action: 'open', source: 'page' });
    await h.ended(task_id);
    const hers = h.runs.get(eve, task_id);
    expect(hers).toMatchObject({ action: 'open', user: 'eve' });
    expect(hers).not.toHaveProperty('script');
    expect(hers).not.toHaveProperty('args');
    expect(h.runs.get(ada, task_id)).toMatchObject({ script: 'args.sh', args: ['hidden'] });
    expect(() => h.runs.get(bob, task_id)).toThrow(expect.objectContaining({ code: 'unknown_task' }));
    expect(h.runs.list(bob, {}).items).toEqual([]);
    expect(h.runs.list(eve, {}).items.map((run) => Object.hasOwn(run, 'script'))).toEqual([false]);
    // What they can't see, they can't search for either.
    expect(h.runs.list(bob, { q: 'open' }).items).toEqual([]);
    expect(h.runs.list(eve, { q: 'hidden' }).items).toEqual([]);
    expect(h.runs.list(ada, { q: 'hidden' }).items.length).toBe(1);
  });
});

describe('a request id', () => {
  it('starts once, however often and however fast it is sent', async () => {
    const ada = h.caller('ada');
    const request_id = randomUUID();
    const ask = () => h.runs.start(ada, { script: 'exit.sh', args: ['3'], request_id, source: 'api' });
    const started = await Promise.all([ask(), ask(), ask()]);
    started.push(await ask());
    expect(new Set(started.map(({ task_id }) => task_id)).size).toBe(1);
    await h.ended(started[0]?.task_id ?? '');
    expect(await ask()).toEqual({ task_id: started[0]?.task_id, state: 'exited' });
    expect(h.runs.list(ada, {}).items.length).toBe(1);
  });

  it('with another body is a conflict; another user’s is another id', async () => {
    const ada = h.caller('ada');
    const request_id = randomUUID();
    const first = await h.runs.start(ada, { script: 'exit.sh', args: ['3'], request_id, source: 'api' });
    await expect(h.runs.start(ada, { script: 'exit.sh', args: ['4'], request_id, source: 'api' })).rejects.toMatchObject({
      code: 'request_id_reused',
    });
    const other = await h.runs.start(h.caller('bob'), { script: 'exit.sh', args: ['4'], request_id, source: 'api' });
    expect(other.task_id).not.toBe(first.task_id);
    await Promise.all([h.ended(first.task_id), h.ended(other.task_id)]);
  });

  it('of a refused start may be used again', async () => {
    const ada = h.caller('ada');
    const request_id = randomUUID();
    await expect(h.runs.start(ada, { script: 'missing.sh', request_id, source: 'api' })).rejects.toMatchObject({ code: 'unknown_script' });
    await h.ended((await h.runs.start(ada, { script: 'exit.sh', request_id, source: 'api' })).task_id);
  });
});

describe('inputs', () => {
  it('are checked before anything is written down', async () => {
    const ada = h.caller('ada');
    h.action({ id: 'ask', script: 'args.sh', inputs: [{ name: 'who', label: 'Who', type: 'text', required: true, pattern: '[a-z]+' }] });
    const start = (inputs: Record<string, unknown>) => h.runs.start(ada, { action: 'ask', inputs, source: 'page' });
    await expect(start({})).rejects.toMatchObject({ code: 'input_required' });
    await expect(start({ who: 'a', more: 1 })).rejects.toMatchObject({ code: 'input_undeclared' });
    await expect(start({ who: 'UP' })).rejects.toMatchObject({ code: 'input_invalid' });
    const script = (args: string[]) => h.runs.start(ada, { script: 'args.sh', args, source: 'api' });
    await expect(script(['a\0b'])).rejects.toMatchObject({ code: 'input_invalid' });
    await expect(script(['x'.repeat(131_072)])).rejects.toMatchObject({ code: 'input_too_large' });
    await expect(script(Array.from({ length: 20 }, () => 'x'.repeat(100_000)))).rejects.toMatchObject({ code: 'input_too_large' });
    await expect(script(Array.from({ length: 257 }, () => 'x'))).rejects.toMatchObject({ code: 'input_too_large' });
    expect(h.runs.list(ada, {}).items).toEqual([]);
    const long = await script(['x'.repeat(131_071)]);
    expect(await h.ended(long.task_id)).toMatchObject({ state: 'exited', exit_code: 0, output_bytes: 131_074 });
  });
});

describe('a pattern', () => {
  it('that would take for ever is given up, and the agent goes on', async () => {
    const eve = h.caller('eve', 'client');
    h.action({ id: 'slow', script: 'args.sh', inputs: [{ name: 'who', label: 'Who', type: 'text', pattern: '(\\w+\\s?)*' }] });
    const start = (who: string) => h.runs.start(eve, { action: 'slow', inputs: { who }, source: 'page' });
    await expect(start(`${'a'.repeat(60)}!`)).rejects.toMatchObject({
      code: 'input_invalid',
      message: expect.stringContaining('too long'),
    });
    // A burst costs one check: that user waits before the next press of that action, and nobody else does.
    for (let n = 0; n < 300; n += 1) await expect(start(`${'a'.repeat(60)}!`)).rejects.toMatchObject({ code: 'busy' });
    const ada = h.caller('ada', 'client');
    const fast = (who: string) => h.runs.start(ada, { action: 'slow', inputs: { who }, source: 'page' });
    await expect(fast('!')).rejects.toMatchObject({ code: 'input_invalid', extra: { input: 'who' } });
    await h.ended((await fast('ada lovelace')).task_id);
    h.action({ id: 'other', script: 'args.sh', inputs: [{ name: 'who', label: 'Who', type: 'text', pattern: '[a-z]+' }] });
    await h.ended((await h.runs.start(eve, { action: 'other', inputs: { who: 'eve' }, source: 'page' })).task_id);
  });
});

describe('the queue', () => {
  it('refuses past max_concurrent where the action says so, and keeps that in the history', async () => {
    const ada = h.caller('ada');
    h.action({ id: 'single', script: 'forever.sh', max_concurrent: 1, when_full: 'refuse' });
    const first = await h.runs.start(ada, { action: 'single', source: 'page' });
    const second = await h.runs.start(ada, { action: 'single', source: 'page' }).catch((error: unknown) => error);
    expect(second).toMatchObject({ code: 'run_refused', extra: { task_id: expect.any(String) } });
    expect(h.runs.list(ada, { status: ['refused'] }).items).toMatchObject([
      { state: 'refused', reason: expect.stringContaining('already running') },
    ]);
    await h.runs.cancel(ada, first.task_id);
    await h.ended(first.task_id);
    await h.runs.cancel(ada, (await h.runs.start(ada, { action: 'single', source: 'page' })).task_id);
  });

  it('is first come, first served, and holds up no other action', async () => {
    const ada = h.caller('ada');
    h.script('nap.sh', '#!/bin/sh\nsleep 0.05\n');
    h.action({ id: 'single', script: 'nap.sh', max_concurrent: 1 });
    h.action({ id: 'other', script: 'exit.sh' });
    const order: string[] = [];
    // A run is told again when its script has ended and its last output is waited for.
    const note = ({ task_id }: Run): void => void (order.includes(task_id) || order.push(task_id));
    h.runs.onChange((run) => void (run.state === 'running' && run.action === 'single' && note(run)));
    const asked: string[] = [];
    for (let i = 0; i < 5; i += 1) asked.push((await h.runs.start(ada, { action: 'single', source: 'page' })).task_id);
    expect(h.runs.get(ada, asked[4] ?? '').state).toBe('queued');
    const other = await h.runs.start(ada, { action: 'other', source: 'page' });
    expect(other.state).toBe('running');
    await Promise.all(asked.map((task) => h.ended(task)));
    await h.ended(other.task_id);
    expect(order).toEqual(asked);
  });

  it('is full at 100 of one action', async () => {
    const ada = h.caller('ada');
    h.action({ id: 'single', script: 'forever.sh', max_concurrent: 1 });
    const started = await Promise.all(Array.from({ length: 101 }, () => h.runs.start(ada, { action: 'single', source: 'page' })));
    await expect(h.runs.start(ada, { action: 'single', source: 'page' })).rejects.toMatchObject({ code: 'queue_full' });
    for (const { task_id } of [...started].reverse()) await h.runs.cancel(ada, task_id);
    for (const { task_id } of started) expect(await h.ended(task_id)).toMatchObject({ state: 'cancelled' });
  });

  it('asks again whether the user may, when their turn comes', async () => {
    const [ada, eve] = [h.caller('ada'), h.caller('eve', 'client')];
    h.action({ id: 'single', script: 'forever.sh', max_concurrent: 1 });
    const first = await h.runs.start(ada, { action: 'single', source: 'page' });
    const waits = await h.runs.start(eve, { action: 'single', source: 'page' });
    expect(waits.state).toBe('queued');
    const user = h.users.get(eve.user_id);
    if (user !== undefined) h.users.set(eve.user_id, { ...user, disabled: true });
    await h.runs.cancel(ada, first.task_id);
    expect(await h.ended(waits.task_id)).toMatchObject({ state: 'refused', reason: expect.stringContaining('disabled'), started_at: null });
  });

  it('asks again whether the plugin may, when its turn comes', async () => {
    const ada = h.caller('ada');
    const plugin: Caller = { ...ada, user_id: 'plugin:watch', username: 'plugin:watch', via: 'plugin' };
    h.action({ id: 'single', script: 'forever.sh', max_concurrent: 1 });
    const first = await h.runs.start(ada, { action: 'single', source: 'page' });
    const waits = await h.runs.start(plugin, { action: 'single', source: 'plugin' });
    expect(waits.state).toBe('queued');
    h.withdrawn.add('watch');
    await h.runs.cancel(ada, first.task_id);
    expect(await h.ended(waits.task_id)).toMatchObject({ state: 'refused', reason: expect.stringContaining('plugin'), started_at: null });
  });

  it('does not tell a client why the script behind the button can’t run by then', async () => {
    const [ada, eve] = [h.caller('ada'), h.caller('eve', 'client')];
    h.action({ id: 'single', script: 'forever.sh', max_concurrent: 1 });
    const first = await h.runs.start(ada, { action: 'single', source: 'page' });
    h.action({ id: 'single', script: 'vanishes.sh', max_concurrent: 1 });
    const waiting = await Promise.all([eve, ada].map((caller) => h.runs.start(caller, { action: 'single', source: 'page' })));
    h.vanish('vanishes.sh');
    await h.runs.cancel(ada, first.task_id);
    const [hers, his] = await Promise.all(waiting.map(({ task_id }) => h.ended(task_id)));
    expect([hers?.state, his?.state]).toEqual(['refused', 'refused']);
    expect(hers?.reason).not.toContain('vanishes');
    expect(his?.reason).toContain('vanishes');
  });

  it('runs what was asked for, whatever the action says by then', async () => {
    const ada = h.caller('ada');
    const before = h.action({ id: 'edited', script: 'args.sh', args: ['before'], max_concurrent: 1 });
    h.action({ id: 'edited', script: 'forever.sh', max_concurrent: 1 });
    const first = await h.runs.start(ada, { action: 'edited', source: 'page' });
    h.actions.set('edited', before);
    const waits = await h.runs.start(ada, { action: 'edited', source: 'page' });
    h.action({ id: 'edited', script: 'args.sh', args: ['after'], max_concurrent: 1 });
    await h.runs.cancel(ada, first.task_id);
    await h.ended(waits.task_id);
    expect(await h.output(waits.task_id)).toBe('[before]\n');
  });

  it('lets a queued run be cancelled', async () => {
    const ada = h.caller('ada');
    h.action({ id: 'single', script: 'forever.sh', max_concurrent: 1 });
    const first = await h.runs.start(ada, { action: 'single', source: 'page' });
    const waits = await h.runs.start(ada, { action: 'single', source: 'page' });
    await h.runs.cancel(ada, waits.task_id);
    expect(await h.ended(waits.task_id)).toMatchObject({ state: 'cancelled', started_at: null });
    expect(h.runs.log(waits.task_id)).toMatchObject({ end: 0, finished: true });
    await h.runs.cancel(ada, first.task_id);
    await h.ended(first.task_id);
  });
});

describe('a full disk', () => {
  it('refuses new runs and says so', async () => {
    await h.runs.close();
    await h.restart({ limits: { minFreeBytes: Number.MAX_SAFE_INTEGER } });
    await expect(h.runs.start(h.caller('ada'), { script: 'exit.sh', source: 'api' })).rejects.toMatchObject({
      code: 'disk_full',
      message: expect.stringContaining('MB'),
    });
  });
});
