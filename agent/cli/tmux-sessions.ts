import { execFile } from 'node:child_process';
import { UsageError } from './io.ts';

/** A session of tmux, which keeps shells as terminals of Toru do. */
export interface TmuxSession {
  name: string;
  windows: number;
  /** Clients that look at it now. */
  attached: number;
  created: Date;
  /** Where its folder is now. */
  cwd: string;
  /** Attaches to it, wherever its server listens. */
  command: string[];
}

const TMUX_MS = 10_000;
const FIELDS = ['session_windows', 'session_attached', 'session_created', 'socket_path', 'session_path', 'session_name'];

/** The sessions of this user's tmux; empty where none runs. @param env that finds tmux and its server. @throws UsageError where there is no tmux. */
export async function tmuxSessions(env: Readonly<Record<string, string | undefined>>): Promise<TmuxSession[]> {
  const text = await tmux(env, ['list-sessions', '-F', FIELDS.map((field) => `#{${field}}`).join('\t')]);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [windows, attached, created, socket = '', cwd = '', ...name] = line.split('\t');
      // By its exact name: without “=” the beginning of another one would do.
      const command = ['tmux', '-S', socket, 'attach-session', '-t', `=${name.join('\t')}`];
      return {
        name: name.join('\t'),
        windows: Number(windows),
        attached: Number(attached),
        created: new Date(Number(created) * 1000),
        cwd,
        command,
      };
    });
}

function tmux(env: Readonly<Record<string, string | undefined>>, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('tmux', args, { env: { ...env, LC_ALL: 'C.UTF-8' }, timeout: TMUX_MS }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      if (error.code === 'ENOENT')
        return reject(
          new UsageError(
            'tmux is not installed here, so there is no session to adopt. A shell that outlives you: toru terminal new --attach',
          ),
        );
      // Its server ends with its last session.
      if (/no server running|error connecting|no sessions/i.test(stderr)) return resolve('');
      reject(new UsageError(`tmux answers: ${stderr.trim() || error.message}`));
    });
  });
}
