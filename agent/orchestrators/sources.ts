import type { Scene } from './guard.ts';
import type { Watched } from './watched.ts';

/** The terminals as orchestrators see and reach them. */
export interface Sources {
  /** Those that run in a folder and below it; null: all. */
  running(folder: string | null): string[];
  /** Null: it does not run any more. */
  watched(id: string): Promise<Watched | null>;
  /** Null: its screen could not be drawn. */
  scene(id: string): Promise<Scene | null>;
  /** The last lines that were printed. */
  printed(id: string): Promise<string[]>;
  /** Up to where its log goes, and how it says that it is, at this very moment. */
  moment(id: string): Pick<Watched, 'end' | 'saying' | 'lastPersonAt'>;
  /** How a text is sent: in brackets where its program takes a paste so. */
  pasted(id: string, text: string): string;
  /** @param entered its program has work now. */
  type(id: string, data: string, entered: boolean): Promise<void>;
  /** Its list shows that it stalled, or no longer. @param tell people, too. */
  stalls(id: string, stalled: boolean, tell: boolean): void;
  /** People are told this of it. */
  note(id: string, text: string): void;
}

/** Time, so that a test can have its own. */
export interface Clock {
  now(): number;
  /** @returns stop. */
  after(ms: number, act: () => void): () => void;
}

export const realClock: Clock = {
  now: Date.now,
  after: (ms, act) => {
    const timer = setTimeout(act, ms).unref();
    return () => clearTimeout(timer);
  },
};
