import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { findProgram } from '../../process/programs.ts';
import { StartError } from '../../start-error.ts';

/** The one that npx fetches where none is installed; the devDependency is the same. */
export const WRANGLER_VERSION = '4.155.0';
/** The first that takes every option that is used here. */
const OLDEST_MAJOR = 4;
/** One that hangs is ended: an upload takes seconds. */
const LIMIT_MS = 10 * 60_000;

type Env = Readonly<Record<string, string | undefined>>;

/** What it printed, and how it ended. */
export interface WranglerResult {
  code: number;
  out: string;
  /** Both streams, without colours. */
  all: string;
}

/** Cloudflare's command line, as a program of this machine. */
export interface Wrangler {
  /** As a person would type it. */
  readonly typed: string;
  /** Runs it without a terminal. @param input what it reads, for secrets. @throws StartError when it can't be started or hangs. */
  run(args: readonly string[], options?: { input?: string; env?: Env }): Promise<WranglerResult>;
  /** Runs it at this terminal. @returns whether it ended well. */
  atTerminal(args: readonly string[]): boolean;
}

/**
 * The wrangler on PATH, that of this package's folder, or else the one that npx fetches.
 * @param root the package's folder. @throws StartError where there is neither that nor npx, or it is too old.
 */
export async function findWrangler(root: string, env: Env): Promise<Wrangler> {
  const [found] = [findProgram('wrangler', env['PATH'] ?? ''), join(root, 'node_modules/.bin/wrangler')].filter(
    (file) => file !== null && existsSync(file),
  );
  const npx = findProgram('npx', env['PATH'] ?? '');
  if (typeof found !== 'string' && npx === null)
    throw new StartError(
      'Neither wrangler, Cloudflare’s command line, nor npx is on PATH. Install Node with npm (https://nodejs.org), then again.',
    );
  const command: [string, ...string[]] = typeof found === 'string' ? [found] : [npx ?? 'npx', '--yes', `wrangler@${WRANGLER_VERSION}`];
  const typed = typeof found === 'string' ? found : `npx wrangler@${WRANGLER_VERSION}`;
  const wrangler = wranglerOf(command, typed, env);
  const result = await wrangler.run(['--version']);
  const version = /(\d+)\.\d+\.\d+/.exec(result.out);
  if (result.code !== 0 || version === null)
    throw new StartError(
      typeof found === 'string'
        ? `${found} --version ended with ${result.code}: ${lastLines(result.all)}`
        : `npx could not fetch wrangler ${WRANGLER_VERSION} (${lastLines(result.all)}). Is this machine online? Or: npm install --global wrangler@${WRANGLER_VERSION}`,
    );
  if (Number(version[1]) < OLDEST_MAJOR)
    throw new StartError(
      `${typed} is version ${version[0]}, too old to deploy this. Type: npm install --global wrangler@${WRANGLER_VERSION}`,
    );
  return wrangler;
}

function wranglerOf([program, ...first]: [string, ...string[]], typed: string, given: Env): Wrangler {
  const base = childEnv(given);
  return {
    typed,
    run: (args, { input, env } = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn(program, [...first, ...args], { env: { ...base, ...env }, stdio: 'pipe', timeout: LIMIT_MS });
        let out = '';
        let all = '';
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          out += text;
          all += text;
        });
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          all += text;
        });
        // It may end before it has read everything.
        child.stdin.on('error', () => undefined).end(input ?? '');
        child.on('error', (error) => reject(new StartError(`${typed} can’t be started: ${error.message}`)));
        child.on('close', (code, signal) => {
          if (code === null) reject(new StartError(`${typed} ${args[0] ?? ''} was ended by ${signal ?? 'a signal'}.`));
          else resolve({ code, out: withoutColours(out), all: withoutColours(all) });
        });
      }),
    atTerminal: (args) => spawnSync(program, [...first, ...args], { env: base, stdio: 'inherit' }).status === 0,
  };
}

/** What it needs of ours: no secret of Toru's, and the Node that we run on, which it is new enough for. */
function childEnv(env: Env): Record<string, string> {
  const kept = Object.entries(env).flatMap(([name, value]): [string, string][] =>
    value === undefined || /^(?:TORU_|ADMIN_)/.test(name) ? [] : [[name, value]],
  );
  const path = [dirname(process.execPath), env['PATH'] ?? ''].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true', NO_COLOR: '1' };
}

function withoutColours(text: string): string {
  return text.replaceAll(/\u001b\[[\d;]*m/g, '');
}

/** The last that it printed which is not decoration, on one line. */
export function lastLines(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/^\W*(?:\[?ERROR\]?)?\s*/, '').trim())
    .filter((line) => /\w/.test(line) && !/^(?:Logs were written|If you think this is a bug|⛅️)/.test(line));
  return lines.slice(-4).join(' ').slice(0, 600) || 'it printed nothing';
}
