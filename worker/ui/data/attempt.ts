import { type Signal, useSignal } from '@preact/signals';
import { sentence } from '../api.ts';

/** Acts that may fail, and why the last of them did, in a sentence. */
export interface Attempts {
  problem: Signal<string | null>;
  attempt: (act: () => Promise<void>) => Promise<void>;
}

/** For a part of the page that shows beside its controls why one of them failed. */
export function useAttempts(): Attempts {
  const problem = useSignal<string | null>(null);
  return {
    problem,
    attempt: async (act) => {
      problem.value = null;
      try {
        await act();
      } catch (error) {
        problem.value = sentence(error);
      }
    },
  };
}
