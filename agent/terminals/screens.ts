import type { TerminalServerFrame } from '../../shared/terminals.ts';
import type { TerminalLog } from './terminal-log.ts';

/** What draws a terminal's screen on an emulator that was reset. Output from `cursor` on follows it. */
export type Screen = Omit<Extract<TerminalServerFrame, { type: 'screen' }>, 'type' | 'terminal_id'>;

/** Where no screen is drawn, a viewer begins so many bytes before the end: most programs have drawn theirs again in them. */
const RECENT_BYTES = 256 * 1024;

/** The screens of terminals, for viewers that attach `from: "screen"`. */
export interface Screens {
  /** @returns null where none can be drawn: the viewer begins at `recent` then. */
  screen(id: string): Promise<Screen | null>;
  /** The cursor at which a viewer without a screen begins. */
  recent(log: Pick<TerminalLog, 'start' | 'end'>): number;
}

/** Draws none yet. */
export const noScreens: Screens = {
  screen: () => Promise.resolve(null),
  recent: ({ start, end }) => Math.max(start, end - RECENT_BYTES),
};
