import { copyFileSync, existsSync } from 'node:fs';
import { Helper } from '../helper-process.ts';
import type { Row } from '../row.ts';
import { interleave, ratios, spreadOf } from '../stats.ts';
import { openToru } from '../toru.ts';

const ROUNDS = 7;
const COUNT = 240;
const AT_ONCE = 16;

/** Runs of `true` from the request to the record of their end, against spawning it and waiting for its end. */
export const runs: Row = {
  name: 'runs',
  title: 'Runs started and recorded per second, `true`, 16 at once, against bare spawns',
  async measure() {
    await using benched = await openToru();
    const program = benched.script('true', '');
    copyFileSync(existsSync('/usr/bin/true') ? '/usr/bin/true' : '/bin/true', program);
    await using runner = new Helper('clients/runner.ts');
    // What a round leaves goes with Toru's own, after the last one: where ext4 has no journal, each new file passes by those that
    // were removed in the last minutes, one by one, and after 8,000 of them takes 220 µs in place of 30.
    const common = { count: COUNT, atOnce: AT_ONCE, folder: benched.toru.home };
    const spawn = (): Promise<number> => runner.ask({ ...common, way: 'spawn', program });
    const agent = (): Promise<number> => runner.ask({ ...common, way: 'runs', program });
    const browser = (): Promise<number> => runner.ask({ ...common, ...benched.socket, way: 'socket', program: 'true' });
    for (const each of [spawn, agent, browser]) await each();
    const found = await interleave(ROUNDS, { spawn, agent, browser });
    return {
      figures: [
        { what: 'agent / bare spawns', unit: '×', value: ratios(found.agent, found.spawn), target: { least: 0.7 } },
        { what: 'from the browser, through everything / bare spawns', unit: '×', value: ratios(found.browser, found.spawn) },
        { what: 'agent', unit: 'runs/s', value: spreadOf(found.agent) },
        { what: 'from the browser', unit: 'runs/s', value: spreadOf(found.browser) },
        { what: 'bare spawns', unit: 'runs/s', value: spreadOf(found.spawn) },
      ],
      notes: [`${COUNT} runs a round, ${ROUNDS} rounds in turns. The agent’s: its runs, history and logs alone, without edge and browser.`],
    };
  },
};
