import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { accountOf } from '../accounts.ts';
import type { Io } from '../io.ts';
import { print } from '../io.ts';
import { chooseSpec } from '../service/choose-spec.ts';
import { install } from '../service/install.ts';
import type { ServiceManager } from '../service/service-manager.ts';
import type { Scope } from '../service/service-spec.ts';
import { describe, perform } from '../service/step.ts';

/** The home of a service to be, and who pairs it: its own user, where root types. */
export interface ServiceHome {
  home: string;
  /** Null: who types. */
  as: { uid: number; gid: number; home: string } | null;
}

/**
 * Where the service will have its home; of a service of the machine its user and the folder are made, since pairing writes there.
 * @throws StartError, before anything is asked of the edge.
 */
export async function prepareService(scope: Scope, manager: ServiceManager, io: Io): Promise<ServiceHome> {
  const installed = manager.installed(scope);
  const { spec } = chooseSpec({ scope }, io.env, installed);
  if (scope === 'user') return { home: spec.home, as: null };
  if (spec.account.uid < 0)
    for (const step of manager.install(spec)) {
      // The step that makes the user; what follows belongs to the installation.
      if (step.kind !== 'run') break;
      if (perform(step)) await print(io, describe(step));
    }
  const account = accountOf(spec.account.name) ?? spec.account;
  const isFresh = !existsSync(spec.home) || (statSync(spec.home).uid === 0 && readdirSync(spec.home).length === 0);
  const folder = { kind: 'folder', path: spec.home, mode: 0o700, owner: account.name } as const;
  if (isFresh && perform(folder)) await print(io, describe(folder));
  return { home: spec.home, as: account.uid === 0 ? null : account };
}

/**
 * Types this command for the service's home, as its user: root never writes into a home of somebody else.
 * @param input what it reads from standard input; null: what is typed. @returns the exit code
 */
export function asUser({ home, as }: ServiceHome, args: readonly string[], input: string | null, io: Io): Promise<number> {
  const [, program = ''] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, program, ...args], {
    ...(as === null ? {} : { uid: as.uid, gid: as.gid }),
    env: { ...io.env, ...(as === null ? {} : { HOME: as.home }), TORU_HOME: home },
    stdio: [input === null ? 'inherit' : 'pipe', 'inherit', 'inherit'],
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  // Ctrl-C reaches the child by itself, and it says how it ends.
  process.on('SIGINT', () => undefined);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 130));
  });
}

/** @returns the exit code */
export function installPaired({ home }: ServiceHome, scope: Scope, manager: ServiceManager, io: Io): Promise<number> {
  return install({ scope, home }, manager, io, false);
}
