import type { RunRow } from '../../history/run-row.ts';

/** What somebody else writes in the transactions of a run: the two are true together, or not at all. */
export interface Beside {
  /** In the transaction in which the run is written down. */
  accepted: () => void;
  /**
   * Called when the run has ended, before that is written: reads what it needs of the run's files. A later agent's runs have none of this:
   * whoever gives it looks for ends at its own start, too.
   */
  ending?: (row: RunRow) => Promise<WithEnd>;
}

/** What goes with the end of a run. */
export interface WithEnd {
  /** In the transaction in which the end is written. */
  write: () => void;
  /** Called while that transaction is waited for: what is written in the same turn of the event loop shares it, behind `write`. */
  waits?: () => void;
}
