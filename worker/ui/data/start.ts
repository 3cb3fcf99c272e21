import { signal } from '@preact/signals';
import { ToruError } from '../../../shared/errors.ts';
import { sentence } from '../api.ts';
import { loadSession } from '../own-session.ts';

/** Why the page could not start; null while it starts, and once it did. */
export const startProblem = signal<{
  sentence: string;
  /** The address names a host that is none of this installation, or no longer. */
  noSuchHost: boolean;
} | null>(null);

/** Finds out whose page this is. Where that fails, it is tried again. */
export async function start(): Promise<void> {
  await loadSession().then(
    () => {
      startProblem.value = null;
    },
    (error: unknown) => {
      startProblem.value = { sentence: sentence(error), noSuchHost: error instanceof ToruError && error.code === 'unknown_host' };
    },
  );
}
