import { ToruError } from '../../shared/errors.ts';

/** A part of a run's output is on the disk and can't be read. */
export class DamagedOutput extends ToruError {
  /** Where the part begins, and the first cursor after it that may be read again; null when nothing can be read. */
  readonly from: number;
  readonly to: number | null;

  constructor(from: number, to: number | null, cause?: unknown) {
    const what = to === null ? 'The output of this run' : 'A part of the output of this run';
    super('internal', `${what} is damaged on the host’s disk. Look for the disk’s errors there; a snapshot may still hold it.`, { cause });
    this.name = 'DamagedOutput';
    this.from = from;
    this.to = to;
  }
}
