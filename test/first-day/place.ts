import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Ended } from '../harness/member.ts';
import { startProgram } from '../harness/member.ts';

/** What `.ci/first-day` made: a folder, namespaces under a name, the edge's address, and the first process of the booted Debian. */
export interface Day {
  work: string;
  own: string;
  url: string;
  leader: string;
}

/** A machine of the first day, as somebody at its terminal has it. */
export interface Place {
  readonly name: string;
  /** TORU_HOME, as this process finds it. */
  readonly home: string;
  /** The host's file system, as this process finds it; its user's folder where it has none of its own. */
  readonly root: string;
  /** Types a line that stays. */
  start(words: readonly string[]): Command;
  /** Types a line, and waits for its end. */
  run(words: readonly string[]): Promise<Ended>;
  /** Types a line and an answer to what it asks at a terminal. */
  answer(words: readonly string[], typed: string): Promise<Ended>;
  /** All that was typed and printed here. */
  readonly typed: { words: string; command: Command }[];
  /** Every process that is left here. */
  processes(): string[];
}

const NOBODY = 65_534;

/** A user nobody in a namespace of the network, with an empty folder and the package on PATH. */
export function plainPlace({ work, own }: Day, name: string): Place {
  const root = join(work, name);
  mkdirSync(join(root, 'tmp'), { recursive: true });
  for (const folder of [root, join(root, 'tmp')]) chownSync(folder, NOBODY, NOBODY);
  const env = [`HOME=${root}`, `TMPDIR=${join(root, 'tmp')}`, 'USER=nobody', 'LANG=C.UTF-8', `PATH=${pathIn(work)}`, `SHELL=/bin/sh`];
  // Each of these becomes the next one: a signal reaches the command itself.
  const become = [`--net=/run/netns/${own}-${name}`, `--wd=${root}`, 'setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  return place({
    name,
    root,
    home: join(root, '.toru'),
    line: (words) => ['nsenter', ...become, 'env', '-i', ...env, ...words],
    processes: () => linesOf('ip', ['netns', 'pids', `${own}-${name}`]),
  });
}

/** root of the booted Debian; a line is a unit of its own there. */
export function bootedPlace({ work, leader }: Day, name: string): Place {
  const root = join(work, 'root');
  const env = ['HOME=/root', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'].map((one) => `--setenv=${one}`);
  const unit = ['systemd-run', '--quiet', '--wait', '--pipe', '--collect', '--working-directory=/', ...env, '--'];
  return place({
    name,
    root,
    home: join(root, 'var/lib/toru'),
    line: (words) => ['nsenter', '-t', leader, '-a', ...unit, ...words],
    processes: () => linesOf('nsenter', ['-t', leader, '-a', 'pgrep', '-u', 'toru', '--list-full']),
  });
}

/** Where the command of the package is. */
export function pathIn(work: string): string {
  return `${join(work, 'root/usr/local/bin')}:/usr/bin:/bin`;
}

function place(made: Pick<Place, 'name' | 'root' | 'home' | 'processes'> & { line: (words: readonly string[]) => string[] }): Place {
  const typed: Place['typed'] = [];
  const start = (words: readonly string[]): Command => {
    const [program = '', ...args] = made.line(words);
    const command = startProgram(program, args, process.env);
    typed.push({ words: words.join(' '), command });
    return command;
  };
  const ended = async (command: Command): Promise<Ended> => ({ code: await command.ended, printed: command.printed() });
  return {
    ...made,
    typed,
    start,
    run: (words) => {
      const command = start(words);
      command.child.stdin?.end();
      return ended(command);
    },
    answer: (words, answer) => {
      const command = start([
        'script',
        '--quiet',
        '--return',
        '--flush',
        '--command',
        `stty columns 100 rows 40; ${words.join(' ')}`,
        '/dev/null',
      ]);
      command.child.stdin?.end(answer);
      return ended(command);
    },
  };
}

function linesOf(program: string, args: string[]): string[] {
  try {
    return execFileSync(program, args, { encoding: 'utf8' }).split('\n').filter(Boolean);
  } catch {
    // Nobody, as pgrep says it.
    return [];
  }
}
