import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT_ENV, AGENT_FLAGS } from '../../agent/memory-at-rest-flags.ts';
import { leftovers } from '../../test/harness/toru.ts';
import { root } from '../../tools/root.ts';
import { cpuSeconds, residentBytes } from '../helper-process.ts';
import { memoryTogether } from '../memory.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';
import { openToru } from '../toru.ts';

/** A start, too, is work: what it took is given back some 10 and 30 s later (agent/memory-at-rest.ts), which costs 0.2 s of a processor once. */
const SETTLE_MS = 45_000;
const WATCH_S = 30;
const MB = 1e6;

/** The same native modules, loaded and at rest. */
const BARE = `const Database = require('better-sqlite3');
globalThis.db = new Database(':memory:');
globalThis.argon2 = require('argon2');
setInterval(() => undefined, 60_000);
console.log('up');`;

export const rest: Row = {
  name: 'rest',
  title: 'All of Toru at rest, nobody looking; the agent against bare Node with the same native modules, and without an edge',
  async measure() {
    // As npm start and the units do.
    await using benched = await openToru({ MALLOC_ARENA_MAX: '1' });
    benched.admin.close();
    const bare = spawn(process.execPath, ['-e', BARE], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    const home = mkdtempSync(join(tmpdir(), 'toru-bench-'));
    const alone = startAlone(home);
    try {
      await once(bare.stdout, 'data');
      await sleep(SETTLE_MS);
      const agent = benched.toru.agentPid();
      const all = leftovers(benched.toru.home);
      const ticks = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + 100 * cpuSeconds(pid), 0);
      const from = { agent: ticks([agent]), all: ticks(all) };
      await sleep(WATCH_S * 1000);
      const [ours, theirs] = [residentBytes(agent), residentBytes(bare.pid ?? 0)];
      return {
        figures: [
          { what: 'memory of all processes', unit: 'MB', value: exact(memoryTogether(all) / MB), target: { most: 150 } },
          { what: 'CPU of all processes, 30 s', unit: 'ticks', value: exact(ticks(all) - from.all), target: { most: 3 } },
          {
            what: 'memory of the agent alone, without an edge',
            unit: 'MB',
            value: exact(memoryTogether([alone.pid ?? 0]) / MB),
            target: { most: 60 },
          },
          { what: 'resident set, agent / bare Node', unit: '×', value: exact(ours / theirs), target: { most: 1.3 } },
          { what: 'agent’s CPU', unit: '%', value: exact((ticks([agent]) - from.agent) / WATCH_S), target: { most: 0.5 } },
          { what: 'agent', unit: 'MB', value: exact(ours / MB) },
          { what: 'bare Node', unit: 'MB', value: exact(theirs / MB) },
        ],
        notes: [
          `${(SETTLE_MS / 1000 + WATCH_S).toFixed(0)} s after the start and one login; CPU over ${WATCH_S} s, in ticks of 10 ms.`,
          `Processes together: their own memory, and of each file in memory what the one that uses most of it has.`,
        ],
      };
    } finally {
      bare.kill();
      const gone = once(alone, 'exit');
      alone.kill();
      await gone;
      rmSync(home, { recursive: true, force: true });
    }
  },
};

/** `toru agent` as its unit starts it. */
function startAlone(home: string): ChildProcess {
  const { PATH = '' } = process.env;
  return spawn(process.execPath, [...AGENT_FLAGS, join(root, 'dist/agent/main.js')], {
    env: { ...AGENT_ENV, PATH, TORU_HOME: home, LOG_LEVEL: 'warn' },
    stdio: 'ignore',
  });
}
