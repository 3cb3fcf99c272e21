import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../tools/root.ts';
import { cpuSeconds, residentBytes } from '../helper-process.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';
import { openToru } from '../toru.ts';

/** A start, too, is work: what it took is given back some 15 s later (agent/memory-at-rest.ts). */
const SETTLE_MS = 30_000;
const WATCH_S = 20;
const MB = 1e6;

/** The same native modules, loaded and at rest. */
const BARE = `const Database = require('better-sqlite3');
globalThis.db = new Database(':memory:');
globalThis.argon2 = require('argon2');
setInterval(() => undefined, 60_000);
console.log('up');`;

export const rest: Row = {
  name: 'rest',
  title: 'The agent at rest, linked, nobody looking, against bare Node with the same native modules',
  async measure() {
    await using benched = await openToru();
    benched.admin.close();
    const bare = spawn(process.execPath, ['-e', BARE], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(bare.stdout, 'data');
      await sleep(SETTLE_MS);
      const agent = benched.toru.agentPid();
      const from = cpuSeconds(agent);
      await sleep(WATCH_S * 1000);
      const cpu = (100 * (cpuSeconds(agent) - from)) / WATCH_S;
      const [ours, theirs] = [residentBytes(agent), residentBytes(bare.pid ?? 0)];
      return {
        figures: [
          { what: 'memory, agent / bare Node', unit: '×', value: exact(ours / theirs), target: { most: 1.3 } },
          { what: 'agent’s CPU', unit: '%', value: exact(cpu), target: { most: 0.5 } },
          { what: 'agent', unit: 'MB', value: exact(ours / MB) },
          { what: 'bare Node', unit: 'MB', value: exact(theirs / MB) },
        ],
        notes: [
          `Resident sets ${(SETTLE_MS / 1000 + WATCH_S).toFixed(0)} s after the start and one login; CPU over ${WATCH_S} s, in ticks of 10 ms.`,
        ],
      };
    } finally {
      bare.kill();
    }
  },
};
