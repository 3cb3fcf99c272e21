import type { Agent } from './agent.ts';
import { startAgent } from './agent.ts';
import type { Config } from './config.ts';
import { loadConfig } from './config.ts';
import { IN_CLEAR, isInClear } from './config-edge.ts';
import { closeInherited } from './inherited.ts';
import type { Log } from './logger.ts';
import { createLogger } from './logger.ts';
import { collectAtRest } from './memory-at-rest.ts';
import type { ServiceManager } from './signs-of-life.ts';
import { PREVIOUS_END, reportAlive, serviceManager } from './signs-of-life.ts';
import { StartError } from './start-error.ts';
import { whyWeak } from './users/weak-password.ts';

/** The agent as a process: its signals, its parent, its last words. What it consists of stands in agent.ts. */

/** The message to a parent (embedded/start.ts) over IPC. */
export type ReadyMessage = {
  type: 'ready';
  host: string;
  /** On the first start only. The password is null when the owner chose it. */
  first_admin: { username: string; generated_password: string | null } | null;
  /** The problem of the scripts folder. */
  scripts_problem: string | null;
};

/** The host has a new key: what the parent's edge has to know it by. */
export type NewKeyMessage = { type: 'new_key'; host_key: string };

/** A stop that takes longer than this is ended: whatever hangs, the runs do not need us. */
const STOP_MS = 38_000;

async function main(): Promise<void> {
  closeInherited();
  const config = loadConfig(process.env);
  // The agent's secrets are in `config` now; nothing that it starts shall find them.
  delete process.env['ADMIN_PASSWORD'];
  const service = serviceManager(process.env);
  const log = createLogger(config);
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'the agent can’t go on');
    process.exit(70);
  });
  const agent = await startAgent(config, log, config.edge, process.env[PREVIOUS_END] ?? null);
  log.info({ host: agent.host, home: config.home, edge: config.edge?.origin ?? null }, 'the agent is up');
  if (config.edge !== null && isInClear(config.edge.url)) warnOfClear(config.edge.origin, log);
  if (config.admin_password !== null) await warnOfWeak(config.admin_password, config.admin_username, log);
  tellParent({ type: 'ready', host: agent.host, first_admin: agent.firstAdmin, scripts_problem: agent.scriptsProblem });
  if (process.send === undefined) sayByHand(config, agent);
  agent.onNewKey((host_key) => tellParent({ type: 'new_key', host_key }));
  reportAlive();
  service.ready();
  stopOnSignal(agent, service, log);
  collectAtRest();
}

/** Started by hand, without a parent that would print it. To the terminal only: a password must not get into a log. */
function sayByHand(config: Config, { firstAdmin, scriptsProblem }: Agent): void {
  if (firstAdmin?.generated_password != null)
    process.stdout.write(`\nThe first admin: ${firstAdmin.username}\nPassword:        ${firstAdmin.generated_password}\n(shown once)\n\n`);
  if (config.edge === null)
    process.stderr.write(
      `toru: no edge is set (TORU_EDGE_URL, or edge_url in ${config.home}/config.toml), so this agent is reached by the command toru on this machine only.\n`,
    );
  if (scriptsProblem !== null) process.stderr.write(`toru: ${scriptsProblem}\n`);
}

/** To the log, and to who starts it by hand. */
function warnOfClear(edge: string, log: Pick<Log, 'warn'>): void {
  log.warn({ edge }, IN_CLEAR);
  process.stderr.write(`toru: the link to ${edge}: ${IN_CLEAR}\n`);
}

/** Never refused: it is how an owner gets back in. */
async function warnOfWeak(password: string, username: string, log: Pick<Log, 'warn'>): Promise<void> {
  const why = await whyWeak(password, username);
  if (why === null) return;
  log.warn({ why }, 'ADMIN_PASSWORD is weak');
  process.stderr.write(`toru: ADMIN_PASSWORD is weak, and was taken all the same. ${why} Set another one.\n`);
}

function tellParent(message: ReadyMessage | NewKeyMessage): void {
  process.send?.(message);
}

function stopOnSignal(agent: Agent, service: ServiceManager, log: Pick<Log, 'info' | 'error'>): void {
  let stopping = false;
  const stop = (why: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'the agent stops; runs go on');
    service.stopping();
    setTimeout(() => process.exit(1), STOP_MS).unref();
    agent.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'the agent did not stop cleanly');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  // A parent that is gone can't be asked to stop us.
  process.on('disconnect', () => stop('its parent ended'));
}

main().catch((error: unknown) => {
  if (error instanceof StartError) process.stderr.write(`toru: ${error.message}\n`);
  else console.error(error);
  process.exit(error instanceof StartError ? 78 : 70);
});
