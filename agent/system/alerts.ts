import type { SystemAlert, SystemSample } from '../../shared/system.ts';
import type { Database } from '../store/database.ts';

/** The thresholds, in percent; 0 = none. */
export interface Thresholds {
  readonly alert_cpu_percent: number;
  readonly alert_memory_percent: number;
  readonly alert_disk_percent: number;
}

/** The processor and the memory have to be over their threshold for so many minutes: a compiler is no reason to wake anybody. */
const MINUTES = 5;
/** So far below its threshold it is over, in percent: a value at the edge is told once. */
const BELOW = 5;

/** What is over its threshold, and was told. A set of texts is one. */
interface Raised {
  has(subject: string): boolean;
  add(subject: string): unknown;
  delete(subject: string): unknown;
}

/** Kept on the host, so that the next agent does not tell it again, and tells when it is over. */
export function raisedIn(db: Database): Raised {
  return {
    has: (subject) => db.prepare('SELECT 1 FROM system_raised WHERE subject = ?').get(subject) !== undefined,
    add: (subject) => db.prepare('INSERT OR IGNORE INTO system_raised VALUES (?)').run(subject),
    delete: (subject) => db.prepare('DELETE FROM system_raised WHERE subject = ?').run(subject),
  };
}

/** Tells when the host's load or a disk crosses its threshold, once, and once when that is over. */
export class Alerts {
  readonly #thresholds: Thresholds;
  readonly #tell: (alert: SystemAlert) => void;
  readonly #raised: Raised;
  readonly #recent: SystemSample[] = [];

  constructor(thresholds: Thresholds, tell: (alert: SystemAlert) => void, raised: Raised = new Set()) {
    this.#thresholds = thresholds;
    this.#tell = tell;
    this.#raised = raised;
  }

  /** @param sample of the last minute. @param disks as they are now. */
  look(sample: SystemSample, disks: readonly { mount: string; size: number; used: number }[]): void {
    this.#recent.push(sample);
    if (this.#recent.length > MINUTES) this.#recent.shift();
    const { alert_cpu_percent, alert_memory_percent, alert_disk_percent } = this.#thresholds;
    if (this.#recent.length === MINUTES) {
      this.#judge(
        'cpu',
        null,
        this.#mean(({ cpu }) => cpu),
        alert_cpu_percent,
      );
      this.#judge(
        'memory',
        null,
        this.#mean((one) => (100 * one.memory_used) / Math.max(1, one.memory_total)),
        alert_memory_percent,
      );
    }
    for (const { mount, size, used } of disks) this.#judge('disk', mount, size === 0 ? 0 : (100 * used) / size, alert_disk_percent);
  }

  #judge(what: SystemAlert['what'], mount: string | null, value: number, threshold: number): void {
    const key = `${what} ${mount ?? ''}`;
    const raised = this.#raised.has(key);
    const percent = Math.round(value);
    if (!raised && threshold > 0 && value >= threshold) {
      this.#raised.add(key);
      this.#tell({ what, mount, percent, threshold, over: false });
    } else if (raised && (threshold === 0 || value < threshold - BELOW)) {
      this.#raised.delete(key);
      this.#tell({ what, mount, percent, threshold, over: true });
    }
  }

  #mean(of: (sample: SystemSample) => number): number {
    return this.#recent.reduce((sum, sample) => sum + of(sample), 0) / this.#recent.length;
  }
}
