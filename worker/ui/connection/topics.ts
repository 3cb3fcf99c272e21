import type { ClientFrameInput, ServerFrame } from '../../../shared/browser-protocol.ts';

/** A topic to follow. */
export interface Topic {
  topic: string;
  plugin?: string;
}

interface Listener {
  hear: (frame: ServerFrame) => unknown;
  caughtUp: () => void;
}

/** The topics that somebody on this page listens to: subscribed with the first listener, ended with the last, told again to each new socket. */
export class Topics {
  readonly #send: (frame: ClientFrameInput) => boolean;
  readonly #heard = new Map<string, { topic: Topic; listeners: Set<Listener>; confirmed: boolean }>();

  constructor(send: (frame: ClientFrameInput) => boolean) {
    this.#send = send;
  }

  /**
   * @param caughtUp from now on nothing is missed: called when the host has confirmed the subscription, the first one and
   * each one after a reconnect. What was read before may lack what happened until now, so it is read again.
   * @returns unsubscribe.
   */
  listen(topic: Topic, hear: Listener['hear'], caughtUp: Listener['caughtUp'] = () => undefined): () => void {
    const listener: Listener = { hear, caughtUp };
    const key = keyOf(topic);
    const known = this.#heard.get(key);
    const heard = known ?? { topic, listeners: new Set(), confirmed: false };
    if (known === undefined) {
      this.#heard.set(key, heard);
      this.#send({ type: 'subscribe', ...topic });
    }
    heard.listeners.add(listener);
    return () => {
      if (!heard.listeners.delete(listener) || heard.listeners.size > 0) return;
      this.#heard.delete(key);
      this.#send({ type: 'unsubscribe', ...topic });
    };
  }

  /** A new socket knows nothing of what the last one was told. */
  resume(): void {
    for (const heard of this.#heard.values()) {
      heard.confirmed = false;
      this.#send({ type: 'subscribe', ...heard.topic });
    }
  }

  /** Has the host confirmed on this socket that it tells us of it? What is read from now on lacks nothing then. */
  isConfirmed(topic: Topic): boolean {
    return this.#heard.get(keyOf(topic))?.confirmed === true;
  }

  /** @returns whether it was one of a topic's. */
  take(frame: ServerFrame): boolean {
    const topic = topicOf(frame);
    if (topic === null) return false;
    const heard = this.#heard.get(keyOf(topic));
    if (heard !== undefined && frame.type === 'subscribed') heard.confirmed = true;
    for (const { hear, caughtUp } of [...(heard?.listeners ?? [])]) {
      if (frame.type === 'subscribed') caughtUp();
      else hear(frame);
    }
    return true;
  }
}

function topicOf(frame: ServerFrame): Topic | null {
  switch (frame.type) {
    case 'run':
      return { topic: 'runs' };
    case 'job':
    case 'job_step':
      return { topic: 'jobs' };
    case 'system':
      return { topic: 'system' };
    case 'plugin':
      return { topic: 'plugins' };
    case 'plugin_event':
      return { topic: 'plugin', plugin: frame.plugin };
    case 'plugin_log':
      return { topic: 'plugin_log', plugin: frame.plugin };
    case 'subscribed':
      return frame;
    default:
      return null;
  }
}

function keyOf({ topic, plugin }: Topic): string {
  return `${topic}/${plugin ?? ''}`;
}
