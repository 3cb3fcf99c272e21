import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LogFile } from '../agent/logger-file.ts';
import { StartError } from '../agent/start-error.ts';
import { ALIVE_EVERY_MS } from '../shared/limits.ts';
import { askHealth } from './health.ts';
import { pageFiles } from './page-files.ts';
import type { Launched } from './supervised-child.ts';
import { builtOptions } from './worker-options.ts';
import { ENTRY_SOCKET, PAGE_FOLDER, STATE_FOLDER, workerdConfig } from './workerd-config.ts';

export interface EdgeSetup {
  /** dist/ */
  dist: string;
  /** The Unix socket on which workerd listens, in a folder that nobody else may enter. */
  socket: string;
  /** Where the objects keep what they store. */
  persist: string;
  /** Where what the Worker and workerd print goes; on the console without it. */
  log?: string;
  /** Texts of the Worker's environment, secrets among them. */
  bindings: Readonly<Record<string, string>>;
  env: NodeJS.ProcessEnv;
}

/** What workerd serves, in the language of its configuration. */
export interface WorkerdOrder {
  config: string;
  /** Where what the configuration embeds lies. */
  code: string;
  /** The Unix socket of the configuration's `ENTRY_SOCKET`. */
  socket: string;
  /** Its folders, by the names of its disk services. */
  folders: Readonly<Record<string, string>>;
  /** A folder of ours alone, for a moment. */
  private: string;
  log?: string;
  env: NodeJS.ProcessEnv;
}

/** workerd's program, in the package of this machine's kind. @throws StartError where it was left out, or there is none. */
function workerdProgram(): string {
  const name = `@cloudflare/workerd-${process.platform}-${process.arch === 'x64' ? '64' : process.arch}`;
  try {
    return module.createRequire(import.meta.url).resolve(`${name}/bin/workerd`);
  } catch (error) {
    throw new StartError(
      `The edge on this machine needs the package ${name}, which is not installed. Install Toru again without --omit=optional; or start the agent alone, for an edge elsewhere: toru agent`,
      { cause: error },
    );
  }
}

/** Descriptors of the guard, and the last two of workerd. */
const [LIFE, CONTROL, CONFIG] = [3, 4, 5] as const;

/**
 * A shell that ends workerd when its parent is gone, however that ended: its end of LIFE closes then. It ends as workerd
 * ends. KILL, because TERM would wait for every open socket; what the objects store is safe in SQLite's log.
 */
const GUARD = `unset guard
umask 077
"$@" ${LIFE}<&- & edge=$!
trap 'kill -9 "$edge"' TERM
{ read -r _; kill -9 "$edge"; } <&${LIFE} 2>/dev/null & guard=$!
exec ${LIFE}<&- ${CONTROL}>&- ${CONFIG}<&-
while wait "$edge"; code=$?; kill -0 "$edge" 2>/dev/null; do :; done
kill "$guard"
[ "$code" -lt 128 ] || kill -$((code - 128)) $$
exit "$code"`;

/** Starts the edge: workerd with the built Worker, on a Unix socket. */
export function launchWorkerd({ dist, socket, persist, log, bindings, env }: EdgeSetup): Launched<null> {
  const built = builtOptions.parse(JSON.parse(readFileSync(join(dist, 'worker/options.json'), 'utf8')));
  const page = join(dist, 'page');
  mkdirSync(persist, { recursive: true, mode: 0o700 });
  const child = spawnWorkerd({
    config: workerdConfig(built, bindings, pageFiles(page)),
    code: join(dist, 'worker'),
    socket,
    folders: { [STATE_FOLDER]: persist, [PAGE_FOLDER]: page },
    private: persist,
    env,
    ...(log === undefined ? {} : { log }),
  });
  const ready = listening(child);
  return {
    child,
    ready,
    // workerd is the one that answers: when it stands still, the guard may be as lively as it likes.
    alive: (answered) => {
      void ready.then(answered);
      // Any answer will do, and none of the front's secret comes before the objects.
      return () => void askHealth({ socketPath: socket, signal: AbortSignal.timeout(ALIVE_EVERY_MS) }).then(answered, () => undefined);
    },
  };
}

/**
 * Starts workerd below a guard, which is returned. The configuration holds secrets, so workerd reads it from a file that has
 * no name any more: neither its arguments nor its environment say any.
 */
export function spawnWorkerd({ config, code, socket, folders, private: folder, log, env }: WorkerdOrder): ChildProcess {
  // Of the workerd before: what is bound to a path outlives its process.
  rmSync(socket, { force: true });
  const file = nameless(join(folder, `config-${process.pid}.capnp`), config);
  const options = [
    `-I${code}`,
    `--socket-addr=${ENTRY_SOCKET}=unix:${socket}`,
    ...Object.entries(folders).map(([name, path]) => `--directory-path=${name}=${path}`),
    `--control-fd=${CONTROL}`,
  ];
  const printed = log === undefined ? 'inherit' : 'pipe';
  // By its name: whoever looks at the host's processes sees no page of shell.
  const child = spawn('/bin/sh', ['-c', 'eval "$guard"', 'toru-edge', workerdProgram(), 'serve', ...options, `/dev/fd/${CONFIG}`], {
    env: { ...env, guard: GUARD },
    detached: true,
    stdio: ['ignore', printed, printed, 'pipe', 'pipe', file],
  });
  closeSync(file);
  child.stdio[LIFE]?.on('error', () => undefined);
  if (log !== undefined) writeLines(child, new LogFile(log));
  return child;
}

/** @returns the descriptor of a file with this text, which nobody else can open any more. */
function nameless(path: string, text: string): number {
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  try {
    return openSync(path, 'r');
  } finally {
    unlinkSync(path);
  }
}

/** workerd says on CONTROL that a socket listens; there is one. Never, when it ends before. */
export function listening(child: ChildProcess): Promise<null> {
  return new Promise((resolve) => {
    child.stdio[CONTROL]?.once('data', () => resolve(null));
    child.stdio[CONTROL]?.on('error', () => undefined);
  });
}

/** What workerd prints, stack traces among it, as JSON lines in a file: on a console they tell its owner nothing to do. */
function writeLines({ stdout, stderr }: ChildProcess, log: LogFile): void {
  for (const [stream, level] of [
    [stdout, 'info'],
    [stderr, 'error'],
  ] as const) {
    if (stream === null) continue;
    createInterface(stream).on('line', (msg) => log.write(`${JSON.stringify({ level, time: new Date().toISOString(), msg })}\n`));
  }
}
