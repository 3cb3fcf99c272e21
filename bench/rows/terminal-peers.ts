import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryTogether } from '../memory.ts';
import { isInstalled, startShellinabox } from '../peers/shellinabox.ts';
import { hasWetty, startWetty } from '../peers/wetty.ts';
import type { Figure, Row } from '../row.ts';
import { exact } from '../row.ts';
import { median, quantile, spreadOf } from '../stats.ts';
import { openToru } from '../toru.ts';
import { hostPid, keystrokes, Page } from './terminal.ts';

const MIB = 4;
const BYTES = MIB * 1024 * 1024;
const HELD = 10;
const MB = 1e6;
const ECHO = '#!/bin/sh\nstty -icanon\nexec sleep 600\n';
const FLOODS = 7;
const FLOOD = `#!/bin/sh\nwhile read go; do yes 'the quick brown fox jumps over the lazy dog, and over it again' | head -c ${BYTES}; done\n`;

interface Opened {
  type(keys: string): void;
  close(): void;
}
/** Opens a terminal in which a script runs. */
type Open = (script: 'echo' | 'flood', hear: (data: string) => void) => Promise<Opened>;

/** One of the programs side by side: what opens a terminal in it, and the processes that keep them. */
interface Peer {
  open: Open;
  keepers: () => number[];
}

/**
 * The same scripts in terminals of shellinabox and of wetty, which keep nothing of what they print. The page of shellinabox asks for that
 * by one request after another, that of wetty has a socket.
 */
export const terminalPeers: Row = {
  name: 'terminal-peers',
  title: 'Terminals of Toru beside shellinabox and wetty: echo, output, memory',
  missing: () =>
    isInstalled() || hasWetty()
      ? null
      : 'neither shellinabox (Debian: apt install shellinabox) nor wetty (npm install wetty, in the folder that TORU_BENCH_PEERS names) is here',
  async measure() {
    await using benched = await openToru();
    const files = { echo: benched.script('echo.sh', ECHO), flood: benched.script('flood.sh', FLOOD) };
    await using started = new AsyncDisposableStack();
    const toru: Open = async (script, hear) => {
      const page = await Page.open(benched, [files[script]]);
      page.listen(hear);
      return page;
    };
    const peers = new Map<string, Peer>([['toru', { open: toru, keepers: () => [hostPid(benched.toru.home)] }]]);
    const notHere: string[] = [];
    if (isInstalled()) {
      const echoing = started.use(await startShellinabox(files.echo));
      const flooding = started.use(await startShellinabox(files.flood));
      peers.set('shellinabox', {
        open: (script, hear) => (script === 'echo' ? echoing : flooding).open(hear),
        keepers: () => [echoing.pid, ...childrenOf(echoing.pid)],
      });
    } else notHere.push('shellinabox is not installed.');
    if (hasWetty()) {
      const echoing = started.use(await startWetty(files.echo));
      const flooding = started.use(await startWetty(files.flood));
      peers.set('wetty', { open: (script, hear) => (script === 'echo' ? echoing : flooding).open(hear), keepers: () => [echoing.pid] });
    } else notHere.push('wetty is not in the folder that TORU_BENCH_PEERS names.');
    const figures: Figure[] = [];
    for (const [name, { open, keepers }] of peers) {
      const { keys, speeds, each } = await measured(open, keepers);
      figures.push(
        { what: `${name}: a key’s echo, p50`, unit: 'ms', value: exact(median(keys)) },
        { what: `${name}: a key’s echo, p95`, unit: 'ms', value: exact(quantile(keys, 0.95)) },
        { what: `${name}: output`, unit: 'MB/s', value: spreadOf(speeds) },
        { what: `${name}: a terminal more`, unit: 'MB', value: exact(each) },
      );
    }
    return {
      figures,
      notes: [
        `${MIB} MiB of lines of 66 bytes to one viewer, ${FLOODS} times, one after another; keys one after another; memory without the terminal’s own program.`,
        ...notHere,
      ],
    };
  },
};

/** @param keepers the processes that keep the terminals. */
async function measured(open: Open, keepers: () => number[]): Promise<{ keys: number[]; speeds: number[]; each: number }> {
  let heard = (): void => undefined;
  const echo = await open('echo', () => heard());
  await sleep(1000);
  const echoed = (): Promise<void> =>
    new Promise((resolve) => {
      heard = resolve;
    });
  const keys = await keystrokes((key) => echo.type(key), echoed);
  let bytes = 0;
  const flood = await open('flood', (data) => {
    bytes += data.length;
  });
  await sleep(1000);
  const speeds: number[] = [];
  for (let n = 0; n < FLOODS; n += 1) {
    bytes = 0;
    const start = performance.now();
    flood.type('\r');
    while (bytes < BYTES) await sleep(2);
    speeds.push(bytes / MB / ((performance.now() - start) / 1000));
    // What came behind it is not the next one's.
    await sleep(300);
  }
  flood.close();
  const before = memoryTogether(keepers());
  const held: Opened[] = [];
  for (let i = 0; i < HELD; i += 1) held.push(await open('echo', () => undefined));
  await sleep(1000);
  const each = (memoryTogether(keepers()) - before) / HELD / MB;
  for (const one of [echo, ...held]) one.close();
  return { keys, speeds, each };
}

/** Those that are still shellinabox themselves: the others are the programs in its terminals. */
function childrenOf(pid: number): number[] {
  const lines = execFileSync('ps', ['--ppid', String(pid), '-o', 'pid=,comm='], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return lines.flatMap((line) => {
    const [, child, name] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
    return child !== undefined && name === 'shellinaboxd' ? [Number(child)] : [];
  });
}
