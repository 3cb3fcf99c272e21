import { setTimeout as sleep } from 'node:timers/promises';
import type { System as Snapshot, SystemSample } from '../../shared/system.ts';
import { type Disk, type Facts, readDisks, readFacts, uptimeSeconds } from './host-facts.ts';
import { type Reading, read, sampleOf } from './readings.ts';

const INTERVAL_MS = 2000;
/** Five minutes of samples. */
const KEPT = 150;
/** Without a sampler, the load is taken over so long. */
const GLANCE_MS = 200;
/** `df` is a process: at most twice a minute. */
const DISKS_MS = 30_000;

export interface SystemOptions {
  settings: { readonly host_name: string };
  version: string;
  /** How the host stands with its edge. */
  edge?: () => Snapshot['edge'];
  interval_ms?: number;
}

/** The host's load and facts. It costs nothing until somebody asks. */
export class System {
  readonly #settings: SystemOptions['settings'];
  readonly #version: string;
  readonly #edge: () => Snapshot['edge'];
  readonly #interval: number;
  readonly #listeners = new Set<(sample: SystemSample) => void>();
  readonly #history: SystemSample[] = [];
  #facts: Promise<Facts> | null = null;
  #disks: { at: number; found: Promise<Disk[]> } | null = null;
  #last: Reading | null = null;
  #timer: NodeJS.Timeout | null = null;
  #reading = false;

  constructor({ settings, version, edge = () => null, interval_ms = INTERVAL_MS }: SystemOptions) {
    this.#settings = settings;
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
