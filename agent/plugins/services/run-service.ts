import type { RunAnswer } from '../../../plugin-sdk/src/protocol.ts';
import { ToruError, toToruError } from '../../../shared/errors.ts';
import { isFinal } from '../../../shared/run-state.ts';
import type { Run } from '../../../shared/runs.ts';
import { Semaphore } from '../../../shared/semaphore.ts';
import type { Runs } from '../../runs/runs.ts';
import type { Caller } from '../../users/caller.ts';
import type { MessageOf, PluginPeer, PluginService } from '../protocol/peer.ts';
import { failureOf } from '../protocol/refusals.ts';

/** Runs of one plugin at the same time: a plugin that watches a log may see a thousand lines at once. */
const MAX_RUNS = 16;

interface Pressed {
  peer: PluginPeer;
  request_id: string;
}

/** Plugins that press quick actions: those that the manifest names, which is what its owner accepted. */
export class RunService implements PluginService<'run'> {
  readonly type = 'run';
  readonly #runs: Pick<Runs, 'start' | 'get' | 'onChange'>;
  readonly #pressed = new Map<string, Pressed>();
  /** By plugin. */
  readonly #semaphore = new Semaphore({
    slots: Number.POSITIVE_INFINITY,
    perKey: MAX_RUNS,
    refusal: () => new ToruError('busy', `A plugin may have ${MAX_RUNS} runs under way. Wait for one to end.`),
  });
  readonly #stop: () => void;

  constructor(runs: Pick<Runs, 'start' | 'get' | 'onChange'>) {
    this.#runs = runs;
    this.#stop = runs.onChange((run) => this.#changed(run));
  }

  async receive(peer: PluginPeer, { request_id, payload }: MessageOf<'run'>): Promise<void> {
    try {
      if (!peer.manifest.capabilities.run.includes(payload.run))
        throw new ToruError('forbidden', `“${payload.run}” is not among the actions of capabilities.run in the manifest.`);
      this.#semaphore.take(peer.manifest.id);
      await this.#press(peer, request_id, payload.run, payload.inputs);
    } catch (error) {
      this.#answer({ peer, request_id }, failureOf(toToruError(error)));
    }
  }

  close(): void {
    this.#stop();
  }

  async #press(peer: PluginPeer, request_id: string, action: string, inputs: Record<string, unknown> | undefined): Promise<void> {
    const caller = callerOf(peer);
    try {
      const { task_id } = await this.#runs.start(caller, { action, source: 'plugin', ...(inputs === undefined ? {} : { inputs }) });
      this.#answer({ peer, request_id }, { action: 'started', task_id });
      this.#pressed.set(task_id, { peer, request_id });
      // It may have ended before we listened.
      this.#changed(this.#runs.get(caller, task_id));
    } catch (error) {
      this.#semaphore.release(peer.manifest.id);
      throw error;
    }
  }

  #changed({ task_id, state, exit_code }: Run): void {
    const pressed = this.#pressed.get(task_id);
    if (pressed === undefined || !isFinal(state)) return;
    this.#pressed.delete(task_id);
    this.#semaphore.release(pressed.peer.manifest.id);
    this.#answer(pressed, { action: 'ended', task_id, state, exit_code });
  }

  #answer({ peer, request_id }: Pressed, payload: RunAnswer): void {
    peer.send({ type: 'run', timestamp: new Date().toISOString(), request_id, payload });
  }
}

/** In history and audit the plugin stands under its own name. */
function callerOf({ manifest }: PluginPeer): Caller {
  return {
    user_id: `plugin:${manifest.id}`,
    username: `plugin:${manifest.id}`,
    role: 'admin',
    via: 'plugin',
    sid: null,
    address: null,
    auth_time: 0,
  };
}
