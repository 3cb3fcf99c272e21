import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { root } from '../../tools/root.ts';
import { bareEnvironment } from './bare-environment.ts';
import { eventually } from './eventually.ts';
import { leftovers } from './toru.ts';

/** The command `toru` as a process of its own, in a home of its own. */
export interface Command {
  readonly child: ChildProcess;
  /** All that it has printed so far, on both streams. */
  printed(): string;
  /** @returns the exit code; the signal's name where one ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

export interface Ended {
  code: number | NodeJS.Signals | null;
  printed: string;
}

/** Another machine, as far as one can be another on the same one: a TORU_HOME that begins empty. */
export interface Machine {
  readonly home: string;
  toru(args: string[], env?: Record<string, string>): Command;
  /** Runs it to its end. */
  run(args: string[], env?: Record<string, string>): Promise<Ended>;
  /** At its local socket. @returns null while nobody answers. */
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown } | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Any program, as a command whose printing is kept. @param env all that it has. */
export function startProgram(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Command {
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part: string) => (printed += part));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  return { child, printed: () => printed, ended };
}

/** The command in a home. */
function start(home: string, args: string[], env: Record<string, string> = {}): Command {
  return startProgram(process.execPath, [join(root, 'dist/agent/cli.js'), ...args], {
    ...bareEnvironment(),
    TORU_HOME: home,
    LOG_LEVEL: 'info',
    ...env,
  });
}

/** The command in a home, to its end. @param input what it reads. */
export async function runAt(home: string, args: string[], input = '', env: Record<string, string> = {}): Promise<Ended> {
  const command = start(home, args, env);
  command.child.stdin?.end(input);
  const code = await command.ended;
  return { code, printed: command.printed() };
}

export function machine(): Machine {
  const home = mkdtempSync(join(tmpdir(), 'toru-member-'));
  const commands: Command[] = [];
  const toru: Machine['toru'] = (args, env) => {
    const command = start(home, args, env);
    commands.push(command);
    return command;
  };
  return {
    home,
    toru,
    run: (args, env) => runAt(home, args, '', env),
    ask: (method, path, body) => askSocket(join(home, 'api.sock'), method, path, body),
    [Symbol.asyncDispose]: async () => {
      for (const { child } of commands) child.kill('SIGINT');
      const hard = setTimeout(() => {
        for (const { child } of commands) child.kill('SIGKILL');
      }, 10_000);
      await Promise.all(commands.map(({ ended }) => ended));
      clearTimeout(hard);
      await eventually('no process of this machine is left', () => leftovers(home).length === 0);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A request to the agent of a home, as the command makes it. @returns null while no agent answers. */
export function askSocket(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown } | null> {
  return new Promise((resolve) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    request({ socketPath, method, path, headers }, (answer) => {
      text(answer).then(
        (said) => resolve({ status: answer.statusCode ?? 0, json: said === '' ? null : JSON.parse(said) }),
        () => resolve(null),
      );
    })
      .on('error', () => resolve(null))
      .end(body === undefined ? undefined : JSON.stringify(body));
  });
}
