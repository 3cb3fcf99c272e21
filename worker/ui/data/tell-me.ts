import { signal } from '@preact/signals';
import type { AnyAction } from '../guards.ts';

/** What somebody wants to be told of: the end of one run, or of an action's runs. */
export type TellAbout = { run: string; label: string } | { action: Pick<AnyAction, 'id' | 'label'> };

/** The question how one is told, while it is open. The shell shows the sheet. */
export const tellAbout = signal<TellAbout | null>(null);
