import { expect, it } from 'vitest';
import { Calls, MAX_UNDER_WAY, MAX_WAITING } from './frame-calls.ts';

/** Asks `count` times; each call ends when it is told to. */
function ask(calls: Calls, count: number, signal = new AbortController().signal) {
  const begun: { at: number; end: () => void }[] = [];
  const answers = Array.from({ length: count }, (_, at) =>
    calls.run(signal, () => new Promise<number>((resolve) => begun.push({ at, end: () => resolve(at) }))),
  );
  return { begun, answers };
}

it('does so many at once, the others in their order as there is room, and all of them', async () => {
  const { begun, answers } = ask(new Calls(), 100);
  expect(begun).toHaveLength(MAX_UNDER_WAY);
  for (let done = 0; done < 100; done += 1) {
    begun[done]?.end();
    expect(await answers[done]).toBe(done);
    await turn();
    expect(begun).toHaveLength(Math.min(100, MAX_UNDER_WAY + done + 1));
  }
  expect(begun.map(({ at }) => at)).toEqual(Array.from({ length: 100 }, (_, at) => at));
});

it('refuses the one that is too many, and takes the next when there is room again', async () => {
  const calls = new Calls();
  const { begun } = ask(calls, MAX_UNDER_WAY + MAX_WAITING);
  await expect(ask(calls, 1).answers[0]).rejects.toMatchObject({ code: 'busy', message: expect.stringContaining('Wait for some') });
  begun[0]?.end();
  await turn();
  const more = ask(calls, 1);
  for (let round = 0; more.begun.length === 0 && round < 1000; round += 1) {
    for (const { end } of begun) end();
    await turn();
  }
  more.begun[0]?.end();
  expect(await more.answers[0]).toBe(0);
});

it('forgets the one that no longer waits, and goes on after one that fails', async () => {
  const calls = new Calls();
  const { begun } = ask(calls, MAX_UNDER_WAY);
  const left = new AbortController();
  const gone = ask(calls, 1, left.signal);
  const failing = calls.run(new AbortController().signal, () => Promise.reject(new Error('no')));
  const last = ask(calls, 1);
  left.abort();
  await expect(gone.answers[0]).rejects.toMatchObject({ name: 'AbortError' });
  begun[0]?.end();
  await expect(failing).rejects.toThrow('no');
  await turn();
  expect([gone.begun.length, last.begun.length]).toEqual([0, 1]);
});

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
