import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToruError } from '../../shared/errors.ts';
import { VERSION } from '../../shared/version.ts';
import type { Cgroups } from '../process/owned-cgroups.ts';
import { bootId, isAlive } from '../process/process-identity.ts';
import { spawned } from '../process/spawn.ts';
import { packageRoot } from '../system/package-root.ts';
import type { HostRecord } from './host/host-protocol.ts';
import { HOST_PROTOCOL, hostRecord } from './host/host-protocol.ts';
import type { HostEvents } from './host-link.ts';
import { HostLink } from './host-link.ts';

/** A new host listens within this time, on a busy machine too. */
const START_MS = 20_000;
const LOOK_MS = 10;
const MOST_LOOK_MS = 200;
/**
 * As few bytes as do: most of a host's memory is Node's own. Without V8's second compiler it has 65 MB after a flood instead of 71, for
 * no more CPU time: the first one is good enough for so little code.
 */
const FLAGS = ['--max-semi-space-size=1', '--no-turbofan', '--no-warnings'];
const ENV = { MALLOC_ARENA_MAX: '1' };

interface Options {
  /** TORU_HOME */
  home: string;
  cgroups: Cgroups;
  on: HostEvents;
}

/**
 * The processes that keep the terminals, one for each version of Toru that still has some. They outlive the agent, which finds
 * them again by their records: pid, start time and boot.
 */
export class PtyHosts {
  readonly #o: Options;
  readonly #folder: string;
  readonly #links = new Map<string, HostLink>();
  #starting: Promise<HostLink> | null = null;

  constructor(options: Options) {
    this.#o = options;
    // As short as `api.sock`: a socket's path may have 107 bytes.
    this.#folder = join(options.home, 'pty');
  }

  /** At boot: connects to those that live, and removes what dead ones left. */
  async find(): Promise<HostLink[]> {
    const names = existsSync(this.#folder)
      ? readdirSync(this.#folder).flatMap((file) => /^([0-9a-f]{4})\.json$/.exec(file)?.[1] ?? [])
      : [];
    const found: HostLink[] = [];
    for (const name of names) {
      const link = await this.#reach(name).catch(() => null);
      if (link !== null) found.push(link);
      else if (!this.isAlive(name)) for (const file of [name, `${name}.json`]) rmSync(join(this.#folder, file), { force: true });
    }
    return found;
  }

  /** Does the process of this host live? */
  isAlive(name: string): boolean {
    const record = this.#record(name);
    return record !== null && isAlive(record, bootId());
  }

  /** @returns the host as it answers now; null where it does not. */
  link(name: string): HostLink | null {
    return this.#links.get(name) ?? null;
  }

  /** The connection went, and the host lives: connects again. @returns null when it does not live, or is not to be reached. */
  again(name: string): Promise<HostLink | null> {
    return this.#reach(name).catch(() => null);
  }

  forget(link: HostLink): void {
    if (this.#links.get(link.name) === link) this.#links.delete(link.name);
  }

  /** A host of this version, for a new terminal; started where there is none. @throws ToruError spawn_failed */
  async current(): Promise<HostLink> {
    for (const link of this.#links.values())
      if (link.record.version === VERSION && link.record.protocol === HOST_PROTOCOL && this.isAlive(link.name)) return link;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  /** They go on without the agent. */
  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  async #start(): Promise<HostLink> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const name = randomBytes(2).toString('hex');
    const cgroup = await this.#o.cgroups.make();
    const child = spawn(process.execPath, [...FLAGS, hostProgram(), this.#folder, name], {
      cwd: '/',
      env: ENV,
      detached: true,
      stdio: 'ignore',
    });
    let ended = false;
    child.once('exit', () => {
      ended = true;
    });
    try {
      const pid = await spawned(child);
      child.unref();
      if (cgroup !== null) writeFileSync(join(cgroup, 'cgroup.procs'), String(pid), { flag: 'r+' });
    } catch (error) {
      throw failed(error);
    }
    let wait = LOOK_MS;
    for (const until = performance.now() + START_MS; performance.now() < until && !ended; wait = Math.min(MOST_LOOK_MS, wait * 2)) {
      await sleep(wait);
      const link = existsSync(join(this.#folder, name)) ? await this.again(name) : null;
      if (link !== null) return link;
    }
    if (!ended) child.kill('SIGKILL');
    throw failed(null);
  }

  async #reach(name: string): Promise<HostLink | null> {
    const record = this.#record(name);
    if (record === null || !isAlive(record, bootId())) return null;
    const link = await HostLink.open(name, join(this.#folder, name), record, {
      ...this.#o.on,
      lost: (lost) => {
        this.forget(lost);
        this.#o.on.lost(lost);
      },
    });
    this.#links.set(name, link);
    return link;
  }

  #record(name: string): HostRecord | null {
    try {
      return hostRecord.parse(JSON.parse(readFileSync(join(this.#folder, `${name}.json`), 'utf8')));
    } catch {
      return null;
    }
  }
}

/** As it was built, or from the sources. */
function hostProgram(): string {
  const sources = import.meta.filename.endsWith('.ts');
  return join(packageRoot(), sources ? 'agent/entry/pty-host.ts' : 'dist/agent/pty-host.js');
}

function failed(cause: unknown): ToruError {
  return new ToruError(
    'spawn_failed',
    'The process that keeps terminals could not be started. Does this system have the optional package @lydell/node-pty? (see: toru doctor)',
    { cause },
  );
}
