import { setTimeout as sleep } from 'node:timers/promises';
import type { System as Snapshot, SystemAlert, SystemProcess, SystemSample } from '../../shared/system.ts';
import type { Audit } from '../audit/audit.ts';
import type { Database } from '../store/database.ts';
import type { Thresholds } from './alerts.ts';
import { Alerts, raisedIn } from './alerts.ts';
import { Day } from './day.ts';
import { type Disk, type Facts, readDisks, readFacts, uptimeSeconds } from './host-facts.ts';
import { localDisks } from './local-disks.ts';
import { topProcesses } from './processes.ts';
import { type Reading, read, sampleOf } from './readings.ts';

const INTERVAL_MS = 2000;
/** Five minutes of samples. */
const KEPT = 150;
/** Without a sampler, the load is taken over so long. */
const GLANCE_MS = 200;
/** Processes are looked at again after so long. */
const PROCESSES_MS = 3000;
/** `df` is a process: at most twice a minute. */
const DISKS_MS = 30_000;
/** The day's history has a sample a minute, and looks at the disks at every fifth. */
const MINUTE_MS = 60_000;
const DISKS_AT = 5;

export interface SystemOptions {
  db: Database;
  settings: { readonly host_name: string } & Thresholds;
  audit: Pick<Audit, 'record'>;
  /** Hears that a threshold was crossed, and that this is over, in the transaction in which that is written. */
  alerted?: (alert: SystemAlert) => void;
  version: string;
  /** How the host stands with its edge. */
  edge?: () => Snapshot['edge'];
  interval_ms?: number;
}

/** The host's load and facts. Until somebody asks it costs a look at two small files a minute. */
export class System {
  readonly #settings: SystemOptions['settings'];
  readonly #version: string;
  readonly #edge: () => Snapshot['edge'];
  readonly #interval: number;
  readonly #listeners = new Set<(sample: SystemSample) => void>();
  readonly #history: SystemSample[] = [];
  readonly #day: Day;
  readonly #alerts: Alerts;
  readonly #db: Database;
  #processes: { at: number; found: Promise<SystemProcess[]> } | null = null;
  #facts: Promise<Facts> | null = null;
  #disks: { at: number; found: Promise<Disk[]> } | null = null;
  #last: Reading | null = null;
  #timer: NodeJS.Timeout | null = null;
  #reading = false;

  constructor({ db, settings, audit, alerted, version, edge = () => null, interval_ms = INTERVAL_MS }: SystemOptions) {
    this.#settings = settings;
    this.#db = db;
    this.#day = new Day(db);
    const tell = (alert: SystemAlert): void => {
      const { what, mount, over, ...detail } = alert;
      audit.record({
        event: over ? 'system.alert_over' : 'system.alert',
        caller: null,
        target: mount ?? what,
        outcome: 'ok',
        detail: { what, ...detail },
      });
      alerted?.(alert);
    };
    this.#alerts = new Alerts(settings, tell, raisedIn(db));
    this.#version = version;
    this.#edge = edge;
    this.#interval = interval_ms;
  }

  /** Everything at once, as the page opens. The first one takes half a second, and starts processes. */
  async snapshot(): Promise<Snapshot> {
    this.#facts ??= readFacts();
    const [facts, disks, sample] = await Promise.all([this.#facts, this.#currentDisks(), this.#currentSample()]);
    return {
      host_name: this.#settings.host_name,
      ...facts,
      uptime_s: uptimeSeconds(),
      agent: {
        version: this.#version,
        pid: process.pid,
        uptime_s: Math.floor(process.uptime()),
        memory: process.memoryUsage.rss(),
        node: process.versions.node,
      },
      edge: this.#edge(),
      disks,
      sample,
      history: [...this.#history],
    };
  }

  /** The load of the last day, oldest first, a sample for so many minutes. */
  day(step_minutes: number): SystemSample[] {
    return this.#day.list(step_minutes);
  }

  /** The processes that take most, looked at once for all who ask within some seconds. */
  processes(): Promise<SystemProcess[]> {
    if (this.#processes === null || Date.now() - this.#processes.at > PROCESSES_MS)
      this.#processes = { at: Date.now(), found: topProcesses() };
    return this.#processes.found;
  }

  /** From now on a sample a minute is kept, and compared with the thresholds. @returns stops it, with all of them written. */
  record(): () => void {
    let before: Reading | null = null;
    let minutes = 0;
    const look = async (): Promise<void> => {
      const now = await read();
      // After a sleep of the machine the mean over it says nothing.
      if (before !== null && now.at - before.at < 2 * MINUTE_MS) {
        const sample = sampleOf(before, now);
        this.#day.add(sample);
        const disks = minutes % DISKS_AT === 0 ? await localDisks() : [];
        // What was told, the entry of the audit and the messages are written together, or at the next look.
        this.#db.transaction(() => this.#alerts.look(sample, disks))();
        minutes += 1;
      }
      before = now;
    };
    // What can't be read or written now may be in a minute.
    const timer = setInterval(() => void look().catch(() => undefined), MINUTE_MS).unref();
    void look().catch(() => undefined);
    return () => {
      clearInterval(timer);
      this.#day.flush();
    };
  }

  /** A sample every 2 s, for as long as anybody listens. @returns stops it. */
  subscribe(listener: (sample: SystemSample) => void): () => void {
    // A function of our own: the same listener may come twice, and leaves once each time.
    const own = (sample: SystemSample): void => listener(sample);
    this.#listeners.add(own);
    if (this.#timer === null) this.#start();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.close();
    };
  }

  /** Stops sampling; the samples so far stay. */
  close(): void {
    this.#listeners.clear();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#last = null;
  }

  #start(): void {
    this.#timer = setInterval(() => void this.#tick(), this.#interval);
    this.#timer.unref();
    void this.#tick();
  }

  /** The first tick only reads: a sample lies between two. A tick that is late takes the place of the next one. */
  async #tick(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const now = await read();
      if (this.#timer === null) return;
      const before = this.#last;
      this.#last = now;
      if (before === null) return;
      const sample = sampleOf(before, now);
      this.#history.push(sample);
      if (this.#history.length > KEPT) this.#history.shift();
      for (const listener of [...this.#listeners]) listener(sample);
    } finally {
      this.#reading = false;
    }
  }

  async #currentSample(): Promise<SystemSample> {
    const latest = this.#history.at(-1);
    if (this.#timer !== null && latest !== undefined && Date.now() - Date.parse(latest.time) < 2 * this.#interval) return latest;
    const before = await read();
    await sleep(GLANCE_MS);
    return sampleOf(before, await read());
  }

  #currentDisks(): Promise<Disk[]> {
    if (this.#disks === null || Date.now() - this.#disks.at > DISKS_MS) this.#disks = { at: Date.now(), found: readDisks() };
    return this.#disks.found;
  }
}
