import type { Caller } from '../users/caller.ts';
import type { Permission } from '../users/permissions.ts';

/** Where a system tells its changes: to the pages that follow a topic, through the edge. Topics have names of the edge's here. */
export interface TopicSink {
  watched(name: string): boolean;
  /** @param about what the frame is the newest state of; null for an event of its own. A slow line skips older states. */
  tell(name: string, frame: string, about: string | null): void;
}

/** Something that changes and that a page may follow: `{"type":"subscribe","topic":…}`. */
export interface Topic {
  readonly topic: string;
  readonly permission: Permission;
  /** Is it a topic of one plugin, which the frame then names? */
  readonly ofPlugin?: true;
  /** Its name at the edge: made from what the caller may see, never from what they sent. @throws ToruError unknown_plugin. */
  nameFor(caller: Caller, plugin: string): string;
}

/** The topics of a system, and what tells of them. agent/systems.ts registers it. */
export interface SystemTopics {
  readonly topics: readonly Topic[];
  /** From now on. A frame of a topic that nobody watches is not made. */
  start(sink: TopicSink): {
    /** A topic got its first subscriber, or lost its last. */
    watchedChanged?(name: string, watched: boolean): void;
    stop(): void;
  };
}
