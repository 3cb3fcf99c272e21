import { ToruError } from '../../shared/errors.ts';
import { Semaphore } from '../../shared/semaphore.ts';

/** Searches under way: of all, and of one user. Each may read the whole disk, so one more is refused. */
const SLOTS = 16;
const OF_USER = 4;

/** The slots of searches, by user. @returns `take` throws ToruError too_many_requests, busy. */
export function openSearches(): Semaphore {
  return new Semaphore({
    slots: SLOTS,
    perKey: OF_USER,
    refusal: (full) =>
      full === 'key'
        ? new ToruError('too_many_requests', `${OF_USER} searches of yours are under way. Let one end first.`)
        : new ToruError('busy', 'This host is busy with other searches. Try again in a moment.'),
  });
}
