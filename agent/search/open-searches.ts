import { ToruError } from '../../shared/errors.ts';

/** Searches under way: of one user, and of all. Each may read the whole disk, so one more has to wait. */
const MAX_OF_USER = 4;
const MAX_OPEN = 16;

/** Counts the searches that are under way. */
export class OpenSearches {
  readonly #byUser = new Map<string, number>();
  #all = 0;

  /** @returns what to call at its end, once. @throws ToruError too_many_requests, busy. */
  begin(userId: string): () => void {
    const own = this.#byUser.get(userId) ?? 0;
    if (own >= MAX_OF_USER) throw new ToruError('too_many_requests', `${own} searches of yours are under way. Let one end first.`);
    if (this.#all >= MAX_OPEN) throw new ToruError('busy', 'This host is busy with other searches. Try again in a moment.');
    this.#byUser.set(userId, own + 1);
    this.#all += 1;
    return () => {
      this.#all -= 1;
      const left = (this.#byUser.get(userId) ?? 1) - 1;
      if (left === 0) this.#byUser.delete(userId);
      else this.#byUser.set(userId, left);
    };
  }
}
