/**
 * Which connections the agent joined to which topics. The edge keeps the same in its sockets' attachments; ours decides
 * whether anything is uploaded at all: a topic without subscribers costs nothing.
 */
export class Subscribers {
  readonly #byTopic = new Map<string, Set<string>>();
  readonly #changed: (topic: string, watched: boolean) => void;

  /** @param changed called when a topic gets its first subscriber (true) or loses its last (false). */
  constructor(changed: (topic: string, watched: boolean) => void = () => undefined) {
    this.#changed = changed;
  }

  /** @returns false when it was joined already. */
  join(conn: string, topic: string): boolean {
    const subscribers = this.#byTopic.get(topic);
    if (subscribers === undefined) {
      this.#byTopic.set(topic, new Set([conn]));
      this.#changed(topic, true);
      return true;
    }
    if (subscribers.has(conn)) return false;
    subscribers.add(conn);
    return true;
  }

  /** @returns false when it was not joined. */
  leave(conn: string, topic: string): boolean {
    const subscribers = this.#byTopic.get(topic);
    if (subscribers?.delete(conn) !== true) return false;
    if (subscribers.size === 0) {
      this.#byTopic.delete(topic);
      this.#changed(topic, false);
    }
    return true;
  }

  /** Everybody leaves. @returns who they were. */
  clear(topic: string): ReadonlySet<string> {
    const subscribers = this.#byTopic.get(topic);
    if (subscribers === undefined) return new Set();
    this.#byTopic.delete(topic);
    this.#changed(topic, false);
    return subscribers;
  }

  /** The connection is gone. */
  drop(conn: string): void {
    for (const topic of [...this.#byTopic.keys()]) this.leave(conn, topic);
  }

  watched(topic: string): boolean {
    return this.#byTopic.has(topic);
  }
}
