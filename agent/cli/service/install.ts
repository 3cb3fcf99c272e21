import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../lock.ts';
import { StartError } from '../../start-error.ts';
import { accountOf } from '../accounts.ts';
import { connect, good } from '../agent-client.ts';
import type { Io } from '../io.ts';
import { note, print } from '../io.ts';
import type { Wanted } from './choose-spec.ts';
import { chooseSpec, pidOf } from './choose-spec.ts';
import type { ServiceManager } from './service-manager.ts';
import type { Scope, ServiceSpec } from './service-spec.ts';
import type { Step } from './step.ts';
import { describe, perform } from './step.ts';

/** How long the host may take to be linked, once it is up. */
const LINK_WAIT_MS = 60_000;

/** Installs the service, or brings the one that is there up to date; starts it, and waits until the host is linked. @returns the exit code */
export async function install(wanted: Wanted, manager: ServiceManager, io: Io, dryRun: boolean): Promise<number> {
  const installed = manager.installed(wanted.scope);
  const { spec, password } = chooseSpec(wanted, io.env, installed);
  const steps = manager.install(spec);
  if (dryRun) {
    for (const step of [...steps, manager.start(spec.scope)]) await print(io, dryText(step));
    return 0;
  }
  checkNobodyElse(spec, manager);
  let changed = false;
  for (const step of steps) {
    // The user may have been made by the step before.
    if (step.kind === 'folder') checkRunnable(spec);
    const did = perform(step);
    changed ||= did && step.kind === 'file';
    if (did) await print(io, describe(step));
  }
  if (changed || !manager.state(spec.scope).active) {
    const start = manager.start(spec.scope);
    await print(io, describe(start));
    try {
      perform(start);
    } catch (error) {
      await lastWords(manager, spec.scope, io);
      throw error;
    }
  }
  const linked = await waitForLink(spec.home);
  await sayInstalled(spec, password, manager, linked, io);
  return linked === null ? 0 : 125;
}

/** Waits until the host is linked with its edge. @returns null then, else what is the matter. */
export async function waitForLink(home: string, limitMs = LINK_WAIT_MS): Promise<string | null> {
  let problem = `no agent answers at ${home}`;
  for (const deadline = Date.now() + limitMs; Date.now() < deadline; await sleep(250)) {
    try {
      const { edge } = await (await good(connect({ TORU_HOME: home }).system.$get())).json();
      if (edge?.linked === true) return null;
      problem = edge?.problem ?? 'the edge is being dialled';
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  }
  return problem;
}

async function sayInstalled(
  spec: ServiceSpec,
  password: string | null,
  manager: ServiceManager,
  problem: string | null,
  io: Io,
): Promise<void> {
  const { scope, account, home, edge, environment } = spec;
  const all = new Map([...manager.installed(scope).environment, ...environment]);
  const host = all.get('STEERING_HOST') || '127.0.0.1';
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  const address = edge === 'elsewhere' ? all.get('TORU_EDGE_URL') : `http://${shown}:${all.get('STEERING_PORT') || 3000}`;
  await print(io, '');
  await print(
    io,
    `Toru runs as a service of ${scope === 'system' ? `this machine, as the user ${account.name}` : account.name}. Its home is ${home}.`,
  );
  if (address !== undefined) await print(io, `  Open      ${address}`);
  if (password !== null) {
    await print(io, `  Username  ${all.get('ADMIN_USERNAME') || 'admin'}`);
    await print(io, `  Password  ${password}   (shown this once; change it under Users)`);
  }
  const how = scope === 'user' ? 'toru service' : 'sudo toru service';
  await print(io, `  Then      toru status · ${how} logs -f · ${how} restart · ${how} uninstall`);
  if (scope === 'user' && manager.name === 'systemd' && !lingers(account.name))
    await print(
      io,
      `  It ends when you log out, and starts when you log in. To have it run always: loginctl enable-linger ${account.name}`,
    );
  if (problem !== null) await note(io, `it is not linked after ${LINK_WAIT_MS / 1000} s: ${problem} It keeps trying; see: ${how} logs`);
}

/** An agent that somebody started by hand keeps the home. @throws StartError */
function checkNobodyElse({ home, scope }: ServiceSpec, manager: ServiceManager): void {
  const pid = pidOf(home);
  if (pid === null || !isAlive(pid) || manager.owns(scope, pid)) return;
  throw new StartError(
    `An agent (pid ${pid}) already uses ${home}. Stop it (Ctrl-C, or kill ${pid}; its runs go on), and type the same again.`,
  );
}

/** The user of a service must be able to read what it runs. @throws StartError */
function checkRunnable({ scope, account, command }: ServiceSpec): void {
  const { uid, gid, name } = account.uid >= 0 ? account : (accountOf(account.name) ?? account);
  if (scope === 'user' || uid <= 0) return;
  const [program] = command;
  const script = `require('node:fs').accessSync(${JSON.stringify(command.at(-1))}, 4)`;
  const { status } = spawnSync(program, ['-e', script], { uid, gid, env: {}, cwd: '/', stdio: 'ignore' });
  if (status === 0) return;
  throw new StartError(
    `The user ${name} can’t read ${program} or ${command.at(-1)}. Install Toru where everybody can (sudo npm install --global …), or let it run as their owner: --run-as USER`,
  );
}

/** Why it did not start stands in its log. */
async function lastWords(manager: ServiceManager, scope: Scope, io: Io): Promise<void> {
  const [program, ...args] = manager.logs(scope, { follow: false, lines: 12 });
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' });
  if (stdout) await io.err.write(stdout);
}

function lingers(user: string): boolean {
  return spawnSync('loginctl', ['show-user', '--property=Linger', '--', user], { encoding: 'utf8' }).stdout?.trim() === 'Linger=yes';
}

function dryText(step: Step): string {
  return step.kind === 'file' ? `${describe(step)}:\n${(step.shown ?? step.text).replace(/^/gm, '  ').trimEnd()}\n` : describe(step);
}
