import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestSocket } from '../../test/harness/client.ts';
import type { Row } from '../row.ts';
import { differences, interleave, median, quantile, spreadOf } from '../stats.ts';
import { openToru } from '../toru.ts';

const ROUNDS = 9;
const PRESSES = 40;

/** From the press to the first byte of output in the browser, and the same script spawned directly. */
export const press: Row = {
  name: 'press',
  title: 'Press → first output byte of `echo`, against spawning it directly',
  async measure() {
    await using benched = await openToru();
    const path = benched.script('echo.sh', '#!/bin/sh\necho pressed\n');
    const all: Record<'toru' | 'direct', number[]> = { toru: [], direct: [] };
    const p95 = async (into: number[], one: () => Promise<number>): Promise<number> => {
      const times: number[] = [];
      for (let i = 0; i < PRESSES; i += 1) times.push(await one());
      into.push(...times);
      return quantile(times, 0.95);
    };
    const direct = (): Promise<number> => p95(all.direct, () => spawnDirectly(path));
    const toru = async (): Promise<number> => {
      const socket = await benched.admin.openSocket();
      const found = await p95(all.toru, () => pressOnce(socket));
      socket.close();
      return found;
    };
    await toru();
    await direct();
    all.toru = [];
    all.direct = [];
    const found = await interleave(ROUNDS, { toru, direct });
    return {
      figures: [
        { what: 'p95, Toru − direct', unit: 'ms', value: differences(found.toru, found.direct), target: { most: 5 } },
        { what: 'median, Toru − direct', unit: 'ms', value: spreadOf([median(all.toru) - median(all.direct)]) },
        { what: 'Toru, median press', unit: 'ms', value: spreadOf(all.toru) },
        { what: 'direct spawn, median', unit: 'ms', value: spreadOf(all.direct) },
      ],
      notes: [`${ROUNDS} rounds of ${PRESSES} presses one after another, each after the last one’s exit; a p95 per round.`],
    };
  },
};

async function spawnDirectly(path: string): Promise<number> {
  const start = performance.now();
  const child = spawn(path, [], { stdio: ['ignore', 'pipe', 'pipe'] });
  await once(child.stdout, 'data');
  const took = performance.now() - start;
  await once(child, 'close');
  return took;
}

/** Starts `echo.sh`. @returns the milliseconds until the first byte of its output; resolves at its end. */
export function pressOnce({ ws }: TestSocket): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    let took = 0;
    const listen = (data: Buffer): void => {
      const text = data.toString();
      if (text.startsWith('{"type":"stdout"')) took = performance.now() - start;
      else if (text.startsWith('{"type":"error"')) finish(() => reject(new Error(text)));
      else if (text.startsWith('{"type":"exit"')) finish(() => resolve(took));
    };
    const finish = (settle: () => void): void => {
      ws.off('message', listen);
      settle();
    };
    ws.on('message', listen);
    ws.send(JSON.stringify({ type: 'run', script: 'echo.sh' }));
  });
}
