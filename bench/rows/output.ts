import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Helper } from '../helper-process.ts';
import { startBareRelay } from '../relay/relay.ts';
import type { Row } from '../row.ts';
import { interleave, ratios, spreadOf } from '../stats.ts';
import { openToru, PRINT_MIB } from '../toru.ts';

const MIB = 128;
const ROUNDS = 9;
const MB = 1e6;

/** The same file through Toru (log → viewer with credit → JSON frames → edge → front) and through the bare relay. */
export const output: Row = {
  name: 'output',
  title: 'Output, host file → browser, against a bare relay',
  async measure() {
    await using benched = await openToru();
    benched.script('print.sh', PRINT_MIB);
    const task = await benched.start('print.sh', [String(MIB)]);
    await benched.ended(task);
    await using relay = await startBareRelay();
    await using reader = new Helper('clients/reader.ts');
    const path = join(benched.toru.home, 'runs', task, 'out');
    const bytes = statSync(path).size;
    const perSecond = async (order: object): Promise<number> => bytes / MB / ((await reader.ask({ ...order, bytes })) / 1000);
    const bare = (): Promise<number> => perSecond({ url: relay.url, path });
    const bareFront = (): Promise<number> => perSecond({ url: relay.frontUrl, path });
    const toru = (): Promise<number> => perSecond({ ...benched.socket, task });
    // Once for warmth.
    for (const each of [bare, bareFront, toru]) await each();
    const found = await interleave(ROUNDS, { toru, bare, bareFront });
    return {
      figures: [
        { what: 'Toru / bare relay', unit: '×', value: ratios(found.toru, found.bare), target: { least: 0.8 } },
        { what: 'Toru / bare relay behind Toru’s front', unit: '×', value: ratios(found.toru, found.bareFront) },
        { what: 'Toru', unit: 'MB/s', value: spreadOf(found.toru) },
        { what: 'bare relay', unit: 'MB/s', value: spreadOf(found.bare) },
        { what: 'bare relay behind Toru’s front', unit: 'MB/s', value: spreadOf(found.bareFront) },
      ],
      notes: [`${MIB} MiB of log lines of 66 bytes in 64 KiB frames, ${ROUNDS} rounds in turns; one viewer in a process of its own.`],
    };
  },
};
