import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ClientFrameInput } from '../../../shared/browser-protocol.ts';

// The page's network asks the window to tell of it.
vi.stubGlobal('addEventListener', () => undefined);
const { networkThere } = await import('./network-there.ts');
const { Starts } = await import('./starts.ts');

const TASK = '6a1f0a6e-95a5-4c39-8a55-27b0a9a5cf3e';
const PRESS = { action: 'hello', inputs: { name: 'Ada' } };
let sent: Extract<ClientFrameInput, { type: 'run' }>[];
let starts: InstanceType<typeof Starts>;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  networkThere.value = true;
  sent = [];
  starts = new Starts((frame) => {
    if (frame.type === 'run') sent.push(frame);
    return true;
  });
});
afterEach(() => vi.useRealTimers());

const idOf = (at: number): string => String(sent[at]?.request_id);
const answerTo = (at: number) => ({ type: 'started', task_id: TASK, request_id: idOf(at), state: 'running' }) as const;

it('sends a press with an id and the time until which it counts, and gives the run that came of it', async () => {
  const started = starts.start(PRESS);
  expect(sent).toEqual([{ type: 'run', ...PRESS, request_id: idOf(0), not_after: new Date(1_030_000).toISOString() }]);
  expect(starts.take(answerTo(0)), 'it answers the press').toBe(true);
  expect(await started).toBe(TASK);
  expect(starts.take(answerTo(0)), 'a second answer').toBe(false);
});

it('sends it again under the same id after a reconnect, until it is answered', async () => {
  const [first, second] = [starts.start(PRESS), starts.start(PRESS)];
  starts.take(answerTo(0));
  await first;
  starts.resume();
  expect(sent.map(({ request_id }) => request_id)).toEqual([idOf(0), idOf(1), idOf(1)]);
  expect(sent[2]).toEqual(sent[1]);
  starts.take(answerTo(1));
  await second;
});

it('fails with what the host says, and names the input that is wrong', async () => {
  const refused = starts.start(PRESS);
  starts.take({ type: 'error', code: 'input_invalid', data: 'Say who.', request_id: idOf(0), input: 'name' });
  await expect(refused).rejects.toMatchObject({ code: 'input_invalid', message: 'Say who.', extra: { input: 'name' } });
});

it('gives up when no answer comes, and takes none any more', async () => {
  const late = starts.start(PRESS);
  const failure = expect(late).rejects.toMatchObject({ code: 'host_timeout' });
  await vi.advanceTimersByTimeAsync(30_000);
  await failure;
  expect(starts.take(answerTo(0)), 'an answer that is too late').toBe(false);
  starts.resume();
  expect(sent).toHaveLength(1);
});

it('sends nothing while the device is offline, and nothing later', async () => {
  networkThere.value = false;
  await expect(starts.start(PRESS)).rejects.toMatchObject({ code: 'host_timeout' });
  networkThere.value = true;
  starts.resume();
  expect(sent).toEqual([]);
});

it('lets nobody wait who was logged out', async () => {
  const waiting = starts.start(PRESS);
  starts.clear();
  await expect(waiting).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(vi.getTimerCount()).toBe(0);
});
