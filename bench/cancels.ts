import type { TestSocket } from '../test/harness/client.ts';
import { stage } from './deadline.ts';

/** Says that it is up, and a word when it is told to end. */
export const LAST_WORD = `#!/bin/bash
exec 9<> <(:)
trap 'echo bye; exit' TERM
echo up
while :; do read -rt 5 -u 9; done
`;

/** Runs of `last-word.sh` one after another. @returns of each, from the cancel to the script's last word in ms. */
export async function timeCancels(socket: TestSocket, count: number, when: string): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    stage(`cancel ${i}, ${when}`);
    const task = await socket.run({ script: 'last-word.sh' });
    await socket.eventually('it is up', () => socket.output(task).includes('up'));
    times.push(await timeToWord(socket, 'bye', () => socket.send({ type: 'cancel', task_id: task })));
    await socket.next('cancelled', task);
  }
  return times;
}

/** Until a frame of output says this, in ms. */
export function timeToWord({ ws }: TestSocket, word: string, act: () => void): Promise<number> {
  return new Promise((resolve) => {
    const start = performance.now();
    const listen = (data: Buffer): void => {
      const text = data.toString();
      if (!text.startsWith('{"type":"stdout"') || !text.includes(word)) return;
      ws.off('message', listen);
      resolve(performance.now() - start);
    };
    ws.on('message', listen);
    act();
  });
}
