import { watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToruError } from '../../../shared/errors.ts';
import type { PluginLogLine } from '../../../shared/plugins.ts';
import { parse } from '../command.ts';
import type { Io } from '../io.ts';
import { describeError, note } from '../io.ts';
import { fateOf, isDev, markDev, unmarkDev } from './dev-mark.ts';
import { folderOf } from './pack-plugin.ts';
import { enablePlugin, installPlugin, listPlugins, removePlugin } from './plugin-client.ts';
import { copyLog } from './plugin-logs.ts';

/** An editor writes a file in several steps, and several files at once. */
const SETTLE_MS = 60;
const RETRY_MS = 500;

/**
 * toru plugin dev: installs the folder, and accepts exactly what it has installed, again after each change. There is no
 * other way past the acceptance than the owner's own, at the local socket; so a plugin in development is one like all.
 */
export async function dev(args: string[], io: Io): Promise<number> {
  const folder = folderOf(parse(args, {}).positionals);
  const { pack } = await import('../../plugins/installed/install-plugin.ts');
  const { id } = (await pack(folder)).manifest;
  const before = (await listPlugins(io)).find((plugin) => plugin.id === id);
  if (before !== undefined && before.state !== 'missing' && !isDev(io.env, id)) {
    throw new ToruError('conflict', `${id} is installed already. Give yours another id, or first: toru plugin uninstall ${id} --data keep`);
  }
  // Data of an earlier installation is not ours to remove. One that was killed has said whether there was any.
  const fate = isDev(io.env, id) ? fateOf(io.env, id) : before === undefined ? 'remove' : 'keep';
  markDev(io.env, id, fate);
  const ended = io.interrupted;
  const changes = new Changes(folder, ended);
  await note(io, `${id} runs from ${folder}. Change it: it is started again. Ctrl-C ends and removes it.`);
  const following = follow(io, id, ended);
  try {
    do await reload(io, id, folder);
    while (await changes.next());
  } finally {
    changes.close();
    await removePlugin(io, id, fate).catch((error: unknown) => note(io, `it could not be removed: ${messageOf(error)}`));
    unmarkDev(io.env, id);
    await following;
  }
  await note(io, `${id} is removed.`);
  return 0;
}

/** A mistake in the plugin is told, and waits for the next change. */
async function reload(io: Io, id: string, folder: string): Promise<void> {
  const began = performance.now();
  try {
    const installed = await installPlugin(io, folder);
    if (installed.id !== id) throw new ToruError('conflict', `Its id is “${installed.id}” now. End this, and start it again.`);
    const { state, problem } = await enablePlugin(io, id, installed.sha256);
    const took = `${Math.round(performance.now() - began)} ms`;
    await note(io, problem === null ? `${state} after ${took}` : `${state}: ${problem}`);
  } catch (error) {
    if (!io.interrupted.aborted) await note(io, messageOf(error));
  }
}

/** Its log, from now on. The plugin may not be there yet, or not any more. */
async function follow(io: Io, id: string, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    // That it was installed, accepted and started again is told by us, in one line.
    const shows = ({ source, level }: PluginLogLine): boolean => source !== 'supervisor' || level === 'error';
    await copyLog(io, id, { limit: 1, follow: true, signal: ended, shows }).catch(() => undefined);
    await sleep(RETRY_MS, undefined, { signal: ended }).catch(() => undefined);
  }
}

/** The changes in a folder, hidden files left out, a burst as one. */
class Changes {
  readonly #watcher: ReturnType<typeof watch>;
  readonly #ended: AbortSignal;
  #changed = false;
  #wake: () => void = () => undefined;

  constructor(folder: string, ended: AbortSignal) {
    this.#ended = ended;
    this.#watcher = watch(folder, { recursive: true }, (_event, name) => {
      if (name === null || name.split('/').some((part) => part.startsWith('.'))) return;
      this.#changed = true;
      this.#wake();
    });
    this.#watcher.on('error', () => undefined);
    ended.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Waits for the next change. @returns false at the end. */
  async next(): Promise<boolean> {
    while (!this.#changed && !this.#ended.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    while (this.#changed && !this.#ended.aborted) {
      this.#changed = false;
      await sleep(SETTLE_MS, undefined, { signal: this.#ended }).catch(() => undefined);
    }
    return !this.#ended.aborted;
  }

  close(): void {
    this.#watcher.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof ToruError ? describeError(error) : String(error);
}
