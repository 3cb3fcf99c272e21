import type { Turn } from '../../shared/outbound.ts';

/** Of one topic: what waits for a slow line. Beyond it the oldest is dropped; whoever looks again reads what is. */
const MOST_WAITING = 256 * 1024;

export interface Item {
  /** What it is the state of: a newer one takes the place of one that still waits. Null: it is an event of its own. */
  readonly about: string | null;
  readonly bytes: number;
  send(): void;
}

interface Topic {
  /** By `about`, or by a key of its own; the oldest first. */
  readonly waiting: Map<string | symbol, Item>;
  bytes: number;
}

/**
 * What changed, told to whoever follows a topic. Nobody acknowledges it, so it waits for turns, as output does: a plugin
 * that tells much, or a host with many short runs, neither fills the socket of a slow line nor stands before an answer.
 * One link has one of these.
 */
export class News {
  readonly #turn: (callback: Turn) => void;
  readonly #topics = new Map<string, Topic>();

  /** @param turn calls back when about so many bytes may be sent. */
  constructor(turn: (callback: Turn) => void) {
    this.#turn = turn;
  }

  tell(name: string, item: Item): void {
    const topic = this.#topics.get(name) ?? this.#open(name);
    const key = item.about ?? Symbol();
    topic.bytes += item.bytes - (topic.waiting.get(key)?.bytes ?? 0);
    topic.waiting.set(key, item);
    while (topic.bytes > MOST_WAITING && topic.waiting.size > 1) this.#shift(topic);
  }

  #open(name: string): Topic {
    const topic: Topic = { waiting: new Map(), bytes: 0 };
    this.#topics.set(name, topic);
    this.#turn((size) => this.#send(name, topic, size));
    return topic;
  }

  /** As many as a frame of output would be long, and at least one. */
  #send(name: string, topic: Topic, size: number): void {
    for (let sent = 0; topic.waiting.size > 0 && sent < size; ) {
      const item = this.#shift(topic);
      sent += item?.bytes ?? 0;
      item?.send();
    }
    if (topic.waiting.size === 0) this.#topics.delete(name);
    else this.#turn((next) => this.#send(name, topic, next));
  }

  #shift(topic: Topic): Item | undefined {
    const [oldest] = topic.waiting;
    if (oldest === undefined) return undefined;
    const [key, item] = oldest;
    topic.waiting.delete(key);
    topic.bytes -= item.bytes;
    return item;
  }
}
