import type { ReadAbove } from './history.ts';

/** What a live screen shows, and types into: a terminal, or a run that has one. */
export interface ScreenSource {
  readonly id: string;
  /** Can files be sent into the folder in which its program is, and is there a log that can be searched by its id? */
  readonly isTerminal: boolean;
  /** Reads lines above a screen that was drawn; null where all of them come with the output. */
  readonly above: ReadAbove | null;
  open(on: ScreenEvents): ScreenStream;
}

export interface Size {
  cols: number;
  rows: number;
}

export interface ScreenStream {
  /** @param answer the emulator's, to a question of the program: nobody typed it. @returns false when there is no connection now: nothing was typed. */
  type(data: string, answer: boolean): boolean;
  resize(size: Size): void;
  close(): void;
}

/** What happens to what is looked at. */
export interface ScreenEvents {
  /** Output follows; after a reconnect it goes on where it was, unless a screen comes first. @param more.types something may be typed. */
  attached(more: { types: boolean; size: Size | null }): void;
  /** Nobody gave it a size, or who did so is gone. @param only where this window has that size anyway. */
  free(only: 'any' | 'same'): void;
  /** Draws all of the screen, on an emulator that is reset. */
  screen(data: string, size: Size, cursor: number): void;
  /** @param more.taken to be called when the bytes were taken in. @param more.live they were printed just now. @param more.cursor the log's, behind them. */
  output(data: string, more: { taken: () => void; live: boolean; cursor: number }): void;
  gap(): void;
  resized(size: Size): void;
  ended(): void;
  failed(code: string, message: string): void;
}

/** What is typed is of use for so long. */
export const INPUT_MS = 10_000;
