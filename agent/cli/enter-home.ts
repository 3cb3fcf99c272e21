import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { accounts } from './accounts.ts';
import { homeOf } from './home-of.ts';
import { readUnit, unitFile } from './service/systemd.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** An agent's process that this user can see. */
interface RunningAgent {
  pid: number;
  uid: number;
  /** Its TORU_HOME; null when its environment is not ours to read. */
  home: string | null;
}

/**
 * The environment in which a command finds the agent of this machine. With TORU_HOME that one; else the caller's own ~/.toru when
 * an agent has used it; under sudo that of who called sudo; else the home of the one agent that runs here; else, for root, that of the
 * machine's service, which may be down.
 * @param proc where the system tells of its processes.
 */
export function withAgentHome(env: Env, proc = '/proc'): Env {
  if ((env['TORU_HOME'] ?? '') !== '' || isUsed(homeOf(env))) return env;
  const home = homeOfSudoCaller(env) ?? homeOfOnlyAgent(proc) ?? homeOfSystemService();
  return home === null ? env : { ...env, TORU_HOME: home };
}

/** Root becomes the owner of an agent's home before it touches anything there: a file of root's would be in the agent's way. */
export function becomeOwner(env: Env): Env {
  const found = statSync(homeOf(env), { throwIfNoEntry: false });
  if (process.geteuid?.() !== 0 || found === undefined || found.uid === 0) return env;
  const account = accounts().find(({ uid }) => uid === found.uid);
  const group = account?.gid ?? found.gid;
  process.setgroups?.([group]);
  process.setgid?.(group);
  process.setuid?.(found.uid);
  return { ...env, ...(account === undefined ? {} : { HOME: account.home, USER: account.name, LOGNAME: account.name }) };
}

/** The command to type when no agent answers at the caller's own home and another user's runs here; null when none does. */
export function otherUsersAgent(): string | null {
  const uid = process.getuid?.();
  const other = runningAgents().find((agent) => agent.uid !== uid);
  if (other === undefined) return null;
  const name = accounts().find((account) => account.uid === other.uid)?.name ?? `#${other.uid}`;
  return `An agent runs as ${name} (pid ${other.pid}): sudo -u ${name} toru …`;
}

function isUsed(home: string): boolean {
  return statSync(join(home, 'toru.db'), { throwIfNoEntry: false }) !== undefined;
}

function homeOfSudoCaller(env: Env): string | null {
  const uid = sudoUid.safeParse(env['SUDO_UID']);
  if (process.geteuid?.() !== 0 || !uid.success) return null;
  const home = accounts().find((account) => account.uid === uid.data)?.home;
  return home !== undefined && isUsed(join(home, '.toru')) ? join(home, '.toru') : null;
}

function homeOfSystemService(): string | null {
  const unit = process.geteuid?.() === 0 ? read(unitFile('system', {})) : null;
  return unit === null ? null : readUnit(unit).home;
}

const sudoUid = z
  .string()
  .regex(/^\d{1,10}$/)
  .transform(Number);

/** Null as well when there are several: nobody can say which one is meant. */
function homeOfOnlyAgent(proc: string): string | null {
  const homes = new Set(runningAgents(proc).map((agent) => agent.home));
  const [home = null] = homes;
  return homes.size === 1 ? home : null;
}

/** Linux only; elsewhere none. */
function runningAgents(proc = '/proc'): RunningAgent[] {
  return pids(proc).flatMap((pid) => {
    const words = read(`${proc}/${pid}/cmdline`)?.split('\0') ?? [];
    // `node … dist/agent/main.js`, or `node … dist/agent/cli.js agent` (or `up URL`) for an edge elsewhere.
    const at = words.findIndex((word) => /\/dist\/agent\/(?:main|cli)\.js$|\/bin\/toru$/.test(word));
    if (at < 0 || !(words[at]?.endsWith('main.js') || /^(?:agent|up)$/.test(words[at + 1] ?? ''))) return [];
    const uid = statSync(`${proc}/${pid}`, { throwIfNoEntry: false })?.uid;
    return uid === undefined ? [] : [{ pid, uid, home: homeOfProcess(`${proc}/${pid}`, uid) }];
  });
}

function homeOfProcess(folder: string, uid: number): string | null {
  const environment = read(`${folder}/environ`);
  if (environment === null) return null;
  const given = /(?:^|\0)TORU_HOME=([^\0]+)/.exec(environment)?.[1];
  const own = accounts().find((account) => account.uid === uid)?.home;
  return given ?? (own === undefined ? null : join(own, '.toru'));
}

function pids(proc: string): number[] {
  try {
    return readdirSync(proc).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
